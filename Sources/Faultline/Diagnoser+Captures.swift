import Facts

extension Diagnoser {
  /// Change notifications with what the registry at hand says of the policy that stops Explorer from asking for whole trees.
  static func withPolicies(_ facts: [Fact]) -> [Fact] {
    let policies = facts.filter {
      $0.kind == .registry && $0["path"]?.description.lowercased().hasSuffix("\\noremoterecursiveevents") == true
    }
    guard !policies.isEmpty else { return facts }
    let state = Set(policies.map(\.text)).sorted().joined(separator: " ")
    return facts.map { fact in
      guard fact.kind == .changeNotification else { return fact }
      var fact = fact
      fact.text += " " + state
      return fact
    }
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
