import Facts

/// A stack without a single function's name is left out: which modules are on it says how far it could be followed, which differs
/// between architectures and with what the dump holds, more than what failed. The culprit stands for it.
enum NamelessStackRule: SignatureRule {
  static let name = "nameless-stack"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.frames.isEmpty, !draft.frames.contains(where: { $0.contains("!") }) else { return nil }
    let modules = draft.frames.joined(separator: ", ")
    draft.frames = []
    return "no place of the stack has a name (\(modules)): symbols, named by --symbols, would make the bucket finer"
  }
}
