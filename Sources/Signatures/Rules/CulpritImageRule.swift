import Facts

/// Version 1: the image that the failure is laid to.
enum CulpritImageRule: SignatureRule {
  static let name = "culprit-image"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard let module = facts.first(.culprit)?.module else { return nil }
    draft.culprit = module
    return "the failure is laid to \(module)"
  }
}
