import Facts

/// The most that paged and nonpaged pool can hold, by system and architecture.
///
/// Source: "Memory Limits for Windows and Windows Server Releases" in Microsoft's documentation of Windows programming, several
/// states of the page; see Documentation/Formats/bundled-data.md, `pool-limits.tsv`.
public struct PoolLimits: Hashable, Sendable {
  /// Bytes, whatever the memory.
  public let bytes: UInt64
  /// Of physical memory, where the limit is a share of it.
  public let memoryShare: Double?
  public let basis: String

  /// The limit of a pool (`paged`, `nonpaged`) on a kernel of this version (`5.2`) and pointer size.
  public static func limit(
    pool: String, version: some StringProtocol, architecture: Architecture, servicePack: ServicePack? = nil
  ) -> PoolLimits? {
    let parts = version.split(separator: ".").prefix(2).map { Int($0) ?? -1 }
    guard parts.count == 2, let size = architecture.pointerSize else { return nil }
    let row = rows.last { row in
      row.pool == pool && row.pointerSize == size
        && (row.major, row.minor, row.servicePack) <= (parts[0], parts[1], Int(servicePack?.number ?? 0))
    }
    return row.map { PoolLimits(bytes: $0.bytes, memoryShare: $0.share, basis: $0.basis) }
  }

  /// The limit with this much memory.
  public func bytes(memory: UInt64?) -> UInt64 {
    guard let memory, let memoryShare else { return bytes }
    return min(bytes, UInt64(Double(memory) * memoryShare))
  }

  private struct Row: Sendable {
    var major: Int
    var minor: Int
    var servicePack: Int
    var pointerSize: Int
    var pool: String
    var bytes: UInt64
    var share: Double?
    var basis: String
  }

  /// In the order of versions.
  private static let rows: [Row] = {
    let text = EmbeddedTable(PackageResources.pool_limits_tsv)
    return text.records.compactMap { record in
      let fields = text.fields(of: record).map(text.text)
      guard fields.count == 8, let major = Int(fields[0]), let minor = Int(fields[1]), let pack = Int(fields[2]),
        let size = Int(fields[3]), let megabytes = UInt64(fields[5])
      else { return nil }
      return Row(
        major: major, minor: minor, servicePack: pack, pointerSize: size, pool: fields[4], bytes: megabytes << 20,
        share: Double(fields[6]), basis: fields[7])
    }
  }()
}
