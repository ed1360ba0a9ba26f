import Facts
import KnowledgeBase
import Matching

extension Diagnoser {
  /// What a known issue has a workaround for, with what the registry at hand says of the setting that makes it: clients that
  /// ask again and again for changes in whole trees, and the policy that stops them.
  static func withSettings(_ facts: [Fact], _ issues: [KnownIssue]) -> [Fact] {
    var result = facts
    for workaround in issues.flatMap(\.workarounds) {
      guard let when = workaround.when, let setting = workaround.inPlace?.anyValue else { continue }
      let state = Set(setting.facts(in: facts).map(\.text)).sorted()
      guard !state.isEmpty else { continue }
      for index in facts.indices where !when.facts(in: [facts[index]]).isEmpty {
        result[index].text += " " + state.joined(separator: " ")
      }
    }
    return result
  }

  /// What a dump and a capture say together: the sender whose address lies in memory near the crash stack is one whose frames
  /// are malformed. One sentence for each address.
  public static func joinedSenders(_ facts: [Fact], _ pieces: [EvidencePiece]) -> [Fact] {
    var seen: Set<String> = []
    return facts.filter { $0.kind == .packetSender }.compactMap { sender in
      guard let address = sender["address"]?.description,
        let malformed = facts.first(where: { $0.kind == .malformedFrame && $0["source"]?.description == address }),
        malformed.evidence != sender.evidence, seen.insert(address).inserted
      else { return nil }
      let capture = malformed.evidence.flatMap { pieces.indices.contains($0) ? pieces[$0].path : nil } ?? "the capture"
      var attributes: [FactAttribute: FactValue] = ["address": .text(address)]
      if let layer = malformed["protocol"] { attributes["protocol"] = layer }
      return Fact(
        .senderJoined,
        "\(address), recovered from memory near the crash stack, is the sender of a malformed frame in \(capture) (\(malformed.origin)).",
        attributes: attributes, trust: min(sender.trust, malformed.trust), origin: malformed.origin)
    }
  }
}
