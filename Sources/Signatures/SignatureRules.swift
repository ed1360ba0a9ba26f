import Facts

/// The ordered rules of every version. A version is never changed once released: a better rule makes a new one, and
/// `faultline signature --compare` shows which buckets it splits and merges.
public enum SignatureRules {
  public static let versions: [Int: [any SignatureRule.Type]] = [
    1: [StopCodeRule.self, CulpritImageRule.self, TopFrameRule.self],
    // What structures prove comes first: the rules behind it then have nothing to add.
    2: [
      SessionRaceRule.self, PacketOverrunRule.self, WaitGraphRule.self, PoolLeakRule.self, PoolExhaustionRule.self,
      ForcedDumpRule.self, MechanismRule.self, StackRule.self, CulpritRule.self, NamelessStackRule.self,
      LoneStopRule.self, CriticalProcessRule.self,
    ],
  ]

  /// What is used where nobody asks for another.
  public static let current = 2

  /// The signature of a case's facts; nil for a version that does not exist.
  public static func signature(_ facts: [Fact], version: Int = current) -> SignatureResult? {
    guard let rules = versions[version] else { return nil }
    return signature(facts, version: version, rules: rules)
  }

  static func signature(_ facts: [Fact], version: Int, rules: [any SignatureRule.Type]) -> SignatureResult {
    let facts = CaseFacts(facts)
    var draft = SignatureDraft()
    var notes: [Signature.Note] = []
    for rule in rules {
      let before = draft
      do throws(RuleFailure) {
        if let note = try rule.apply(facts, to: &draft) { notes.append(Signature.Note(rule: rule.name, text: note)) }
      } catch {
        draft = before
        notes.append(Signature.Note(rule: rule.name, text: "failed and was left out: \(error.reason)"))
      }
    }
    return SignatureResult(signature: draft.text.map { Signature(version: version, text: $0) }, notes: notes)
  }
}
