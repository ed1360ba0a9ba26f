import Facts

/// A dump that somebody asked for: its stop code and its stack say how it was asked for. A machine that went on running has not
/// failed; one that hung without anything that shows why is a bucket of its own.
enum ForcedDumpRule: SignatureRule {
  static let name = "forced-dump"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven, let forced = facts.first(.forcedDump), let how = forced.text("how") else { return nil }
    draft.isProven = true
    if how == "live-dump" { return "the dump was taken of a machine that went on running: nothing failed" }
    draft.mechanism = "hang"
    draft.details = ["nothing shows who waits for what"]
    return "the dump was asked for (\(how)), and no wait graph shows why; the stop code says nothing"
  }
}
