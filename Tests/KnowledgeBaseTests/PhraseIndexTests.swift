import Testing

@testable import KnowledgeBase

/// The automaton finds what a plain search for each phrase finds, no more and no less.
@Suite struct PhraseIndexTests {
  static let seed: UInt64 = 0x0F17_5EED

  @Test func phrasesInsideAndBehindEachOtherAreFound() {
    let phrases = ["he", "she", "his", "hers", "s", "a b", ".", "ers x"]
    let index = PhraseIndex(phrases)
    for text in ["ushers", "USHERS X", "", "a b.", "hishehers", "a  b", "h", "\u{2022}she\u{2022}"] {
      let folded = FoldedBytes(text)
      for phrase in phrases {
        #expect(
          index.phrases(in: folded.bytes).holdsAny(index.set([phrase])) == folded.contains(phrase),
          "'\(phrase)' in '\(text)'")
      }
    }
  }

  @Test func randomTextsGiveWhatAPlainSearchGives() {
    var random = SplitMix64(seed: Self.seed)
    let letters = Array("abAB _".utf8)
    func text(_ length: ClosedRange<Int>) -> [UInt8] {
      (0..<Int.random(in: length, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0x20 }
    }
    for round in 0..<200 {
      let phrases = Set((0..<40).map { _ in String(decoding: text(1...6).map(\.folded), as: UTF8.self) })
      let index = PhraseIndex(phrases.sorted())
      let folded = FoldedBytes(text(0...60))
      let found = index.phrases(in: folded.bytes)
      for phrase in phrases {
        #expect(
          found.holdsAny(index.set([phrase])) == folded.contains(phrase),
          "'\(phrase)' in '\(folded.string)', round \(round), seed \(Self.seed)")
      }
    }
  }

  @Test func aRangeIsSearchedAlone() {
    let index = PhraseIndex(["stop", "op e"])
    let text = Array("a stop error".utf8)
    #expect(index.phrases(in: text, 2..<6).holdsAny(index.set(["stop"])))
    #expect(!index.phrases(in: text, 2..<6).holdsAny(index.set(["op e"])))
    #expect(index.phrases(in: text, 3..<8) == index.set(["op e"]))
  }

  @Test func theIndexOfPassagesHoldsTheMechanismsTerms() {
    #expect(!PassagePhrases.mechanisms.isEmpty)
    let stated = PassagePhrases.index.phrases(in: Array("A Race Condition occurs.".utf8))
    #expect(stated.holdsAny(PassagePhrases.mechanisms))
    let unstated = PassagePhrases.index.phrases(in: Array("Nothing occurs.".utf8))
    #expect(!unstated.holdsAny(PassagePhrases.mechanisms))
  }
}
