import Facts
import KnowledgeBase

/// What evidence asks the store for: names that articles' terms are looked up by, and words their texts are compared with.
public struct CandidateQuery: Hashable, Sendable {
  struct Named: Hashable, Sendable {
    var kind: TermKind
    var name: String
    /// How closely the evidence is tied to the name: 1 for the module a failure is laid to, less for one that is only loaded.
    var weight: Double
  }

  var named: [Named] = []
  /// Lower-case words with their weight.
  var words: [String: Double] = [:]
  /// Modules' names without their endings, as titles name them: `Memory Leak in Ntfs` means ntfs.sys.
  var components: [String: String] = [:]

  /// The stops that the machine wrote, in their base form.
  var stopCodes: [StopCode] = []
  /// Tags that stand out, as spelled.
  var tags: [String] = []
  /// Images of a session, by file name in lower case, that another session's thread was removing.
  var images: [String] = []
  /// Mechanisms that structures in the evidence show.
  var mechanisms: Set<Mechanism> = []
  /// The pool that stands out: `paged` or `nonpaged`.
  var pool: String?
  var failure = FailureKind.hang

  /// What kind of failure the evidence tells of.
  enum FailureKind: Hashable, Sendable {
    case stop, leak
    /// Neither a stop nor a pool: the machine hung or something on it did.
    case hang
  }

  public var isEmpty: Bool { named.isEmpty && words.isEmpty }

  public init(facts: [Fact], observations: [String] = []) {
    // A complete list of what is loaded is no symptom; a module somebody names is one.
    let isListed = facts.contains { $0.kind == .moduleList }
    for fact in facts {
      switch fact.kind {
      case .stop:
        if case .stopCode(let code)? = fact["code"] {
          add(.stopCode, code.base.description, 1)
          stopCodes.append(code.base)
          add(word: code.base.description, 0.6)
        }
      case .culprit: addModule(fact["module"], 1)
      case .exception, .nullDereference:
        addModule(fact["module"], 0.8)
        addSymbol(fact["symbol"], 1)
      case .frame: addFrame(fact)
      case .module where !isListed: addModule(fact["module"], 0.5)
      case .poolUse:
        if case .integer(let rank)? = fact["rank"], rank <= 3 { addTag(fact["tag"], 1) }
      case .poolGrowth:
        if case .text("leak")? = fact["verdict"] { addTag(fact["tag"], 1) }
      case .poolOwner: addModule(fact["module"], 0.8)
      case .packetOverrun:
        addModule(fact["module"], 1)
        addMechanism(.badInput)
      case .otherSessionRemoves:
        addMechanism(.race)
        addModule(fact["module"], 1)
        if case .text(let name)? = fact["module"] { addImage(name) }
      case .queueStarved:
        addModule(fact["client"], 1)
        addModule(fact["needs"], 0.8)
      case .event:
        if case .text(let id)? = fact["id"] { add(.eventID, id, 0.8) }
      case .process:
        if case .text(let name)? = fact["process"] {
          add(word: String(name.lowercased().prefix { $0 != "." }), 0.5)
        }
      default: break
      }
      if fact.kind == .poolUse, case .text(let pool)? = fact["pool"] {
        self.pool = pool
        add(word: pool, 0.5)
      }
    }
    if facts.contains(where: { $0.kind == .stop }) {
      failure = .stop
    } else if facts.contains(where: { $0.kind == .poolUse || $0.kind == .poolGrowth }) {
      // A pool that stands out without a stop is one that something leaks into.
      failure = .leak
      for word in ["leak", "pool", "memory"] { add(word: word, 0.5) }
    }
    for observation in observations where Self.tellsOfDeadlock(observation.lowercased()) { add(word: "deadlock", 1) }
    for word in observations.flatMap({ TextWords.words(of: $0) + TextWords.compounds(of: $0) }) { add(word: word, 1) }
  }

  private static func tellsOfDeadlock(_ text: String) -> Bool {
    text.contains("each other") && text.contains("wait") || text.contains("deadlock")
  }

  private mutating func add(_ kind: TermKind, _ name: String, _ weight: Double) {
    if let index = named.firstIndex(where: { $0.kind == kind && $0.name == name }) {
      named[index].weight = max(named[index].weight, weight)
    } else if named.count < 64 {
      named.append(Named(kind: kind, name: name, weight: weight))
    }
  }

  private mutating func add(word: String, _ weight: Double) {
    let stem = TextWords.stem(word)
    guard !TextWords.ignored.contains(word), words.count < 64 else { return }
    words[stem] = max(words[stem] ?? 0, weight)
  }

  private mutating func addModule(_ value: FactValue?, _ weight: Double) {
    guard case .text(let text)? = value, !text.isEmpty else { return }
    // Modules are sometimes listed with a date behind: `name.sys (1999-06-18)`.
    let name = TermName.module(String(text.prefix { $0 != " " }))
    add(.module, name, weight)
    add(.file, name, weight * 0.7)
    if weight >= 0.8 { components[String(name.prefix { $0 != "." })] = name }
    if name != "ntoskrnl.exe" { add(word: String(name.prefix { $0 != "." }), weight * 0.8) }
  }

  private mutating func addMechanism(_ mechanism: Mechanism) {
    mechanisms.insert(mechanism)
    add(.mechanism, mechanism.rawValue, 1)
  }

  private mutating func addImage(_ name: String) {
    let name = TermName.module(name)
    if images.count < 8, name.utf8.contains(0x2E), !images.contains(name) { images.append(name) }
  }

  private mutating func addFrame(_ fact: Fact) {
    guard case .integer(let index)? = fact["index"], index < 12 else { return }
    let weight = index == 0 ? 1 : 0.6
    addSymbol(fact["symbol"], weight)
    addModule(fact["module"], weight * 0.5)
  }

  private static let machinery = [
    "kebugcheck", "kitrap", "kidispatch", "kisystemservice", "expworkerthread", "kipagefault",
  ]

  private mutating func addSymbol(_ value: FactValue?, _ weight: Double) {
    guard case .text(let text)? = value else { return }
    let names = TermName.symbols(text)
    guard let routine = names.last, !Self.machinery.contains(where: { routine.hasPrefix($0) }) else { return }
    for name in names { add(.symbol, name, weight) }
    add(word: routine, weight)
  }

  private mutating func addTag(_ value: FactValue?, _ weight: Double) {
    guard case .poolTag(let tag)? = value else { return }
    add(.poolTag, tag.description, weight)
    tags.append(tag.description)
    add(word: tag.description.lowercased(), weight)
  }
}

/// Words of texts, for comparing what was observed with what articles say.
enum TextWords {
  /// Too common in these articles to tell one from another.
  static let ignored: Set<String> = [
    "the", "and", "for", "with", "from", "that", "this", "are", "was", "not", "but", "has", "have", "its", "of", "in",
    "on",
    "to", "is", "it", "an", "as", "at", "be", "by", "or", "no", "when", "while", "each", "other", "which", "into",
    "than",
    "microsoft", "windows", "article", "information", "following", "may", "can", "you", "your", "if", "a", "i", "one",
    "two",
    "after", "before", "about", "both", "same", "several", "every", "during", "per",
  ]

  /// Letters, digits and underscores, lower case; two characters or more.
  static func words(of text: String) -> [String] {
    text.lowercased().utf8.split { !($0 &- 0x61 < 26 || $0 &- 0x30 < 10 || $0 == 0x5F) }
      .filter { $0.count >= 2 }.map { String(Substring($0)) }
  }

  /// `write-through` is also spelled as one word.
  static func compounds(of text: String) -> [String] {
    text.lowercased().split { $0 == " " || $0 == "," || $0 == ";" || $0 == "/" }.compactMap { part in
      let halves = part.split(separator: "-")
      guard halves.count == 2, halves.allSatisfy({ $0.count >= 3 && $0.allSatisfy(\.isLetter) }) else { return nil }
      return halves.joined()
    }
  }

  /// Without the endings of plurals and verbs, so that `leaks`, `leaked` and `leaking` are one.
  static func stem(_ word: String) -> String { String(decoding: stem(Array(word.utf8)[...]), as: UTF8.self) }

  static func stem(_ word: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard word.count >= 5, let last = word.last, last &- 0x61 < 26, word.allSatisfy({ $0 &- 0x61 < 26 }) else {
      return word
    }
    func without(_ ending: String) -> ArraySlice<UInt8>? {
      word.count >= ending.utf8.count + 3 && word.suffix(ending.utf8.count).elementsEqual(ending.utf8)
        ? word.dropLast(ending.utf8.count) : nil
    }
    var stem =
      without("ing") ?? without("ed") ?? without("es") ?? (word.suffix(2) == [0x73, 0x73] ? nil : without("s")) ?? word
    // `shared`, `share`, `sharing`.
    if stem.count >= 4, stem.last == UInt8(ascii: "e") { stem = stem.dropLast() }
    return stem
  }
}
