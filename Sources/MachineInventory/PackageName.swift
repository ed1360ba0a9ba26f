/// Names of the catalogues and manifests that updates leave on a system.
public enum PackageName {
  /// `KB950162.cat`, `KB961799-IA64.cat`, `Package_for_KB2479943~31bf3856ad364e35~amd64~~6.1.1.0.mum`: the update; nil for others.
  public static func update(in name: String) -> String? {
    if let id = packageUpdate(name) { return id }
    guard let dot = name.lastIndex(of: ".") else { return nil }
    return updateID(name[..<dot])
  }
}
