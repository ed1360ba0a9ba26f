import Facts

/// The stack from the failing frame outwards: functions by name, without offsets, which move from build to build; without the
/// system's own machinery, which unlike failures share; without what was only found by scanning.
///
/// A module without symbols stands by its name alone, once however many of its frames follow: its offsets are its build's.
enum StackRule: SignatureRule {
  static let name = "stack"

  /// Places that are kept: further out the same code is reached by different ways.
  static let places = 3

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven else { return nil }
    let frames = faulting(facts)
    var kept: [String] = []
    var leftOut = 0
    for frame in frames {
      guard kept.count < places else { break }
      if let symbol = frame.symbol {
        switch GenericFrames.kind(of: symbol) {
        case .machinery: leftOut += 1
        case .entry:
          return finish(kept, leftOut, &draft)
        case nil: if kept.last != symbol { kept.append(symbol) }
        }
        continue
      }
      // The kernel without names is everywhere; a guess is no place.
      guard let module = frame.module, module != ModuleSpelling.kernel, isSure(frame) || kept.isEmpty else {
        leftOut += 1
        continue
      }
      if kept.last != module { kept.append(module) }
    }
    return finish(kept, leftOut, &draft)
  }

  private static func isSure(_ frame: Fact) -> Bool {
    frame.trust > .guessed && frame.text("trust") != "scan"
  }

  /// From the failing frame on. The failing instruction stands first where the walked stack does not hold it.
  private static func faulting(_ facts: CaseFacts) -> [Fact] {
    let all = facts.all(.frame).filter { $0.text("thread") == "faulting" }
    // Of several dumps the first one's: each begins with index 0.
    var walked: [Fact] = []
    for frame in all where frame["index"] != nil {
      if frame["index"] == .integer(0), !walked.isEmpty { break }
      walked.append(frame)
    }
    let start = walked.firstIndex { $0.text("position") == "top" } ?? 0
    let instruction = all.filter { $0["index"] == nil && $0.text("position") == "top" }.prefix(1)
    return Array(instruction) + walked.dropFirst(start)
  }

  private static func finish(_ kept: [String], _ leftOut: Int, _ draft: inout SignatureDraft) -> String? {
    draft.frames = kept
    if kept.isEmpty && leftOut == 0 { return nil }
    let machinery = leftOut > 0 ? "; \(leftOut) frames of the system's machinery, or only guessed, are left out" : ""
    return "\(kept.count) place\(kept.count == 1 ? "" : "s") from the failing frame on\(machinery)"
  }
}
