import Facts

extension Article {
  /// Reads an article of any layout.
  ///
  /// Never fails: what a text does not state stays nil or empty, and of a layout without a name is read what its headings
  /// and sentences give. Text: UTF-8, UTF-16 or code page 1252, any line ends; `ArticleText.maximumBytes` are read.
  public static func parse(_ bytes: [UInt8]) -> Article { Article(parsing: bytes) }

  public init(parsing bytes: [UInt8]) {
    var text = ArticleText(decoding: bytes)
    let (layout, reason) = ArticleLayout.detect(text)
    let limits = text.limitsReached
    if layout == .oneLine { text = ArticleText(normalised: ArticleUngluing.unglue(text.bytes)) }
    if layout == .markdown { text = ArticleText(normalised: ArticleMarkdown.plain(text)) }
    var document = ArticleDocument(text, layout: layout)
    self.init(layout: layout)
    layoutReason = reason
    files = document.readFileTables()
    let paragraphs = document.paragraphs()
    id = document.id()
    title = document.title()
    documentDate = document.documentDate()
    (lastReviewed, revision) = document.review()
    products = document.products()
    let errors = document.stopErrors(title: title, paragraphs)
    stopCodes = errors.codes
    stopParameters = errors.parameters
    bugcheckNames = errors.names
    poolTags = document.poolTags(title: title, paragraphs)
    drivers = document.drivers(title: title, paragraphs)
    symbols = document.symbols(paragraphs)
    (mechanism, mechanismReason) = document.mechanism(title: title, paragraphs)
    let remedy = document.remedy(paragraphs)
    fixKind = remedy.kinds
    hotfixAvailable = remedy.hotfixAvailable
    workarounds = remedy.workarounds
    requires = document.requirements(paragraphs)
    (replaces, supersededBy) = document.replacements(own: id, paragraphs)
    restartRequired = document.restartRequired(paragraphs)
    registryChange = document.registryChange(paragraphs)
    references = document.references(own: id)
    document.fillPrinted(&self, paragraphs)
    correctedIn = document.correctedIn(paragraphs, keywords: keywords)
    eventIDs = document.eventIDs(title: title, paragraphs)
    limitsReached = limits + document.limitsReached + listsAtLimit()
  }

  /// The lists that hold as many values as are read.
  private func listsAtLimit() -> [String] {
    let counts = [
      ("stop codes", stopCodes.count), ("stop parameters", stopParameters.count), ("pool tags", poolTags.count),
      ("drivers", drivers.count), ("symbols", symbols.count), ("prerequisites", requires.count),
      ("replaced articles", replaces.count), ("superseding articles", supersededBy.count),
    ]
    return counts.filter { $0.1 >= Self.maximumValues }.map {
      "\($0.0): the first \(Self.maximumValues) are read, and the text may name more"
    }
  }
}
