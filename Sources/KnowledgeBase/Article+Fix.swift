extension ArticleDocument {
  /// What an article offers against the problem, in the order in which the text offers it.
  struct Remedy: Sendable {
    var kinds: [FixKind] = []
    var hotfixAvailable: Bool?
    var workarounds = 0
  }

  func remedy(_ paragraphs: [ArticleParagraph]) -> Remedy {
    var remedy = Remedy()
    var resolutionOffers = false
    func offer(_ kind: FixKind) {
      if !remedy.kinds.contains(kind) { remedy.kinds.append(kind) }
    }
    for paragraph in paragraphs where Self.speaksOfFix(paragraph) {
      let offers = Self.offers(paragraph)
      for kind in offers { offer(kind) }
      if paragraph.section == .resolution,
        !offers.isEmpty || paragraph.phrases.holdsAny(PassagePhrases.fixReferences)
      {
        resolutionOffers = true
      }
      // `WORKAROUND: This problem has been fixed in Service Pack 2` is none.
      let isFixAlone =
        !offers.isEmpty && paragraph.phrases.holdsAny(PassagePhrases.fixReferences)
        && paragraph.text.sentences().count == 1
      if paragraph.section == .workaround && !isFixAlone || paragraph.phrases.holdsAny(PassagePhrases.workarounds) {
        offer(.workaround)
      }
    }
    let resolution = paragraphs.filter { $0.section == .resolution }
    // What a resolution offers when it is neither: steps, a setting, another maker's update.
    if !resolutionOffers, !remedy.kinds.contains(.hotfix), resolution.contains(where: { $0.bytes.count > 20 }) {
      offer(Self.changesConfiguration(resolution) ? .configuration : .workaround)
    }
    if remedy.kinds.isEmpty, paragraphs.contains(where: { $0.phrases.holdsAny(PassagePhrases.settings) }) {
      offer(.configuration)
    }
    remedy.workarounds = workarounds(paragraphs, remedy.kinds)
    if remedy.kinds.isEmpty, isCutBeforeResolution(paragraphs) { return remedy }
    remedy.hotfixAvailable = remedy.kinds.contains(.hotfix)
    if remedy.kinds.isEmpty { remedy.kinds = [.none] }
    return remedy
  }

  private static func speaksOfFix(_ paragraph: ArticleParagraph) -> Bool {
    switch paragraph.section {
    case .appliesTo, .references, .properties, .cause: false
    default: true
    }
  }

  /// The kinds a passage offers, in the order of its sentences.
  private static func offers(_ paragraph: ArticleParagraph) -> [FixKind] {
    guard paragraph.phrases.holdsAny(PassagePhrases.offers) else { return [] }
    var kinds: [FixKind] = []
    for range in paragraph.text.sentences() {
      let sentence = FoldedBytes(Array(paragraph.bytes[range]))
      if sentence.containsAny(FixPhrases.notYet) { continue }
      let isServicePack = holdsServicePack(sentence)
      let isHotfix = sentence.containsAny(FixPhrases.hotfix)
      if isServicePack, !kinds.contains(.servicePack) { kinds.append(.servicePack) }
      if isHotfix, !kinds.contains(.hotfix) { kinds.append(.hotfix) }
    }
    return kinds
  }

  /// `obtain the latest service pack`, `was corrected in … Service Pack 5`. The advice to wait for the next one, and the
  /// rollup that is named after a service pack, hold no fix yet or another kind of it.
  private static func holdsServicePack(_ sentence: FoldedBytes) -> Bool {
    guard sentence.contains("service pack"),
      !sentence.containsAny(["wait for", "rollup", "next service pack", "requires "])
    else { return false }
    if sentence.containsAny(FixPhrases.correctedIn) { return true }
    return sentence.containsAny(FixPhrases.toResolve) && sentence.containsAny(FixPhrases.obtainServicePack)
  }

  private static func changesConfiguration(_ resolution: [ArticleParagraph]) -> Bool {
    resolution.contains { $0.phrases.holdsAny(PassagePhrases.editors) }
  }

  /// `Method 1`, `Workaround 2` where the workarounds are numbered; else one where there is one at all.
  private func workarounds(_ paragraphs: [ArticleParagraph], _ kinds: [FixKind]) -> Int {
    guard kinds.contains(.workaround) else { return 0 }
    let hasSection = places.contains { $0.section == .workaround }
    var numbers: Set<Int> = []
    for index in text.lines.indices.prefix(footer) where roles[index] == .text || roles[index] == .heading {
      let section = places[index].section
      guard hasSection ? section == .workaround : [.resolution, .body, .symptoms, .moreInformation].contains(section)
      else { continue }
      for word in ["method ", "workaround "] where text.hasPhrase(word, line: index) {
        let line = text.folded(index)
        let digits = line.bytes[word.utf8.count...].prefix { $0.isDigit }
        if let number = ArticleDate.number(digits), (1...20).contains(number) { numbers.insert(number) }
      }
    }
    // Steps that each have methods are one way, not as many as their methods.
    let isStepwise =
      paragraphs.contains { $0.text.hasPhrase("step 1:", at: 0) }
      || text.lines.indices.contains {
        places[$0].section == .resolution && text.hasPhrase("step 1:", line: $0)
      }
    return isStepwise ? 1 : max(1, numbers.count, alternatives(paragraphs, hasSection: hasSection))
  }

  /// Items of the longest list that is announced as one of ways: `one of the following workarounds:`. An item that is the fix is
  /// none of them.
  private func alternatives(_ paragraphs: [ArticleParagraph], hasSection: Bool) -> Int {
    var most = 0
    var list: (place: Place, indent: Int?, ways: Int)?
    for paragraph in paragraphs where paragraph.section == (hasSection ? .workaround : .resolution) {
      if paragraph.phrases.holdsAny(PassagePhrases.alternatives) {
        list = (paragraph.place, nil, 0)
      } else if let (place, first, ways) = list, paragraph.place == place, isListItem(paragraph.line) {
        let indent = text.lines[paragraph.line].indent
        let isWay = indent == first ?? indent && !paragraph.phrases.holdsAny(PassagePhrases.fixItems)
        list = (place, first ?? indent, min(Self.maximumAlternatives, ways + (isWay ? 1 : 0)))
        most = max(most, list?.ways ?? 0)
      }
    }
    return max(most, separated(hasSection: hasSection))
  }

  /// Ways with a line `- or -` between them, where the text announces several: elsewhere it stands between steps.
  private func separated(hasSection: Bool) -> Int {
    var marks = 0
    for index in text.lines.indices.prefix(footer) where text.lines[index].content.count <= 8 {
      guard places[index].section == (hasSection ? .workaround : .resolution) else { continue }
      let letters = text.bytes[text.lines[index].content].filter(\.isLetter).map(\.folded)
      if letters == [0x6F, 0x72], text.bytes[text.lines[index].content].first == ASCII.hyphen { marks += 1 }
    }
    return hasSection && marks > 0 && marks < Self.maximumAlternatives ? marks + 1 : 0
  }

  /// A longer list is a procedure.
  private static let maximumAlternatives = 12

  /// A page cut off before it says how to resolve the problem: it breaks off inside a sentence, and in a section that
  /// others follow.
  private func isCutBeforeResolution(_ paragraphs: [ArticleParagraph]) -> Bool {
    guard layout != .archive, let last = paragraphs.last, let end = last.bytes.last else { return false }
    guard [.body, .symptoms, .cause, .summary, .resolution].contains(last.section) else { return false }
    return end.isAlphanumeric || end == ASCII.comma
  }
}

/// The sentences' words by which a fix is told. Lower case.
enum FixPhrases {
  /// A resolution that points to a fix described elsewhere is no procedure.
  static let references = [
    "fix mentioned below", "hotfix mentioned below", "fix described below", "hotfix described below", "been fixed",
    "has modified the", "has been revised", "been corrected", "was corrected", "software update", "security rollup",
  ]
  /// Where settings are changed.
  static let editors = [
    "registry editor", "regedt32", "regedit", "config.sys", "system.ini", "win.ini", "hkey_local",
  ]
  /// Behind a language's name.
  static let versions =
    ["hotfix", "fix", "update", "patch", "security", "revised"].map { " version of this " + $0 } + [
      " version of this package", " version of the fix", " version of the hotfix",
    ]
  static let notYet = ["is in development", "not yet available", "no fix is available"]
  static let hotfix = [
    "supported fix", "supported hotfix", "supported update", "supported feature that modifies",
    "obtain the following fix",
    "obtain the following hotfix", "individual software update", "individual package", "to obtain the fix",
    "to obtain the hotfix", "obtain the hotfix", "hotfix is available", "for a new hotfix version",
    "files are available for download", "file is available for download",
    "obtain the security rollup", "security rollup package", "hotfix has been posted", "fix has been posted",
    "update has been revised", "this hotfix is also available", "hotfix rollup package", "patch is available",
    "released a patch",
    "hotfix download is available",
  ]
  static let correctedIn = [
    "corrected in", "fixed in", "resolved in", "corrected by", "fixed by", "included in", "corrected with",
  ]
  static let toResolve = [
    "to resolve", "to correct", "to fix", "to work around", "to eliminate", "obtain the latest", "install the latest",
    "apply the latest", "upgrade to",
  ]
  static let obtainServicePack = ["obtain", "install", "apply", "upgrade", "get the"]
  static let workarounds = [
    "to work around this", "to work around the", "to workaround this", "can be worked around by",
    "to avoid this problem",
    "as a workaround",
  ]
  static let alternatives = [
    "one of the following", "either of the following", "any of the following", "one of these", "following workarounds",
    "following methods", "appropriate method",
  ]
  static let fixItems = ["hotfix", "service pack", "obtain the fix", "the fix mentioned"]
  static let settings = [
    "disable the following line in", "add the following line to", "remove the following line from",
    "change the following line in",
  ]
}
