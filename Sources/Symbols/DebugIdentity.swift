/// What ties an image to its symbols: the PDB's name, GUID and age (CodeView record `RSDS`).
public struct DebugIdentity: Hashable, Sendable {
  /// `ntkrnlmp.pdb`.
  public var name: String
  /// 32 upper-case hexadecimal digits, as symbol stores spell it.
  public var guid: String
  public var age: UInt32

  public init(name: String, guid: String, age: UInt32) {
    self.name = name
    self.guid = guid
    self.age = age
  }

  /// GUID and age without a mark between, the age in hexadecimal: the folder of a symbol store (public documentation of SymStore).
  public var storeFolder: String { guid + String(age, radix: 16) }

  /// `NAME/GUIDAGE/NAME`.
  public var storePath: String { "\(name)/\(storeFolder)/\(name)" }
}
