import Facts

/// The stop code where nothing else is known: a mechanism alone would put every crash of one kind into one bucket.
enum LoneStopRule: SignatureRule {
  static let name = "lone-stop"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven, draft.culprit == nil, draft.frames.isEmpty, draft.stop == nil, let stop = facts.stop else {
      return nil
    }
    draft.stop = hexadecimal(UInt64(stop.rawValue))
    return "neither a module nor a place is known: the stop code stands for them"
  }
}
