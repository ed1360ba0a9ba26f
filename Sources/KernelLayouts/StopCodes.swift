import Facts

/// Microsoft's names for stop codes.
///
/// Source: the public "Bug check code reference" and the BUGCHECK_ERROR constants of the public Windows SDK metadata; see
/// Documentation/Formats/bundled-data.md, `stop-codes.tsv`.
public enum StopCodes {
  /// One number with the names in use for it.
  public struct Entry: Hashable, Sendable {
    public let code: StopCode
    /// The reference's name (`IRQL_NOT_LESS_OR_EQUAL`).
    public let name: String
    /// Names newer or older headers and debuggers give the same number.
    public let otherNames: [String]
  }

  /// The name of a code. A variant (0x1000007E) has its own name where Microsoft gave one, else its base's.
  public static func name(of code: StopCode) -> String? {
    entry(of: code)?.name ?? entry(of: code.base)?.name
  }

  /// The entry of exactly this number.
  public static func entry(of code: StopCode) -> Entry? {
    table.index[code.rawValue].flatMap(table.entry)
  }

  /// The code that has this name, or had it; letter case and spaces around it do not matter.
  public static func code(named name: some StringProtocol) -> StopCode? {
    let wanted = name.uppercased().filter { $0 != " " }
    return table.byName[wanted]
  }

  /// Every entry, by number.
  public static var all: [Entry] { table.text.records.compactMap(table.entry) }

  private static let table = Table(EmbeddedTable(PackageResources.stop_codes_tsv))

  private struct Table: Sendable {
    let text: EmbeddedTable
    let index: [UInt32: EmbeddedTable.Slice]
    let byName: [String: StopCode]

    init(_ text: EmbeddedTable) {
      var index: [UInt32: EmbeddedTable.Slice] = [:]
      var byName: [String: StopCode] = [:]
      index.reserveCapacity(text.records.count)
      byName.reserveCapacity(text.records.count)
      for record in text.records {
        let fields = text.fields(of: record)
        guard fields.count == 3, let number = text.hexadecimal(fields[0]), let code = UInt32(exactly: number)
        else { continue }
        index[code] = record
        for name in [fields[1]] + text.split(fields[2], at: UInt8(ascii: ",")) {
          // The lower number wins: 0xAD before its informational form 0x400000AD.
          let name = text.text(name)
          if byName[name] == nil { byName[name] = StopCode(code) }
        }
      }
      self.text = text
      self.index = index
      self.byName = byName
    }

    func entry(_ record: EmbeddedTable.Slice) -> Entry? {
      let fields = text.fields(of: record)
      guard fields.count == 3, let number = text.hexadecimal(fields[0]), let code = UInt32(exactly: number)
      else { return nil }
      let others = text.split(fields[2], at: UInt8(ascii: ",")).map(text.text)
      return Entry(code: StopCode(code), name: text.text(fields[1]), otherNames: others)
    }
  }
}
