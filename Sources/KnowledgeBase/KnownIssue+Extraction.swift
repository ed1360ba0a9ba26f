import Facts

extension KnownIssue {
  /// What an imported article's text gives a matcher: the same type as the bundled issues, with conditions made from the terms
  /// the text names.
  ///
  /// The rules are data: `Extraction/Rules.tsv`.
  ///
  /// A text says what was seen, not what sets the defect apart from its look-alikes. Extraction therefore states nothing as
  /// decisive but one thing: allocations of the article's tag, growing, that lead to the article's driver. All else supports
  /// at most, so that an imported article alone reaches `probable`.
  ///
  /// - Parameter id: stands in where the text prints no number.
  /// - Parameter rarity: how common the names are that the evidence holds; scales the conditions' weights.
  public init?(extractedFrom article: Article, id fallback: String? = nil, rarity: TermRarity = .unknown) {
    guard let id = article.id ?? fallback else { return nil }
    self.init(id: id, title: article.title ?? id, mechanism: article.mechanism)
    let names = ExtractedNames(article, rarity)
    conditions = ExtractionRules.bundled.rules.compactMap { names.condition($0) }
    affected =
      article.products.map { AffectedProduct(product: $0, servicePacks: servicePacksNamed(in: $0)) }
      + article.correctedIn.map { AffectedProduct(product: $0.product, fixedIn: ServicePack($0.servicePack)) }
    var headings: [String: TableHeading] = [:]
    files = article.files.map { FixedFile($0, &headings) }
    lastReviewed = article.lastReviewed ?? article.documentDate
    fileTable = files.isEmpty ? .none : .partial
    fixes = article.fixKind.filter { $0 == .hotfix || $0 == .servicePack }.map { kind in
      Fix(
        kind, id: kind == .hotfix ? article.id : nil,
        requires: kind == .hotfix ? article.requires.compactMap { Prerequisite(printed: $0) } : [],
        restart: article.restartRequired)
    }
    replaces = article.replaces
    supersededBy = article.supersededBy
    references = article.references
    restartRequired = article.restartRequired
    registryChange = article.registryChange
  }
}

/// What the heading above rows says; hundreds of rows share one, and taking it apart is slow.
private struct TableHeading {
  /// The heading itself, where it names one product.
  let product: String?
  let servicePack: ServicePack?
  let architecture: Architecture?

  init(_ text: String) {
    let folded = text.lowercased()
    product = folded.contains("windows") && !folded.contains(" and ") ? text : nil
    servicePack = servicePackNamed(in: text)
    architecture = platformNamed(in: text).flatMap { Architecture(named: $0) }
  }
}

extension FixedFile {
  /// A printed row. The heading's product is taken only where it names one.
  fileprivate init(_ file: ArticleFile, _ headings: inout [String: TableHeading]) {
    func heading(_ text: String) -> TableHeading {
      if let known = headings[text] { return known }
      let heading = TableHeading(text)
      headings[text] = heading
      return heading
    }
    let group = file.group.map(heading)
    self.init(
      name: file.name, version: file.version.flatMap { FileVersion($0) }, size: file.size, date: file.date,
      time: file.time,
      architecture: file.platform.map { Architecture(named: $0) } ?? group?.architecture,
      product: group?.product, servicePack: file.servicePack.map(heading)?.servicePack ?? group?.servicePack,
      branch: file.serviceBranch.flatMap { ServicingBranch(named: $0) })
  }
}

extension Prerequisite {
  /// `Windows XP Service Pack 2 or later`; nil where no service pack is named.
  init?(printed text: String) {
    guard let pack = servicePackNamed(in: text) else { return nil }
    self.init(product: text.lowercased().contains("windows") ? text : nil, servicePack: pack)
  }
}

/// The first `Service Pack 2`, `SP2` or `SP6a` of a text.
private func servicePackNamed(in text: String) -> ServicePack? {
  let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }
  for (index, word) in words.enumerated() {
    if word == "pack", index + 1 < words.count, let pack = ServicePack(words[index + 1]) { return pack }
    if word.hasPrefix("sp") {
      // `SP2QFE` is service pack 2 of the limited branch.
      let digits = word.dropFirst(2).prefix { $0.isNumber }
      if !digits.isEmpty { return ServicePack(word) ?? ServicePack(digits) }
    }
  }
  return nil
}

/// The service packs that a line of an article's product list names: `versions 4.0, 4.0 SP4, 4.0 SP5` is none, 4 and 5. Empty
/// where it names none: then it means all of them.
private func servicePacksNamed(in text: String) -> [ServicePack] {
  guard text.holdsBytes(of: "SP") || text.holdsBytes(of: "Service Pack") else { return [] }
  let parts = text.split(separator: ",")
  var packs = parts.compactMap { servicePackNamed(in: String($0)) }
  guard !packs.isEmpty else { return [] }
  // A version that stands by itself beside the same with a service pack is the product as released.
  let isListed = parts.contains { part in
    servicePackNamed(in: String(part)) == nil && part.contains { $0.isNumber }
  }
  if isListed { packs.append(ServicePack(0)) }
  return packs.uniqued.sorted()
}

/// The architecture a heading names: `x86-based versions`.
private func platformNamed(in text: String) -> String? {
  let words = text.lowercased().split { $0 == " " || $0 == "," || $0 == "(" || $0 == ")" }
  return words.first { word in ["x86", "x64", "ia64", "ia-64", "itanium", "amd64"].contains { word.hasPrefix($0) } }
    .map(String.init)
}

extension String {
  /// `contains` of the standard library compares characters, which is slow where every product line of every article is asked.
  fileprivate func holdsBytes(of needle: StaticString) -> Bool {
    let count = needle.utf8CodeUnitCount
    return needle.withUTF8Buffer { needle in
      var text = self
      return text.withUTF8 { text in
        guard count > 0, text.count >= count else { return false }
        return (0...(text.count - count)).contains { start in
          (0..<count).allSatisfy { text[start + $0] == needle[$0] }
        }
      }
    }
  }
}
