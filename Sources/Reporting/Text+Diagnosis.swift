import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing

extension Diagnosis {
  /// The answer for people: the verdict in one sentence, then why, then what to do, then what is missing.
  public func text(_ style: TextStyle) -> String {
    var out: [String] = [style.wrap(verdict)]
    if let finding = headline { out.append(style.paragraph(Self.label(finding), Self.ink(finding.verdict))) }
    out.append(contentsOf: machineSection(style))
    out.append(contentsOf: failureSection(style))
    for (finding, plan) in findings where finding.verdict != .ruledOut {
      out.append(contentsOf: section(finding, plan, style))
    }
    for (heading, lookalikes) in [(Self.alikeHeading, alike), (Self.fixedHeading, fixed)] where !lookalikes.isEmpty {
      out.append(style.heading(heading))
      for finding in lookalikes {
        out.append(style.wrap("\(finding.issue.id): \(finding.issue.title)", indent: 2, hanging: 4))
        for reason in finding.because where reason.effect == .contradicts {
          out.append(style.wrap(reason.condition + cite(reason.fact), indent: 4, hanging: 6, first: "- "))
        }
      }
    }
    if !nextSteps.isEmpty {
      out.append(style.heading(leading == nil ? "What to do" : "What else to do"))
      out.append(contentsOf: steps(nextSteps, style))
    }
    out.append(contentsOf: missingSection(style))
    out.append(contentsOf: problemSection(style))
    return out.joined(separator: "\n") + "\n"
  }

  static let alikeHeading = "Looks alike, but is ruled out"
  static let fixedHeading = "Known issues that are fixed on this machine"

  /// The finding that the first sentence names: at least probable.
  private var headline: Finding? { leading.flatMap { $0.finding.verdict > .possible ? $0.finding : nil } }

  /// One sentence that can stand alone.
  public var verdict: String {
    if let finding = headline {
      let issue = finding.issue
      switch finding.verdict {
      case .confirmed: return "This is \(issue.id): \(issue.title)."
      case .probable: return "This is probably \(issue.id): \(issue.title)."
      default: break
      }
    }
    let inPlace =
      fixed.isEmpty
      ? ""
      : " \(fixed.count == 1 ? "The fix" : "Fixes") for \(fixed.map(\.issue.id).joined(separator: " and ")) \(fixed.count == 1 ? "is" : "are") in place."
    guard !facts.isEmpty else { return "The evidence states nothing about a failure." + inPlace }
    // What only general symptoms agree with comes behind what the evidence itself shows.
    let resembling = leading.map { $0.finding.issue.id }
    var sentence =
      resembling == nil ? "No known issue explains this evidence" : "No known issue is shown to be the cause"
    if let culprit = facts.first(where: { $0.kind == .culprit }) {
      let module = culprit["module"]?.description ?? ""
      sentence += culprit.trust > .guessed ? "; the failure is laid to \(module)" : "; \(module) is the first suspect"
      if let mechanism { sentence += " (\(mechanism))" }
    } else if facts.contains(where: { $0.kind == .queueStarved }) {
      sentence += "; a work queue is starved by its own clients"
    } else if facts.contains(where: { $0.kind == .lockCycle }) {
      sentence += "; threads wait for each other in a circle"
    } else if facts.contains(where: { $0.kind == .forcedDump }) {
      sentence += "; the dump was forced, so its stop code says nothing about why"
    } else if !dumps.isEmpty, dumps.values.allSatisfy({ $0.stack.isEmpty && $0.modules.isEmpty }) {
      sentence += "; this version reads only the header of such a dump"
    } else if facts.contains(where: { $0.kind == .stop }), !dumps.isEmpty {
      sentence += "; no module outside the kernel is on the failing stack, so none is blamed"
    }
    if let resembling { sentence += ". Only general symptoms agree with \(resembling)" }
    return sentence + "." + inPlace
  }

  /// The mechanism as far as the evidence alone goes.
  private var mechanism: String? {
    if facts.contains(where: { $0.kind == .nullDereference }) { return "null dereference" }
    guard let exception = facts.first(where: { $0.kind == .exception }) else { return nil }
    switch exception["code"]?.description {
    case "0xc0000005": return "access to an invalid address"
    case "0xc0000094": return "division by zero"
    case "0xc0000006": return "a page could not be read in"
    case "0xc0000409": return "a damaged stack or fail-fast check"
    default: return nil
    }
  }

  private static func label(_ finding: Finding) -> String {
    "\(finding.verdict.rawValue), confidence \(Int((finding.confidence * 100).rounded())) %, mechanism: \(finding.issue.mechanism.rawValue)"
  }

  private static func ink(_ verdict: Verdict) -> TextStyle.Ink {
    switch verdict {
    case .confirmed: .good
    case .probable: .warning
    case .possible, .ruledOut: .dim
    }
  }

  private func cite(_ fact: String?) -> String { fact.map { " [\($0)]" } ?? "" }

  private func machineSection(_ style: TextStyle) -> [String] {
    var words: [String] = []
    if let product = machine.product { words.append(product) }
    if let pack = machine.servicePack, pack.number > 0 { words.append("Service Pack \(pack)") }
    if let architecture = machine.architecture { words.append(architecture.rawValue) }
    if let version = machine.version { words.append("version \(version)") }
    guard !words.isEmpty else { return [] }
    return [style.heading("Machine"), style.wrap(words.joined(separator: ", "), indent: 2)]
  }

  /// Of dumps that were taken while the machine ran, all but the last: what they tell together is how it grew.
  var earlierLiveDumps: Set<Int> {
    let live = facts.filter { $0.kind == .forcedDump && $0["how"]?.description == "live-dump" }.compactMap(\.evidence)
    return Set(live.sorted().dropLast())
  }

  /// What the evidence itself shows, before any article.
  private func failureSection(_ style: TextStyle) -> [String] {
    let kinds: [FactKind] = [
      .stop, .forcedDump, .exception, .nullDereference, .culprit, .process, .poolUse, .queueStarved, .lockCycle,
      .contention, .hang, .otherSessionRemoves, .packetOverrun, .poolDamaged, .senderJoined, .malformedFrame,
      .damagedFrame,
      .referralsUnanswered,
    ]
    let hidden = earlierLiveDumps
    let told = dumps.filter { !hidden.contains($0.key) }
    let facts = facts.filter { !hidden.contains($0.evidence ?? -1) }
    let shown = facts.filter { fact in
      kinds.contains(fact.kind) || fact.kind == .poolGrowth && fact["verdict"]?.description == "leak"
    }
    let failing = facts.filter { $0.kind == .frame && $0["position"]?.description != "any" }
    let own = facts.filter { $0.kind == .frame && $0["thread"]?.description != "other" }
    let stack = failing.isEmpty ? Array(own.prefix(6)) : failing
    guard !shown.isEmpty || !stack.isEmpty else { return [] }
    var out = [style.heading("What failed")]
    if !hidden.isEmpty {
      out.append(
        style.wrap(
          "\(hidden.count + 1) dumps are of the machine while it ran; the last one's state is told.", indent: 2,
          hanging: 4))
    }
    for fact in shown { out.append(style.wrap(fact.text + cite(fact.id), indent: 2, hanging: 4)) }
    for dump in told.sorted(by: { $0.key < $1.key }).map(\.value) {
      if let meaning = dump.meaning { out.append(style.wrap(meaning, indent: 2, hanging: 4)) }
      for (index, parameter) in dump.parameterMeanings.enumerated() where !parameter.text.isEmpty {
        let value = hexadecimal(parameter.value, digits: dump.pointerDigits)
        out.append(style.wrap(parameter.text, indent: 4, hanging: 6, first: "\(index + 1). \(value)  "))
      }
    }
    if !stack.isEmpty {
      out.append(
        style.paragraph(
          failing.isEmpty ? "Stack (dump stack shows all):" : "Stack, from the failing frame (dump stack shows all):",
          .dim, indent: 2))
      for fact in stack {
        let trust = fact["trust"].map { "  (\($0))" } ?? ""
        out.append(style.wrap(fact.text.dropLast() + trust + cite(fact.id), indent: 4, hanging: 6))
      }
    }
    let thirdParty = told.sorted { $0.key < $1.key }.flatMap { $0.value.modules.filter { !$0.isInbox } }
    if !thirdParty.isEmpty {
      let names = thirdParty.suffix(12).reversed().map(\.identity.name)
      let more = thirdParty.count > 12 ? " and \(thirdParty.count - 12) more" : ""
      out.append(
        style.wrap(
          "Drivers that are not Windows' own, last loaded first: " + names.joined(separator: ", ") + more + ".",
          indent: 2, hanging: 4))
    }
    return out
  }

  private func section(_ finding: Finding, _ plan: Plan, _ style: TextStyle) -> [String] {
    var out = [style.heading("Why \(finding.issue.id)")]
    if finding.issue.id != headline?.issue.id {
      out.append(style.wrap("\(Self.label(finding)): \(finding.issue.title)", indent: 2))
    }
    out.append(style.wrap(finding.issue.summary, indent: 2))
    for reason in finding.because {
      let sign = reason.effect == .contradicts ? "- " : "+ "
      let word = reason.effect == .contradicts ? "against" : reason.effect.rawValue
      out.append(
        style.wrap(
          "\(word): \(reason.condition)\(reason.trust == .guessed ? " (a guess)" : "")\(cite(reason.fact))", indent: 2,
          hanging: 4, first: sign))
    }
    if let cap = finding.capReason { out.append(style.wrap(cap, indent: 2, hanging: 4, first: "! ")) }
    for unmet in finding.unmet where unmet.effect == .decisive {
      out.append(style.wrap("not seen: \(unmet.condition)", indent: 2, hanging: 4, first: "? "))
    }
    out.append(style.heading("Does the fix apply here: \(finding.applicability.status.rawValue)"))
    for reason in finding.applicability.reasons { out.append(style.wrap(reason, indent: 2, hanging: 4)) }
    if !plan.steps.isEmpty {
      out.append(style.heading("What to do"))
      out.append(contentsOf: steps(plan.steps, style))
    }
    for obstacle in plan.obstacles { out.append(style.wrap(obstacle, indent: 2, hanging: 4, first: "! ")) }
    for rest in plan.unfixed { out.append(style.wrap("Stays unfixed: \(rest)", indent: 2, hanging: 4, first: "! ")) }
    for note in finding.issue.notes { out.append(style.wrap("Note: \(note)", indent: 2, hanging: 4)) }
    return out
  }

  private func steps(_ steps: [PlanStep], _ style: TextStyle) -> [String] {
    var out: [String] = []
    for (index, step) in steps.enumerated() {
      let number = "\(index + 1). "
      let restart = step.restart ? " Needs a restart." : ""
      out.append(
        style.wrap("\(step.kind.rawValue): \(step.text)\(restart)", indent: 2, hanging: 2 + number.count, first: number)
      )
      // Commands are pasted: never wrapped.
      for command in step.commands { out.append("       " + style.ink(command, .strong)) }
    }
    return out
  }

  private func missingSection(_ style: TextStyle) -> [String] {
    guard !missing.isEmpty else { return [] }
    return [style.heading("What is missing")]
      + missing.map {
        style.wrap("\($0.what) (\($0.because.rawValue)): \($0.detail)", indent: 2, hanging: 4, first: "- ")
      }
  }

  private func problemSection(_ style: TextStyle) -> [String] {
    let all = evidence.flatMap { piece in piece.problems.map { "\(piece.path): \($0.text)" } }
    guard !all.isEmpty else { return [] }
    return [style.heading("Problems in the evidence")] + all.map { style.wrap($0, indent: 2, hanging: 4, first: "- ") }
  }
}
