import Facts

extension ArticleLayout {
  /// Not an article's text, but a bundled known issue shown as one.
  public static let catalogue = ArticleLayout(rawValue: "catalogue")
}

extension KnownIssue {
  /// The issue in the fields of an article, so that `kb show` and `kb export` have one form for both.
  public var article: Article {
    var article = Article(layout: .catalogue)
    article.id = id
    article.title = title
    article.mechanism = mechanism
    article.products = affected.map(\.product).uniqued
    article.stopCodes = terms(.stop, "code").compactMap { text in
      parseHexadecimal(text).flatMap { UInt32(exactly: $0) }.map { StopCode($0) }
    }
    article.poolTags = poolTags
    article.drivers = drivers
    article.symbols = symbols
    article.fixKind = fixes.map(\.kind).uniqued
    if !workarounds.isEmpty { article.fixKind.append(.workaround) }
    article.hotfixAvailable = fixes.isEmpty ? nil : fixes.contains { $0.kind == .hotfix }
    article.requires = update.requires.map(\.description)
    article.replaces = replaces
    article.supersededBy = supersededBy
    article.restartRequired = restartRequired
    article.registryChange = registryChange
    article.workarounds = workarounds.count
    article.references = references
    article.lastReviewed = lastReviewed
    article.files = files.map { file in
      ArticleFile(
        name: file.name, version: file.version?.description, size: file.size, date: file.date, time: file.time,
        platform: file.architecture?.rawValue, servicePack: file.servicePack?.description,
        serviceBranch: file.branch?.rawValue, group: file.product)
    }
    return article
  }

  /// Tags the conditions look for.
  public var poolTags: [String] {
    (terms(nil, "tag") + terms(.poolInStep, "tags").flatMap { $0.split(separator: ",").map(String.init) }).uniqued
  }

  /// Binaries the conditions look for or the fix replaces; lower-case.
  public var drivers: [String] {
    (terms(nil, "module") + terms(nil, "client") + files.map(\.name)).map { $0.lowercased() }
      .filter { $0.contains(".") && !$0.contains("*") }.uniqued
  }

  /// Whole symbols, no patterns.
  public var symbols: [String] { terms(nil, "symbol").filter { !$0.contains("*") }.uniqued }

  /// Literals that conditions speaking for the issue ask of an attribute.
  func terms(_ kind: FactKind?, _ attribute: FactAttribute) -> [String] {
    conditions.filter { $0.effect != .contradicts }.flatMap(\.clauses)
      .filter { !$0.absent && (kind == nil || $0.kind == kind) }
      .flatMap { $0.constraints[attribute]?.positiveOperands ?? [] }
      .map(\.text).uniqued
  }
}

extension Prerequisite: CustomStringConvertible {
  public var description: String {
    [product, servicePack.map { "service pack \($0)" }, update].compactMap { $0 }.joined(separator: " ")
  }
}

extension Array where Element: Hashable {
  /// First occurrences, in order.
  var uniqued: [Element] {
    var seen: Set<Element> = []
    return filter { seen.insert($0).inserted }
  }
}
