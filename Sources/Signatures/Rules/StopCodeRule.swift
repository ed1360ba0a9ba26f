import Facts

/// Version 1: the stop code as it is, without the variant bit.
enum StopCodeRule: SignatureRule {
  static let name = "stop-code"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard case .stopCode(let code)? = facts.first(.stop)?["code"] else { return nil }
    draft.stop = code.description
    return "the stop code is \(code)"
  }
}
