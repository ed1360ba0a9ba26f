/// File names of modules that belong to Windows.
///
/// Use it only where no version resource or signature is at hand: a name proves nothing, and a missing one little.
///
/// Source: see Documentation/Formats/bundled-data.md, `inbox-modules.txt`.
public enum InboxModules {
  /// Whether a module of this name is part of Windows. Letter case and a path before the name do not matter; the copy of a
  /// disk driver that writes the dump (`dump_storport.sys`) counts as its original.
  public static func contains(_ name: some StringProtocol) -> Bool {
    var file = name.lowercased()[...]
    if let separator = file.lastIndex(where: { $0 == "\\" || $0 == "/" }) {
      file = file[file.index(after: separator)...]
    }
    if file.hasPrefix("dump_") { file = file.dropFirst(5) }
    return names.contains(String(file))
  }

  /// Number of names.
  public static var count: Int { names.count }

  private static let names: Set<String> = {
    let text = EmbeddedTable(PackageResources.inbox_modules_txt)
    return Set(text.records.map(text.text))
  }()
}
