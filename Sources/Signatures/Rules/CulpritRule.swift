import Facts

/// Whose failure it is: the image that the evidence lays it to, else the module of the failing instruction or of the first place
/// that counts. What was only guessed, such as a module found by scanning the stack, comes last.
enum CulpritRule: SignatureRule {
  static let name = "culprit"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven, draft.culprit == nil else { return nil }
    let culprit = facts.first(.culprit)
    if let culprit, culprit.trust > .guessed, let module = culprit.module {
      draft.culprit = module
      return "\(module) \(culprit.text("reason") ?? "is named by the evidence")"
    }
    if let module = facts.first(.exception)?.module, module != ModuleSpelling.kernel {
      draft.culprit = module
      return "the failing instruction is in \(module)"
    }
    let place = draft.frames.first.flatMap { place in
      facts.all(.frame).first { ($0.symbol ?? $0.module) == place }?.module
    }
    if let place {
      draft.culprit = place
      return "no image is named for sure; the first place of the stack that counts is in \(place)"
    }
    if let module = culprit?.module ?? facts.first(.exception)?.module {
      draft.culprit = module
      return "\(module) is a guess: nothing surer is there"
    }
    guard facts.all(.frame).contains(where: { $0.module == ModuleSpelling.kernel }) else { return nil }
    draft.culprit = ModuleSpelling.kernel
    return "only the kernel is on the stack"
  }
}
