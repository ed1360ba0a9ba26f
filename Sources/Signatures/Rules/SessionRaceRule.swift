import Facts

/// A NULL in the kernel while another session's thread takes the same image away: the race itself is the bucket, whichever image
/// it was and wherever the compiler put the instruction.
enum SessionRaceRule: SignatureRule {
  static let name = "session-race"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard let removal = facts.first(.otherSessionRemoves), removal.trust >= .inferred else { return nil }
    let component = removal.text("component") ?? "unknown"
    draft.mechanism = Mechanism.race.rawValue
    draft.culprit = facts.first(.exception)?.module ?? ModuleSpelling.kernel
    draft.details = ["\(component) taken out by another session"]
    draft.isProven = true
    return
      "another session's thread takes out what the faulting one uses (\(component)); which image it was does not matter"
  }
}
