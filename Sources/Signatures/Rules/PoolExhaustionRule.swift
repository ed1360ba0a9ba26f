import Facts
import KernelLayouts

/// A stop because pool had run out: who holds it, not who asked last.
enum PoolExhaustionRule: SignatureRule {
  static let name = "pool-exhaustion"

  /// What the largest holder must hold of its pool to be named.
  private static let share = 0.3

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    guard !draft.isProven, let stop = facts.stop, StopCodeMeaning.of(stop)?.stopClass == .poolExhaustion else {
      return nil
    }
    draft.mechanism = Mechanism.exhaustion.rawValue
    draft.isProven = true
    let holders = facts.all(.poolUse).filter { use in
      guard case .number(let part)? = use["share"] else { return false }
      return part >= share && use.text("rank") == "1"
    }
    // Nonpaged pool first: it is the smaller.
    guard let holder = holders.first(where: { $0.text("pool") == "nonpaged" }) ?? holders.first,
      let tag = holder.text("tag"), let pool = holder.text("pool")
    else {
      let isCounted = facts.first(.poolUse) != nil
      draft.details = [isCounted ? "pool of many holders" : "pool of unknown holder"]
      return isCounted
        ? "pool ran out, and no tag holds much of it; whoever asked last is not its cause"
        : "pool ran out, and nothing says who holds it; whoever asked last is not its cause"
    }
    draft.culprit = PoolLeakRule.owner(of: [tag], facts)
    draft.details = ["\(pool) \(tag)"]
    return "pool ran out and \(tag) holds most of it; whoever asked last is not its cause"
  }
}
