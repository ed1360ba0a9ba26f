import Facts

extension ArticleDocument {
  /// Below this no mechanism is taken from the words: one mention outside the cause section is too little.
  private static let leastScore = 2.0
  /// At most this many passages of a kind count, so that a long list of causes does not win by its length.
  private static let passagesCounted = 8

  /// How something failed, by the words of title, cause and symptoms; `other` where a cause is stated in other words,
  /// `none` where none is stated.
  func mechanism(title: String?, _ paragraphs: [ArticleParagraph]) -> (mechanism: Mechanism, reason: String) {
    var scores: [Mechanism: Double] = [:]
    var reasons: [Mechanism: String] = [:]
    var counted: [ArticleSection: Int] = [:]
    var statesCause = false
    func weigh(_ bytes: [UInt8], _ phrases: PhraseSet, _ factor: Double, _ place: String) {
      guard phrases.holdsAny(PassagePhrases.mechanisms) else { return }
      let text = FoldedBytes(bytes)
      for term in MechanismTerm.indexed where phrases.holdsAll(term.set) && term.term.stands(in: text) {
        let term = term.term
        scores[term.mechanism, default: 0] += term.weight * factor
        if reasons[term.mechanism] == nil { reasons[term.mechanism] = "'\(term.phrase)' in the \(place)" }
      }
    }
    if let title {
      let bytes = Array((" " + title + " ").utf8)
      weigh(bytes, PassagePhrases.index.phrases(in: bytes), 1.5, "title")
    }
    for paragraph in paragraphs where !paragraph.isListing || paragraph.section == .cause {
      let isCause = paragraph.section == .cause || Self.explains(paragraph)
      if isCause { statesCause = true }
      guard paragraph.place.part == nil || isCause else { continue }
      counted[paragraph.section, default: 0] += 1
      guard let count = counted[paragraph.section], count <= Self.passagesCounted else { continue }
      switch paragraph.section {
      case .cause: weigh(paragraph.bytes, paragraph.phrases, 2, "cause")
      case .symptoms, .summary: weigh(paragraph.bytes, paragraph.phrases, isCause ? 1.5 : 0.75, "symptoms")
      case .body: weigh(paragraph.bytes, paragraph.phrases, isCause ? 2 : 0.75, "text")
      case .resolution, .moreInformation: weigh(paragraph.bytes, paragraph.phrases, 0.4, "resolution")
      default: break
      }
    }
    let order = Mechanism.allCases
    let best = order.max { a, b in
      (scores[a] ?? 0, order.firstIndex(of: b) ?? 0) < (scores[b] ?? 0, order.firstIndex(of: a) ?? 0)
    }
    if let best, let score = scores[best], score >= (statesCause ? Self.leastScore : 1.5) {
      return (best, reasons[best] ?? "")
    }
    return statesCause ? (.other, "a cause is stated in other words") : (.none, "no cause is stated")
  }

  /// `This problem occurs because …` outside a cause section.
  private static func explains(_ paragraph: ArticleParagraph) -> Bool {
    guard [.body, .symptoms, .summary].contains(paragraph.section), paragraph.place.part == nil else { return false }
    return paragraph.phrases.holdsAny(PassagePhrases.explanations)
  }

  static let explanations = [
    "issue occurs because", "problem occurs because", "behavior occurs because", "error occurs because",
    "is caused by", "are caused by", "problem is due to",
  ]
}

/// A row of the terms' table, ready for the search.
struct MechanismTerm: Sendable {
  let mechanism: Mechanism
  let phrase: String
  let weight: Double
  /// One part, or two with a few words between them: `frees … twice`.
  let parts: [[UInt8]]

  var phrases: [String] { parts.map { String(decoding: $0, as: UTF8.self) } }

  static let longestGap = 60

  static let all: [MechanismTerm] = ArticleMechanismTerms.table.flatMap { mechanism, terms in
    terms.map { phrase, weight in
      let parts = phrase.split(separator: "…", maxSplits: 1).map { Array($0.utf8) }
      return MechanismTerm(mechanism: mechanism, phrase: phrase, weight: weight, parts: parts)
    }
  }

  /// With the phrases that a text must hold.
  static let indexed: [(term: MechanismTerm, set: PhraseSet)] = all.map { ($0, PassagePhrases.index.set($0.phrases)) }

  /// Of a text that holds all parts.
  func stands(in text: FoldedBytes) -> Bool {
    guard parts.count == 2 else { return true }
    guard let first = parts.first, let found = findBytes(first, in: text.folded, from: 0, to: text.count) else {
      return false
    }
    // The space before the gap may be the one behind it.
    let start = found + first.count - 1
    return findBytes(parts[1], in: text.folded, from: start, to: min(text.count, start + Self.longestGap)) != nil
  }
}
