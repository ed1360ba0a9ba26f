import Facts

/// The process, where its end is the failure or it is what the stop is about; elsewhere it is whoever happened to run.
enum CriticalProcessRule: SignatureRule {
  static let name = "process"

  private static let stops: Set<UInt32> = [0x4A, 0xEF, 0xF4, 0xC000_021A]

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven, let stop = facts.stop, stops.contains(stop.rawValue),
      let process = facts.first(.process)?.text("process")
    else { return nil }
    draft.process = "process " + process.lowercased()
    return "\(stop) is about the process"
  }
}
