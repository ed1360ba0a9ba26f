import Facts

/// One kernel image whose public symbols are known: which it is, and where its symbols lie.
public struct KernelBuild: Hashable, Sendable {
  /// File version of the kernel image (`10.0.19041.804`).
  public let version: FileVersion
  /// GUID of the public symbol file: 32 upper-case hexadecimal digits in the order symbol servers use.
  public let pdbGUID: String
  /// Age of the symbol file.
  public let pdbAge: UInt32
  /// Always x64: the table holds no other, and an address of it means nothing in another architecture's kernel.
  public let architecture: Architecture
  /// One address per name of `KernelBuilds.symbols`; zero where the build has no such symbol.
  let addresses: [UInt32]

  /// Number of the build (`19041`).
  public var build: Int { Int(version.build) }

  /// The symbol's address relative to the image base; nil when the build has no such symbol or the table lacks it.
  public func rva(of symbol: some StringProtocol) -> UInt32? {
    guard let column = KernelBuilds.symbols.firstIndex(where: { $0 == symbol }), addresses.indices.contains(column),
      addresses[column] != 0
    else { return nil }
    return addresses[column]
  }
}

/// The 213 x64 kernel builds whose symbol addresses are bundled, from 6.1.7601 to 10.0.22000.
///
/// Use them to tell which build a dump without debug identity comes from, by comparing addresses it holds with
/// `base + rva`. Never for a dump of another architecture: builds of the same number exist for ARM64 with other addresses.
///
/// Source: public symbol files; see Documentation/Formats/bundled-data.md, `kernel-builds.tsv`.
public enum KernelBuilds {
  /// Every build, by version.
  public static var all: [KernelBuild] { table.builds }

  /// Names for which at least one build has an address, in the order of the table's columns.
  public static var symbols: [String] { table.symbols }

  /// The build with this version, for this architecture.
  public static func find(version: FileVersion, architecture: Architecture = .x64) -> KernelBuild? {
    table.builds.first { $0.version == version && $0.architecture == architecture }
  }

  /// The build whose image names this symbol file; the GUID's letter case does not matter.
  public static func find(pdbGUID: some StringProtocol, age: UInt32) -> KernelBuild? {
    let wanted = pdbGUID.uppercased()
    return table.builds.first { $0.pdbGUID == wanted && $0.pdbAge == age }
  }

  private static let table = Table(EmbeddedTable(PackageResources.kernel_builds_tsv))

  private struct Table: Sendable {
    var symbols: [String] = []
    var builds: [KernelBuild] = []

    init(_ text: EmbeddedTable) {
      builds.reserveCapacity(text.records.count)
      for record in text.records {
        let fields = text.fields(of: record)
        if symbols.isEmpty, text.text(fields[0]) == "symbols" {
          symbols = fields.dropFirst().map(text.text)
          continue
        }
        guard fields.count == symbols.count + 3, let version = FileVersion(text.text(fields[0])),
          let age = text.hexadecimal(fields[2]).flatMap(UInt32.init(exactly:))
        else { continue }
        builds.append(
          KernelBuild(
            version: version, pdbGUID: text.text(fields[1]), pdbAge: age, architecture: .x64,
            addresses: fields.dropFirst(3).map { text.hexadecimal($0).flatMap(UInt32.init(exactly:)) ?? 0 }))
      }
    }
  }
}
