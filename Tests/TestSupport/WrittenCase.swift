import EvidenceSynthesis

/// A scenario's evidence as files.
public struct WrittenCase: Sendable {
  public let content: SynthesizedCase
  /// The crash dump.
  public let dump: String
  /// The folder with its symbol tables.
  public let symbols: String

  public init(_ scenario: Scenario, seed: UInt64, in folder: TemporaryFolder, name: String? = nil) throws {
    let name = name ?? "\(scenario.id)-\(seed)"
    content = scenario(seed: seed)
    dump = try folder.write(name + "/" + scenario.id + ".dmp", content.dump())
    symbols = try folder.folder(name + "/symbols")
    for table in content.symbols { try folder.write(name + "/symbols/" + table.relativePath, table.json()) }
  }
}
