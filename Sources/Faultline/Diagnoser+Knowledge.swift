import Facts
import KnowledgeBase
import KnowledgeStore
import Matching

extension Diagnoser {
  /// Imported articles in one report: so many that people look at, and of those ruled out so many that show why.
  static let maximumImported = 20
  static let maximumRuledOut = 5

  /// Findings of the catalogue and of imported articles, weighed by the one matcher.
  func findings(facts: [Fact], machine: Machine, _ missing: inout [Missing]) -> [Finding] {
    guard let store else { return Matcher(knownIssues(&missing)).findings(facts: facts, machine: machine) }
    let observations = facts.filter { $0.kind == .observation }
    var candidates: [Candidate] = []
    do {
      candidates = try store.candidates(CandidateQuery(facts: facts, observations: observations.map(\.text)))
    } catch {
      missing.append(Missing("knowledgeBase", because: .malformed, detail: error.description))
    }
    let catalogue = knownIssues(&missing)
    // What we wrote by hand about an article says more than what its text gives by rule.
    let known = Set(catalogue.map { Self.key($0.id) })
    candidates.removeAll { known.contains(Self.key($0.issue.id)) }
    var observed = Observations(observations)
    for index in candidates.indices { candidates[index].addTextCondition(&observed) }
    let relevance = Dictionary(candidates.map { ($0.issue.id, $0.relevance) }) { first, _ in first }
    let groups = Dictionary(candidates.compactMap { one in one.group.map { (one.issue.id, $0) } }) { first, _ in first }
    let all = Matcher(catalogue + candidates.map(\.issue)).findings(
      facts: facts, machine: machine, relevance: relevance)
    return shortened(all, imported: relevance, groups: groups)
  }

  /// Whom the imported list of tags names as the owner of a tag that stands out: for people to read, not for matching, because
  /// any driver may use any tag.
  func nameTagOwners(_ facts: inout [Fact]) {
    guard let store else { return }
    for index in facts.indices where facts[index].kind == .poolUse {
      guard case .poolTag(let tag)? = facts[index].attributes["tag"],
        let owners = try? store.owners(ofTag: tag.description), let owner = owners.first
      else { continue }
      let binary = owner.binary.map { "belongs to \($0)" } ?? "has no known binary"
      let what = owner.description.isEmpty ? "" : " (\(owner.description))"
      facts[index].text += " By the imported list of tags it \(binary)\(what)."
    }
  }

  private static func key(_ id: String) -> String { ArticleNumber(id).map { "\($0.rawValue)" } ?? id }

  /// Near-duplicates under the first of their group, and no more imported articles than anybody reads.
  private func shortened(_ all: [Finding], imported: [String: Double], groups: [String: Int64]) -> [Finding] {
    var kept: [Finding] = []
    var places: [Int64: Int] = [:]
    var open = 0
    var ruledOut = 0
    for finding in all {
      guard imported[finding.issue.id] != nil else {
        kept.append(finding)
        continue
      }
      if let group = groups[finding.issue.id], finding.verdict != .ruledOut {
        if let place = places[group] {
          kept[place].nearDuplicates.append(finding.issue.id)
          continue
        }
        places[group] = kept.count
      }
      if finding.verdict == .ruledOut {
        ruledOut += 1
        if ruledOut <= Self.maximumRuledOut { kept.append(finding) }
      } else {
        open += 1
        if open <= Self.maximumImported {
          kept.append(finding)
        } else if let group = groups[finding.issue.id] {
          places[group] = nil
        }
      }
    }
    return kept
  }
}

/// What people observed, and which of it holds a word; a hundred articles ask for the same few words.
private struct Observations {
  let facts: [Fact]
  private let texts: [[UInt8]]
  private var places: [String: [Int]] = [:]

  init(_ facts: [Fact]) {
    self.facts = facts
    texts = facts.map { Array($0.text.lowercased().utf8) }
  }

  /// The observations that hold a word, by their place.
  mutating func places(of word: String) -> [Int] {
    if let known = places[word] { return known }
    let needle = Array(word.utf8)
    let found = texts.indices.filter { index in
      let text = texts[index]
      return text.indices.contains { text[$0...].starts(with: needle) }
    }
    places[word] = found
    return found
  }
}

extension Candidate {
  /// Words in common are a reason like any other: stated, and weak.
  fileprivate mutating func addTextCondition(_ observations: inout Observations) {
    var shown: [String] = []
    var agreeing: Set<Int> = []
    for word in words where word.utf8.count > 2 {
      let places = observations.places(of: word)
      agreeing.formUnion(places)
      if !places.isEmpty, shown.count < 6 { shown.append(word) }
    }
    guard !agreeing.isEmpty else { return }
    let facts = agreeing.sorted().map { observations.facts[$0] }
    issue.conditions.append(
      Condition(
        "the article's text speaks of what was observed (\(shown.joined(separator: ", ")))", effect: .weak, weight: 0.3,
        clauses: [
          Clause(.observation, ["words": .anyOf(facts.map { .matches(Operand(literal: $0.text)) })])
        ]))
  }
}
