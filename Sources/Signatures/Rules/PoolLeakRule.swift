import Facts
import KernelLayouts

/// Pool that is not given back, by its tags, their pool, who owns it and what it grows with. Rates differ by load.
enum PoolLeakRule: SignatureRule {
  static let name = "pool-leak"

  /// Tags that grow by less than this part of the fastest are not the failure's.
  private static let share = 0.1
  private static let most = 4

  static func apply(_ facts: CaseFacts, to draft: inout SignatureDraft) -> String? {
    // A stop that no lack of memory explains is the failure; pool that grows beside it is another.
    if draft.isProven || !isOfPool(facts) { return nil }
    let leaks = facts.all(.poolGrowth).filter { $0.text("verdict") == "leak" }
    guard !leaks.isEmpty else { return nil }
    var rates: [String: Double] = [:]
    for leak in leaks {
      guard let tag = leak.text("tag"), let pool = leak.text("pool") else { continue }
      let rate: Double = if case .number(let value)? = leak["perHour"] { value } else { 0 }
      let key = pool + " " + tag
      rates[key] = max(rates[key] ?? 0, rate)
    }
    let fastest = rates.values.max() ?? 0
    // By name where rates are equal or not known: the same for any order of the evidence.
    let chosen = rates.filter { $0.value >= share * fastest }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .prefix(most).map(\.key).sorted()
    let pools = Set(chosen.map { $0.prefix { $0 != " " } }).sorted()
    let tags = chosen.map { String($0.drop { $0 != " " }.dropFirst()) }
    let isInStep = facts.all(.poolInStep).contains { pair in
      Set(tags).isSuperset(of: (pair.text("tags") ?? "").split(separator: ",").map(String.init))
    }
    draft.mechanism = Mechanism.leak.rawValue
    draft.culprit = owner(of: tags, facts)
    draft.details = [pools.joined(separator: "+") + " " + tags.joined(separator: isInStep ? "+" : ", ")]
    if let event = leaks.lazy.compactMap({ $0.text("event") }).first { draft.details.append("with each \(event)") }
    draft.isProven = true
    return
      "\(tags.joined(separator: ", ")) of \(pools.joined(separator: " and ")) pool is not given back\(isInStep ? ", in step" : ""); the rate is left out"
  }

  private static func isOfPool(_ facts: CaseFacts) -> Bool {
    guard let stop = facts.stop else { return true }
    let stopClass = StopCodeMeaning.of(stop)?.stopClass
    return stopClass == .poolExhaustion || facts.first(.forcedDump) != nil
  }

  /// Whom the allocations lead to, else whom the list of tags names, where all tags are one's. The kernel's tags name nobody: it
  /// allocates for whoever asked.
  static func owner(of tags: [String], _ facts: CaseFacts) -> String? {
    let led = facts.all(.poolOwner).filter { tags.contains($0.text("tag") ?? "") }.compactMap(\.module)
    if let first = led.first { return first }
    let owners = Set(tags.map { PoolTag($0).flatMap { TagOwners.owner(of: $0) }.map(ModuleSpelling.file) })
    guard owners.count == 1, let owner = owners.first, owner != ModuleSpelling.kernel else { return nil }
    return owner
  }
}
