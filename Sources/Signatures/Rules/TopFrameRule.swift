import Facts

/// Version 1: the failing frame, by its function's name or else its module's.
enum TopFrameRule: SignatureRule {
  static let name = "top-frame"

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard let frame = facts.all(.frame).first(where: { $0.text("position") == "top" }),
      let place = frame.symbol ?? frame.module
    else { return nil }
    draft.frames = [place]
    return "the failing frame is in \(place)"
  }
}
