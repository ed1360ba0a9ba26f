import Facts

/// A kind of failure whose evidence can be written, in as many varieties as there are seeds.
public struct Scenario: Sendable {
  /// `netbt-stop`.
  public var id: String
  /// What it shows, in one sentence.
  public var title: String
  /// The article that describes exactly this failure.
  public var article: String?
  /// An article that looks alike and must not be confirmed.
  public var resembles: String?
  let make: @Sendable (UInt64) -> SynthesizedCase

  init(
    _ id: String, _ title: String, article: String? = nil, resembles: String? = nil,
    make: @escaping @Sendable (UInt64) -> SynthesizedCase
  ) {
    self.id = id
    self.title = title
    self.article = article
    self.resembles = resembles
    self.make = make
  }

  public func callAsFunction(seed: UInt64) -> SynthesizedCase { make(seed) }

  /// The scenario of that id.
  public static func named(_ id: String) -> Scenario? { all.first { scenario in scenario.id == id } }
}

/// One machine of a scenario, and what an honest reader finds in its dump.
public struct SynthesizedCase: Sendable {
  public var machine: SynthesizedMachine
  /// Symbols of the modules on the stack, to be written beside the dump.
  public var symbols: [SynthesizedSymbolTable]
  /// Facts that an analysis must state, with the attributes that matter. The text is only for people.
  public var facts: [Fact]
  /// Liberties taken, in sentences.
  public var notes: [String]
  /// nil: a triage dump. Otherwise a dump of this type without pages.
  public var headerOnly: DumpType?

  public init(
    machine: SynthesizedMachine, symbols: [SynthesizedSymbolTable] = [], facts: [Fact] = [], notes: [String] = [],
    headerOnly: DumpType? = nil
  ) {
    self.machine = machine
    self.symbols = symbols
    self.facts = facts
    self.notes = notes
    self.headerOnly = headerOnly
  }

  /// The dump file's bytes.
  public func dump() -> [UInt8] {
    if let headerOnly { return PageDump(machine, type: headerOnly).encoded() }
    return TriageDump(machine).encoded()
  }
}
