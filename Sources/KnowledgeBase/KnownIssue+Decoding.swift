import Facts
import Yams

extension KnownIssue {
  /// Reads one catalogue file. `file` is its name, for errors.
  public init(yaml bytes: some Sequence<UInt8>, file: String) throws(KnownIssueError) {
    let root: Node?
    do {
      root = try Parser(yaml: String(decoding: Array(bytes), as: UTF8.self), resolver: .basic).singleRoot()
    } catch {
      throw KnownIssueError(.syntax, file: file, line: nil, field: "", reason: "\(error)".trimmed)
    }
    guard let root else {
      throw KnownIssueError(.syntax, file: file, line: nil, field: "", reason: "the file is empty")
    }
    var fields = try Fields(root, file: file, path: "")
    try self.init(&fields)
    try fields.finish()
  }

  private init(_ fields: inout Fields) throws(KnownIssueError) {
    self.init(id: try fields.required("id"), title: try fields.required("title"))
    mechanism = try fields.value("mechanism", "a mechanism") { Mechanism(rawValue: $0) } ?? .none
    summary = try fields.required("summary")
    conditions = try fields.list("conditions") { f throws(KnownIssueError) in try Condition(&f) }
    affected = try fields.list("affected") { f throws(KnownIssueError) in try AffectedProduct(&f) }
    fileTable = try fields.value("fileTable", "complete, partial, lost or none") { FileTable(rawValue: $0) } ?? .none
    files = try fields.list("files") { f throws(KnownIssueError) in try FixedFile(&f) }
    fixes = try fields.list("fixes") { f throws(KnownIssueError) in try Fix(&f) }
    replaces = try fields.texts("replaces")
    supersededBy = try fields.texts("supersededBy")
    references = try fields.texts("references")
    restartRequired = try fields.flag("restartRequired")
    registryChange = try fields.flag("registryChange")
    workarounds = try fields.list("workarounds") { f throws(KnownIssueError) in try Workaround(&f) }
    verification = try fields.list("verification") { f throws(KnownIssueError) in
      VerificationStep(try f.required("text"), commands: try f.texts("commands"))
    }
    settledBy = try fields.list("settledBy") { f throws(KnownIssueError) in
      SettlingEvidence(
        try f.required("text"), settles: try f.values("settles", "a kind of fact", FactKind.known),
        system: try f.text("system"), commands: try f.texts("commands"))
    }
    lastReviewed = try fields.value("lastReviewed", "a date such as 2011-10-07") { text in
      text.utf8.count == 10 && CivilTime(rfc3339: text) != nil ? text : nil
    }
    notes = try fields.texts("notes")
  }
}

extension Condition {
  /// One clause stands inline (`kind`, `where`, `absent`, `given`); several stand under `all`.
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    let text = try fields.required("text")
    guard let effect = try fields.value("effect", "an effect", { Effect(rawValue: $0) }) else {
      throw fields.error(.missingField, "effect", "is missing")
    }
    let weight = try fields.value("weight", "a number") { Double($0) }
    let several = try fields.list("all") { f throws(KnownIssueError) in try Clause(&f) }
    self.init(text, effect: effect, weight: weight, clauses: several.isEmpty ? [try Clause(&fields)] : several)
  }
}

extension Clause {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    guard let kind = try fields.value("kind", "a kind of fact", FactKind.known) else {
      throw fields.error(.missingField, "kind", "is missing")
    }
    let constraints = try fields.mapping("where") { f throws(KnownIssueError) in
      var constraints: [FactAttribute: Constraint] = [:]
      for key in f.keys {
        let attribute = FactAttribute(rawValue: key)
        guard FactKind.attributes[kind]?.contains(attribute) == true else {
          throw f.error(.unknownField, key, "a fact of kind \(kind.rawValue) has no such attribute")
        }
        guard let node = f.node(key) else { continue }
        constraints[attribute] = try Constraint(node, f, key)
      }
      return constraints
    }
    self.init(
      kind, constraints ?? [:], absent: try fields.flag("absent") ?? false,
      given: try fields.value("given", "a kind of fact", FactKind.known))
  }
}

extension Constraint {
  /// A text, a list (any of), `{not: …}` or `{all: […]}`.
  fileprivate init(_ node: Node, _ fields: Fields, _ key: String) throws(KnownIssueError) {
    switch node {
    case .scalar(let scalar):
      guard let constraint = Constraint(scalar.string) else {
        throw fields.error(.badValue, key, "'\(scalar.string)' is not a value, a pattern or a comparison with a number")
      }
      self = constraint
    case .sequence(let items):
      self = .anyOf(try Self.list(items, fields, key))
    case .mapping(let mapping):
      guard mapping.count == 1, let (name, value) = mapping.first(where: { _ in true }) else {
        throw fields.error(.badValue, key, "expected one of the keys 'not' and 'all'")
      }
      switch (name.scalar?.string, value) {
      case ("not", _): self = .not(try Constraint(value, fields, key))
      case ("all", .sequence(let items)): self = .allOf(try Self.list(items, fields, key))
      default: throw fields.error(.unknownField, key, "expected one of the keys 'not' and 'all'")
      }
    case .alias: throw fields.error(.badValue, key, "aliases are not used in the catalogue")
    }
  }

  private static func list(_ items: Node.Sequence, _ fields: Fields, _ key: String) throws(KnownIssueError)
    -> [Constraint]
  {
    var constraints: [Constraint] = []
    for item in items { constraints.append(try Constraint(item, fields, key)) }
    return constraints
  }
}

extension AffectedProduct {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    self.init(
      product: try fields.required("product"),
      servicePacks: try fields.values("servicePacks", "a service pack") { ServicePack($0) },
      architectures: try fields.values("architectures", "an architecture") { Architecture(named: $0) },
      fixedIn: try fields.value("fixedIn", "a service pack") { ServicePack($0) },
      implied: try fields.flag("implied") ?? false)
  }
}

extension FixedFile {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    self.init(
      name: try fields.required("name"),
      version: try fields.value("version", "a version of four parts") { FileVersion($0) },
      size: try fields.value("size", "a number of bytes") { UInt64($0) },
      date: try fields.value("date", "a date (YYYY-MM-DD)") { isForm($0, "0000-00-00") ? $0 : nil },
      time: try fields.value("time", "a time (HH:MM)") { isForm($0, "00:00") ? $0 : nil },
      architecture: try fields.value("architecture", "an architecture") { Architecture(named: $0) },
      product: try fields.text("product"),
      servicePack: try fields.value("servicePack", "a service pack") { ServicePack($0) },
      branch: try fields.value("branch", "gdr or ldr") { ServicingBranch(rawValue: $0) })
  }
}

extension Prerequisite {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    self.init(
      product: try fields.text("product"),
      servicePack: try fields.value("servicePack", "a service pack") { ServicePack($0) },
      update: try fields.text("update"))
  }
}

extension Fix {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    guard let kind = try fields.value("kind", "a kind of fix", { FixKind(rawValue: $0) }) else {
      throw fields.error(.missingField, "kind", "is missing")
    }
    self.init(
      kind, id: try fields.text("id"), product: try fields.text("product"),
      servicePack: try fields.value("servicePack", "a service pack") { ServicePack($0) },
      requires: try fields.list("requires") { f throws(KnownIssueError) in try Prerequisite(&f) },
      restart: try fields.flag("restart"), availability: try fields.text("availability"))
  }
}

extension Workaround {
  fileprivate init(_ fields: inout Fields) throws(KnownIssueError) {
    self.init(
      try fields.required("text"),
      when: try fields.mapping("when") { f throws(KnownIssueError) in try Clause(&f) },
      inPlace: try fields.mapping("inPlace") { f throws(KnownIssueError) in try Clause(&f) },
      requires: try fields.list("requires") { f throws(KnownIssueError) in try Prerequisite(&f) },
      commands: try fields.texts("commands"), restart: try fields.flag("restart"),
      partial: try fields.flag("partial") ?? false)
  }
}

extension FactKind {
  /// nil for a name that the vocabulary does not have: in a catalogue file that is a slip.
  static func known(_ name: String) -> FactKind? {
    let kind = FactKind(rawValue: name)
    return attributes[kind] == nil ? nil : kind
  }
}

/// Whether a text has digits exactly where the form has zeros, and the form's other characters elsewhere.
private func isForm(_ text: String, _ form: String) -> Bool {
  text.utf8.count == form.utf8.count
    && zip(text.utf8, form.utf8).allSatisfy { $1 == 0x30 ? (0x30...0x39).contains($0) : $0 == $1 }
}
