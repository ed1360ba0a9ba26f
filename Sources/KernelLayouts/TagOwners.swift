import Facts

/// Which binary allocates with a pool tag, as far as it is public.
///
/// A stated owner, not an observed one: any driver may use any tag. Not every owner is the culprit either: descriptors
/// under `Mdl` are the kernel's, whoever asked for them.
///
/// Source: the list that comes with Microsoft's debugging tools, facts only; see Documentation/Formats/bundled-data.md,
/// `tag-owners.tsv`.
public enum TagOwners {
  /// The binary's file name in lower case (`tcpip.sys`; the kernel is `ntoskrnl.exe`).
  public static func owner(of tag: PoolTag) -> String? {
    entry(of: tag).map { $0.hasPrefix("nt!") || $0 == "nt" ? "ntoskrnl.exe" : $0 }
  }

  /// The part of the kernel (`mm`, `io`); nil for other binaries and where it is not stated.
  public static func component(of tag: PoolTag) -> String? {
    entry(of: tag).flatMap { $0.hasPrefix("nt!") ? String($0.dropFirst(3)) : nil }
  }

  /// Number of tags with an owner.
  public static var count: Int { table.lines.count }

  private static func entry(of tag: PoolTag) -> String? {
    // Bit 31 in memory marks a protected block and is no part of the tag.
    let line = table.lines[tag.rawValue] ?? table.lines[tag.rawValue & 0x7FFF_FFFF]
    return line.map { table.text.text(table.text.key(of: table.text.records[Int($0)])) }
  }

  private static let table = Table(EmbeddedTable(PackageResources.tag_owners_tsv))

  private struct Table: Sendable {
    let text: EmbeddedTable
    /// Tag → position of its owner's record.
    private(set) var lines: [UInt32: UInt16] = [:]

    init(_ text: EmbeddedTable) {
      self.text = text
      lines.reserveCapacity(4096)
      for (position, record) in text.records.enumerated() {
        guard let line = UInt16(exactly: position) else { break }
        var tag: UInt32 = 0
        var length: UInt32 = 0
        for index in text.key(of: record).upperBound...record.upperBound {
          let byte = index < record.upperBound ? text.bytes[index] : UInt8(ascii: "\t")
          if byte != UInt8(ascii: "\t") {
            guard length < 4 else { continue }
            tag |= UInt32(byte) << (8 * length)
            length += 1
          } else if length > 0 {
            while length < 4 {
              tag |= 0x20 << (8 * length)
              length += 1
            }
            lines[tag] = line
            tag = 0
            length = 0
          }
        }
      }
    }
  }
}
