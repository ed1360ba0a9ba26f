import Facts
import KnowledgeBase

extension Article {
  /// `faultline.article/1`. Lists are always there; what the text does not state is absent.
  public var json: JSONValue {
    .members([
      schema("article"), ("id", .optional(id)), ("title", .optional(title)), ("layout", .string(layout.rawValue)),
      ("products", .strings(products)), ("stopCodes", .strings(stopCodes.map(\.description))),
      ("stopParameters", .array(stopParameters.map { .strings($0) })), ("bugcheckNames", .strings(bugcheckNames)),
      ("poolTags", .strings(poolTags)), ("drivers", .strings(drivers)), ("symbols", .strings(symbols)),
      ("mechanism", .string(mechanism.rawValue)), ("fixKind", .strings(fixKind.map(\.rawValue))),
      ("hotfixAvailable", hotfixAvailable.map { .bool($0) }), ("requires", .strings(requires)),
      ("replaces", .strings(replaces)),
      ("supersededBy", .strings(supersededBy)), ("restartRequired", restartRequired.map { .bool($0) }),
      ("registryChange", registryChange.map { .bool($0) }), ("workarounds", .count(workarounds)),
      ("files", .array(files.map(\.json))), ("references", .strings(references)),
      ("lastReviewed", .optional(lastReviewed)),
      ("revision", .optional(revision)), ("documentDate", .optional(documentDate)),
      ("keywords", keywords.isEmpty ? nil : .strings(keywords)),
      ("hardware", hardware.isEmpty ? nil : .strings(hardware)),
      ("technology", technology.isEmpty ? nil : .strings(technology)), ("issueType", .optional(issueType)),
      ("solutionType", .optional(solutionType)), ("languages", languages.isEmpty ? nil : .strings(languages)),
      (
        "correctedIn",
        correctedIn.isEmpty
          ? nil
          : .array(
            correctedIn.map {
              .members([
                ("product", .string($0.product)),
                ("servicePack", ServicePack($0.servicePack).map { .servicePack($0) } ?? .string($0.servicePack)),
              ])
            })
      ),
      ("eventIds", eventIDs.isEmpty ? nil : .strings(eventIDs)),
    ])
  }
}

extension ArticleFile {
  var json: JSONValue {
    .members([
      ("name", .string(name)), ("version", .optional(version)), ("size", size.map { .count($0) }),
      ("date", .optional(date)),
      ("time", .optional(time)), ("platform", .optional(platform)), ("servicePack", .optional(servicePack)),
      ("serviceBranch", .optional(serviceBranch)), ("group", .optional(group)),
    ])
  }
}
