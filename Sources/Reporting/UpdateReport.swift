import KnowledgeStore

/// `faultline.update/1`: `kb show` of an update that only a catalogue of updates knows.
public struct UpdateReport: Sendable {
  public var update: KnowledgeStore.StoredUpdate

  public init(_ update: KnowledgeStore.StoredUpdate) { self.update = update }

  public var json: JSONValue { .members([schema("update")] + members) }

  /// Without the schema, as a part of the article's own document.
  var members: [(String, JSONValue?)] {
    func list(_ updates: [KnowledgeStore.Supersedence]) -> JSONValue {
      .array(
        updates.map {
          .members([
            ("id", .string(KnowledgeStore.StoredUpdate.id($0.name))), ("inferred", $0.isInferred ? .bool(true) : nil),
          ])
        })
    }
    func ids(_ names: [String]) -> JSONValue { .strings(names.map(KnowledgeStore.StoredUpdate.id)) }
    return [
      ("id", .string(update.id)), ("title", update.title.flatMap { $0.isEmpty ? nil : .string($0) }),
      ("published", .optional(update.published)), ("severity", .optional(update.severity)),
      ("products", .strings(update.products)), ("supersedes", list(update.supersedes)),
      ("supersedesAll", list(update.supersedesAll)), ("supersededBy", list(update.supersededBy)),
      ("supersededByAll", list(update.supersededByAll)), ("newest", ids(update.newest)),
      ("ring", update.ring.isEmpty ? nil : ids(update.ring)),
    ]
  }

  public func text(_ style: TextStyle) -> String {
    let title = update.title.flatMap { $0.isEmpty ? nil : $0 } ?? "an update that the catalogue only names as replaced"
    var out = [style.paragraph("\(update.id): \(title)", .strong, hanging: 2)]
    out.append(style.definitions(rows))
    if !update.products.isEmpty {
      out.append(style.heading("Applies to"))
      for product in update.products { out.append(style.wrap(product, indent: 2, hanging: 4)) }
    }
    out.append(style.heading("What it is known from"))
    out.append(style.wrap("An imported catalogue of updates. No imported article describes it.", indent: 2))
    return out.joined(separator: "\n") + "\n"
  }

  /// As a section of an article.
  func section(_ style: TextStyle) -> String {
    [style.heading("In the catalogue of updates"), style.definitions(rows.map { ("  " + $0.key, $0.value) })]
      .joined(separator: "\n")
  }

  /// For a page.
  public var htmlBody: String {
    let title = update.title.flatMap { $0.isEmpty ? nil : "<p>\(HTMLText.escaped($0))</p>\n" } ?? ""
    return HTMLText.section(
      "catalogue", "In the catalogue of updates",
      title + HTMLText.definitions(rows) + (update.products.isEmpty ? "" : HTMLText.list(update.products)))
  }

  private var rows: [(key: String, value: String)] {
    func list(_ updates: [KnowledgeStore.Supersedence]) -> String {
      updates.isEmpty
        ? "nothing that the catalogue states"
        : updates.map { KnowledgeStore.StoredUpdate.id($0.name) + ($0.isInferred ? " (inferred)" : "") }
          .joined(separator: ", ")
    }
    var rows: [(key: String, value: String)] = []
    if let published = update.published { rows.append(("published", published)) }
    if let severity = update.severity { rows.append(("severity", severity)) }
    rows.append(("replaces", list(update.supersedes)))
    let earlier = update.supersedesAll.filter { one in !update.supersedes.contains { $0.name == one.name } }
    if !earlier.isEmpty { rows.append(("and through these", list(earlier))) }
    rows.append(("replaced by", list(update.supersededBy) + (update.supersededBy.count > 1 ? " (alternatives)" : "")))
    let later = update.supersededByAll.filter { one in !update.supersededBy.contains { $0.name == one.name } }
    if !later.isEmpty { rows.append(("and through these", list(later))) }
    if !update.newest.isEmpty {
      let names = update.newest.map(KnowledgeStore.StoredUpdate.id).joined(separator: ", ")
      rows.append(("newest", names + (update.newest.count > 1 ? " (any of them)" : "")))
    }
    if !update.ring.isEmpty {
      let names = update.ring.map(KnowledgeStore.StoredUpdate.id).joined(separator: ", ")
      rows.append(("no order", "the catalogue says that it and these replace each other: \(names)"))
    }
    if (update.supersedesAll + update.supersededByAll).contains(where: \.isInferred) {
      rows.append(("inferred", "stated by nobody; both are cumulative updates of one component and product"))
    }
    return rows
  }
}

/// What lists say of a pool tag: the bundled one, and those that were imported.
public struct TagOwnerReport: Hashable, Sendable {
  public var tag: String
  public var binary: String?
  public var description: String?
  /// `bundled` or `imported`.
  public var source: String

  public init(tag: String, binary: String?, description: String? = nil, source: String) {
    self.tag = tag
    self.binary = binary
    self.description = description
    self.source = source
  }

  var json: JSONValue {
    .members([
      ("tag", .string(tag)), ("binary", .optional(binary)), ("description", .optional(description)),
      ("source", .string(source)),
    ])
  }

  var text: String {
    let what = description.map { ": " + $0 } ?? ""
    let list = source == "imported" ? "imported list of tags" : "bundled list of tags"
    return "pool tag \(tag) belongs to \(binary ?? "an unknown binary")\(what) (\(list); any driver may use any tag)"
  }
}
