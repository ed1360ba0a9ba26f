import Facts

/// The rules by which an article's names become conditions: `Extraction/Rules.tsv`, which describes its own columns.
struct ExtractionRules: Sendable {
  struct Rule: Sendable {
    /// Lists that must hold something.
    var lists: [String] = []
    /// Any of these; empty where the rule does not ask.
    var mechanisms: [Mechanism] = []
    var effect: Effect
    var weight: Double?
    var rare: String?
    var text: String
    var clauses: [ClausePattern] = []
  }

  struct ClausePattern: Sendable {
    var kind: FactKind
    var absent = false
    var given: FactKind?
    var constraints: [(attribute: FactAttribute, value: Value)] = []
  }

  /// What stands behind an attribute.
  enum Value: Sendable {
    case constant(Constraint)
    /// Any name of a list, or none of them.
    case names(String, isNegated: Bool)

    /// `$drivers`, `!$drivers`, `top|upper`, `>=0.2`
    fileprivate init?(_ text: Substring) {
      if text.hasPrefix("$") || text.hasPrefix("!$") {
        let list = String(text.drop { $0 == "!" || $0 == "$" })
        guard ExtractionRules.lists.contains(list) else { return nil }
        self = .names(list, isNegated: text.hasPrefix("!"))
        return
      }
      let texts = text.split(separator: "|")
      let parts = texts.compactMap { Constraint(String($0)) }
      guard !parts.isEmpty, parts.count == texts.count else { return nil }
      self = .constant(parts.count == 1 ? parts[0] : .anyOf(parts))
    }
  }

  let rules: [Rule]

  /// Why a line is no rule; nil where all of them are. Only a test asks.
  let complaint: String?

  static let bundled = ExtractionRules(PackageResources.Rules_tsv)

  init(_ bytes: [UInt8]) {
    var rules: [Rule] = []
    var complaint: String?
    for (number, line) in bytes.split(separator: ASCII.lineFeed, omittingEmptySubsequences: false).enumerated()
    where !line.isEmpty && line.first != UInt8(ascii: "#") {
      if let rule = Rule(line) {
        rules.append(rule)
      } else if complaint == nil {
        complaint = "line \(number + 1) is no rule"
      }
    }
    self.rules = rules
    self.complaint = complaint
  }

  /// The lists that a rule may name.
  static let lists: Set<String> = [
    "symbols", "drivers", "core", "anydrivers", "driver", "fixed", "fixedcore", "tags", "tagpair", "tag1", "tag2",
    "stops", "events", "parameter1", "parameter2", "parameter3", "parameter4",
  ]
}

extension ExtractionRules.Rule {
  fileprivate init?(_ line: ArraySlice<UInt8>) {
    let columns = line.split(separator: 0x09, omittingEmptySubsequences: false).map {
      String(decoding: $0, as: UTF8.self)
    }
    guard columns.count == 6, let effect = Effect(rawValue: columns[1]) else { return nil }
    self.effect = effect
    weight = Double(columns[2])
    guard weight.map({ effect.weights.contains($0) }) ?? (effect == .contradicts) else { return nil }
    rare = columns[3] == "-" ? nil : columns[3]
    text = columns[4]
    for need in columns[0].split(separator: " ") {
      if need.hasPrefix("mechanism=") {
        let names = need.dropFirst("mechanism=".count).split(separator: "|")
        mechanisms = names.compactMap { Mechanism(rawValue: String($0)) }
        guard mechanisms.count == names.count else { return nil }
      } else {
        lists.append(String(need))
      }
    }
    for part in columns[5].split(separator: ";") {
      guard let clause = ExtractionRules.ClausePattern(part.drop { $0 == " " }) else { return nil }
      clauses.append(clause)
    }
    guard !clauses.isEmpty, lists.allSatisfy({ ExtractionRules.lists.contains($0) }),
      rare.map({ ExtractionRules.lists.contains($0) }) ?? true
    else { return nil }
  }
}

extension ExtractionRules.ClausePattern {
  /// `!pool-use(tag=$tags share=>=0.2) given module-list`
  fileprivate init?(_ text: Substring) {
    var text = text
    if text.first == "!" {
      absent = true
      text.removeFirst()
    }
    guard let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"), open < close else { return nil }
    kind = FactKind(rawValue: String(text[..<open]))
    guard let known = FactKind.attributes[kind] else { return nil }
    for pair in text[text.index(after: open)..<close].split(separator: " ") {
      guard let equals = pair.firstIndex(of: "=") else { return nil }
      let attribute = FactAttribute(rawValue: String(pair[..<equals]))
      guard known.contains(attribute), let value = ExtractionRules.Value(pair[pair.index(after: equals)...]) else {
        return nil
      }
      constraints.append((attribute, value))
    }
    let rest = text[text.index(after: close)...].split(separator: " ")
    if rest.count == 2, rest[0] == "given" {
      given = FactKind(rawValue: String(rest[1]))
    } else if !rest.isEmpty {
      return nil
    }
  }
}

/// The names of one article, ready for the rules.
struct ExtractedNames {
  private var lists: [String: [Operand]] = [:]
  private let mechanism: Mechanism
  private let rarity: TermRarity

  /// Parts of Windows that are blamed for others' faults; naming them says little.
  private static let core: Set<String> = ModuleIdentity.kernelNames.union([
    "hal.dll", "win32k.sys", "ntdll.dll", "kernel32.dll", "ndis.sys", "csrss.exe", "winlogon.exe", "services.exe",
    "lsass.exe",
  ])

  /// On the stack of every stop.
  private static let machinery = ["kebugcheck", "kitrap", "kidispatch", "kipagefault", "kisystemservice"]

  /// A fix of more files than this is a roll-up, which replaces something of everything.
  private static let maximumFixedFiles = 12

  init(_ article: Article, _ rarity: TermRarity) {
    mechanism = article.mechanism
    self.rarity = rarity
    set(
      "symbols",
      article.symbols.filter { symbol in
        guard let mark = symbol.firstIndex(of: "!") else { return false }
        let routine = symbol[symbol.index(after: mark)...].lowercased()
        return !Self.machinery.contains { routine.hasPrefix($0) }
      })
    let special = article.drivers.filter { !Self.core.contains($0.lowercased()) }
    set("drivers", special)
    set("core", article.drivers.filter { Self.core.contains($0.lowercased()) })
    set("anydrivers", article.drivers)
    if special.count == 1, special[0].lowercased().hasSuffix(".sys") { set("driver", special) }
    let fixed = article.files.map { $0.name.lowercased() }.uniqued
    if fixed.count <= Self.maximumFixedFiles {
      set("fixed", fixed.filter { !Self.core.contains($0) })
      set("fixedcore", fixed.filter { Self.core.contains($0) })
    }
    let tags = article.poolTags.filter { PoolTag($0) != nil }.uniqued
    set("tags", tags)
    if tags.count == 2 {
      set("tagpair", [tags.sorted().joined(separator: ",")])
      set("tag1", [tags[0]])
      set("tag2", [tags[1]])
    }
    set("stops", article.stopCodes.map(\.base.description))
    set("events", article.eventIDs)
    // An address in a parameter is the same on machines with the same files; small numbers and status codes are on all.
    for position in 0..<4 {
      let values = article.stopParameters.compactMap { line -> String? in
        guard position < line.count, let value = parseHexadecimal(line[position]), value >= 0x8000_0000,
          value >> 28 != 0xC || value & 0x0FFF_0000 != 0
        else { return nil }
        return hexadecimal(value)
      }
      set("parameter\(position + 1)", values.uniqued)
    }
  }

  private mutating func set(_ list: String, _ names: [String]) {
    if !names.isEmpty { lists[list] = names.map { Operand($0) } }
  }

  /// The conditions that a rule's names give; nil where the article lacks one of them.
  func condition(_ rule: ExtractionRules.Rule) -> Condition? {
    guard rule.mechanisms.isEmpty || rule.mechanisms.contains(mechanism) else { return nil }
    guard rule.lists.allSatisfy({ lists[$0] != nil }) else { return nil }
    var clauses: [Clause] = []
    clauses.reserveCapacity(rule.clauses.count)
    for pattern in rule.clauses {
      var constraints: [FactAttribute: Constraint] = [:]
      for (attribute, value) in pattern.constraints {
        guard let constraint = constraint(value) else { return nil }
        constraints[attribute] = constraint
      }
      clauses.append(Clause(pattern.kind, constraints, absent: pattern.absent, given: pattern.given))
    }
    var text = rule.text
    if text.hasPrefix("{driver}"), let name = lists["driver"]?.first { text = name.text + text.dropFirst(8) }
    let factor = rule.rare.flatMap { lists[$0] }.map { rarity.factor($0) } ?? 1
    return Condition(text, effect: rule.effect, weight: rule.weight.map { $0 * factor }, clauses: clauses)
  }

  /// nil where the list is empty.
  private func constraint(_ value: ExtractionRules.Value) -> Constraint? {
    switch value {
    case .constant(let constraint): return constraint
    case .names(let list, let isNegated):
      guard let names = lists[list] else { return nil }
      let any: Constraint = names.count == 1 ? .matches(names[0]) : .anyOf(names.map { .matches($0) })
      return isNegated ? .not(any) : any
    }
  }
}

/// How rare the names that the evidence holds are among the articles of a knowledge base.
public struct TermRarity: Hashable, Sendable {
  /// By name in lower case, 0…1.
  private var factors: [String: Double] = [:]

  /// Every name counts in full: nothing is known about how often articles use it.
  public static let unknown = TermRarity()

  public init() {}

  /// A name that few articles use tells more than one that hundreds use: from 1 for up to ten articles down to 0.6 for three
  /// thousand and more, by the logarithm of their number.
  public mutating func count(_ name: String, documents: Int) {
    let doublings = Double(max(1, documents / 10)).exponent
    factors[name.lowercased()] = max(0.6, 1 - 0.05 * Double(doublings))
  }

  /// That of the rarest of the names in the evidence; conditions on others do not hold anyway.
  func factor(_ names: [Operand]) -> Double {
    guard !factors.isEmpty else { return 1 }
    return names.compactMap { factors[$0.folded] }.max() ?? 1
  }
}
