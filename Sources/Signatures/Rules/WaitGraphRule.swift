import Facts

/// A hang by the shape of who waits for whom: which queue starves for which components, or a cycle of locks. Numbers of threads,
/// workers and items are the machine's and left out.
enum WaitGraphRule: SignatureRule {
  static let name = "wait-graph"

  /// Components that a cycle is told by.
  private static let components = 3

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    if facts.first(.lockCycle) != nil {
      let waiting = facts.all(.frame).filter { $0.text("thread") == "other" }.compactMap(\.module)
      let modules = Set(waiting).sorted().prefix(components)
      draft.mechanism = Mechanism.deadlock.rawValue
      draft.details = ["cycle of locks" + (modules.isEmpty ? "" : " in " + modules.joined(separator: ", "))]
      draft.isProven = true
      return "threads wait for each other's locks; the modules they wait in tell which"
    }
    if let starved = facts.first(.queueStarved) {
      draft.mechanism = Mechanism.deadlock.rawValue
      draft.culprit = starved.text("client").map(ModuleSpelling.file)
      let needs = starved.text("needs").map { " waiting for " + ModuleSpelling.file($0) } ?? ""
      draft.details = ["\(starved.text("queue") ?? "work") queue starved\(needs)"]
      draft.isProven = true
      return "every worker of a queue waits for its pending items; numbers of workers and items are left out"
    }
    guard facts.first(.forcedDump) != nil, let contention = facts.first(.contention), let how = contention.text("how")
    else { return nil }
    let queue = contention.text("queue").map { " at the \($0) queue" } ?? ""
    draft.mechanism = "hang"
    draft.culprit = contention.text("client").map(ModuleSpelling.file)
    let wait = contention.text("wait").map { ", \($0) waits" } ?? ""
    draft.details = [how + queue + wait]
    draft.isProven = true
    return "the wait graph shows \(how), and no deadlock"
  }
}
