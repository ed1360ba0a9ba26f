import Facts
import Servicing

/// What to do when no known issue explains the evidence: general advice, by what the evidence shows. The most telling first.
///
/// - Parameter plans: what is planned already and need not be said again.
public func nextSteps(facts: [Fact], machine: Machine, besides plans: [Plan] = []) -> [PlanStep] {
  var steps: [PlanStep] = []
  let codes = facts.filter { $0.kind == .stop }.compactMap { fact -> UInt32? in
    if case .stopCode(let code)? = fact["code"] { return code.base.rawValue }
    return nil
  }
  // Who asks for memory when none is left is a victim.
  if !codes.contains(where: { StopAdvice.kind(of: $0) == .poolExhaustion }) {
    steps += facts.filter { $0.kind == .culprit }.compactMap { culpritStep($0, machine) }.prefix(3)
  }

  let leaks = facts.filter { $0.kind == .poolGrowth && $0["verdict"]?.description == "leak" }
    .compactMap { $0["tag"]?.description }.uniqued
  steps += leaks.prefix(3).map { leakStep($0, machine) }
  if leaks.isEmpty {
    let pools = facts.filter {
      $0.kind == .poolTotal && $0["verdict"]?.description == "leak" && $0["process"] == nil
    }
    .compactMap { $0["pool"]?.description }.uniqued
    steps += pools.prefix(2).map { poolStep($0, machine) }
  }
  let hung =
    facts.contains { $0.kind == .hang || $0.kind == .forcedDump } || codes.contains(where: StopAdvice.forced.contains)
  if hung { steps.append(hangStep(facts, machine)) }

  for code in codes where !StopAdvice.forced.contains(code) {
    if let advice = StopAdvice.kind(of: code) { steps += advice.steps(facts, machine) }
  }
  // A machine that cannot read its own disk writes no dump.
  let boots = !codes.contains { StopAdvice.kind(of: $0) == .bootDisk }
  if hung || !codes.isEmpty && boots, let dump = PlanStep.kernelDump(facts, machine) { steps.append(dump) }
  if machine.product == nil || machine.updates.isEmpty { steps.append(.inventory(machine)) }
  return steps.withoutRepetition(of: plans.flatMap(\.steps))
}

/// Windows' own core is blamed when something else damaged its data; telling people to update it would mislead them.
private func culpritStep(_ fact: Fact, _ machine: Machine) -> PlanStep? {
  guard let module = fact["module"]?.description, !module.isEmpty else { return nil }
  let core: Set<String> = ModuleIdentity.kernelNames.union(["nt", "hal.dll", "win32k.sys", "ntdll.dll"])
  if core.contains(module.lowercased()) {
    return PlanStep(
      .collectEvidence,
      "The failure is laid to \(module), a core part of Windows. Most often something else damaged its data, so look for that first."
    )
  }
  let version = fact["version"].map { " \($0)" } ?? ""
  if fact["inbox"] == .flag(true) {
    return PlanStep(
      .upgrade,
      "The failure is laid to \(module)\(version), which comes with Windows. Install the newest cumulative update or service pack for this Windows, and newer firmware and drivers for the device it serves.",
      restart: true)
  }
  return PlanStep(
    .upgrade, "Update \(module)\(version), to which the failure is laid, or remove it where it is not needed.",
    restart: true, by: [.listDrivers], on: machine)
}

private func leakStep(_ tag: String, _ machine: Machine) -> PlanStep {
  // A tag is typed into a command line: nothing but letters and digits may get there.
  let plain = tag.unicodeScalars.allSatisfy {
    $0.isASCII && ($0.properties.isAlphabetic || $0.properties.numericType != nil)
  }
  return PlanStep(
    .collectEvidence,
    "Find out whose pool tag \(tag) is: which drivers hold these letters, and who allocates it when the kernel's own tags are used for drivers.",
    by: plain ? [.poolTagSearch] : [], on: machine, with: ["tag": tag])
}

/// Counters show that a pool grows, not with whose allocations.
private func poolStep(_ pool: String, _ machine: Machine) -> PlanStep {
  PlanStep(
    .collectEvidence,
    "All of \(pool) pool grows and never shrinks. Find out with which tag: list pool by tag now and again every 15 minutes under another name.",
    by: [.poolLog], on: machine)
}

private func hangStep(_ facts: [Fact], _ machine: Machine) -> PlanStep {
  if facts.contains(where: { $0.kind == .forcedDump }) {
    return PlanStep(
      .collectEvidence,
      "The dump was forced, so its stop code says nothing. Take a second one at the next hang: what has not moved between the two is what hangs."
    )
  }
  return PlanStep(
    .configure, "Let the keyboard force a dump (right Ctrl held, Scroll Lock twice), and do so at the next hang.",
    restart: true, by: [.keyboardDump], on: machine)
}
