import Facts
import KnowledgeBase
import Matching
import Servicing

/// Plans what to do about one finding.
///
/// What changes the machine is planned on evidence only: a possible finding gets the evidence that would settle it, a ruled-out
/// one nothing, a probable one that evidence first and then the fix.
public func plan(for finding: Finding, facts: [Fact], machine: Machine) -> Plan {
  var planner = FindingPlanner(finding: finding, facts: facts, machine: machine)
  return planner.plan()
}

private struct FindingPlanner {
  let finding: Finding
  let facts: [Fact]
  let machine: Machine
  private var result = Plan()

  init(finding: Finding, facts: [Fact], machine: Machine) {
    self.finding = finding
    self.facts = facts
    self.machine = machine
  }

  private var issue: KnownIssue { finding.issue }
  private var applicability: Applicability { finding.applicability }

  mutating func plan() -> Plan {
    switch finding.verdict {
    case .ruledOut: return Plan()
    case .possible:
      collectEvidence()
      collectInventory()
      if applicability.status == .installed || applicability.status == .superseded { verify() }
      if result.steps.isEmpty { result.obstacles.append("no evidence is known that would settle this") }
    case .probable, .confirmed:
      if finding.verdict == .probable { collectEvidence() }
      collectInventory()
      installFix()
      workAround()
      verify()
      cautions()
      leftovers()
    }
    result.steps = result.steps.withoutRepetition()
    result.obstacles = result.obstacles.uniqued
    return result
  }

  // MARK: Evidence

  /// The evidence that would settle what is unmet, decisive conditions first; each source once.
  private mutating func collectEvidence() {
    let order = finding.unmet.sorted { a, b in a.effect == .decisive && b.effect != .decisive }
    for index in order.flatMap(\.settledBy).uniqued where issue.settledBy.indices.contains(index) {
      let evidence = issue.settledBy[index]
      if let system = evidence.system, ProductNames.relation(of: machine, to: system) == .other { continue }
      if asksForDumpAtHand(evidence) { continue }
      result.steps.append(PlanStep(.collectEvidence, evidence.text, commands: typed(evidence.commands)))
    }
  }

  /// Commands that the machine's Windows has.
  private func typed(_ commands: [String]) -> [String] { CommandTable.typed(commands, on: machine) }

  /// A kernel dump where one was read. A dump of a crash is not the dump of a hang that the keyboard forces.
  private func asksForDumpAtHand(_ evidence: SettlingEvidence) -> Bool {
    guard facts.holdKernelDump, !evidence.commands.isEmpty else { return false }
    let forced = facts.contains { $0.kind == .forcedDump }
    return evidence.commands.allSatisfy { command in
      ["CrashDumpEnabled", "AutoReboot"].contains { command.contains($0) }
        || forced && command.contains("CrashOnCtrlScroll")
    }
  }

  /// What settles whether the fix is for this machine.
  private mutating func collectInventory() {
    guard applicability.status == .unknown else { return }
    result.obstacles += applicability.reasons
    let names = applicability.files.map(\.installed.name).uniqued
    if applicability.basis == .files, issue.files.isEmpty {
      result.steps.append(
        PlanStep(
          .collectEvidence,
          "Settle whether the fix is in place: list the installed updates, and compare the version here with the file table of the article or of the hotfix package, which is not in the text at hand.",
          by: [.inventory], on: machine))
    } else if applicability.basis == .files, !names.isEmpty {
      result.steps.append(
        PlanStep(
          .collectEvidence,
          "Settle whether the fix is in place: list the installed updates, and read the version of \(names.joined(separator: ", ")) with the text behind it, which names the branch.",
          by: [.inventory], on: machine))
    } else {
      result.steps.append(.inventory(machine))
    }
    if applicability.basis == .product, WindowsGeneration(machine) == .nt4,
      issue.affected.contains(where: { $0.product.hasSuffix("Terminal Server Edition") })
    {
      result.steps.append(
        PlanStep(
          .collectEvidence, "Find out whether this is the Terminal Server Edition.", by: [.terminalServer], on: machine)
      )
    }
  }

  /// Begins the text of a step that is only right on a condition still to be settled; empty where the fix applies.
  private var proviso: String {
    guard applicability.status == .unknown else { return "" }
    let products = issue.affected.filter { !$0.implied }.map(\.product).uniqued.joined(separator: " or ")
    switch applicability.basis {
    case .files: return "Only if the files turn out to be without the fix: "
    case .servicePack: return "Only if the machine's service pack turns out to be one the fix is for: "
    case .architecture, .product, .updateList, .none:
      return products.isEmpty
        ? "Only if the fix turns out to be for this machine: " : "Only if the machine turns out to run \(products): "
    }
  }

  private func conditional(_ text: String) -> String {
    proviso.isEmpty ? text : proviso + text.prefix(1).lowercased() + text.dropFirst()
  }

  // MARK: Fix

  private mutating func installFix() {
    guard applicability.status == .applies || applicability.status == .unknown else { return }
    for prerequisite in applicability.missing {
      let name = machine.product.map { ProductNames.canonical($0) } ?? prerequisite.product ?? "the system"
      if let pack = prerequisite.servicePack {
        result.steps.append(
          PlanStep(
            .installServicePack, conditional("Install service pack \(pack) of \(name), which the fix needs."),
            restart: true))
        result.obstacles.append("the fix cannot be installed before service pack \(pack)")
      } else if let update = prerequisite.update {
        result.steps.append(
          PlanStep(.installHotfix, conditional("Install \(update), which the fix needs."), restart: true))
        result.obstacles.append("the fix cannot be installed before \(update)")
      }
    }
    var alternative: String?
    for fix in issue.fixes where fits(fix) {
      switch fix.kind {
      case .servicePack:
        let pack = fix.servicePack.map { "service pack \($0)" } ?? "the latest service pack"
        result.steps.append(
          PlanStep(
            .installServicePack,
            conditional("Install \(pack) of \(fix.product ?? "the system") or a later one; it contains the fix."),
            restart: fix.restart ?? true))
        alternative = pack
      case .hotfix:
        result.steps.append(
          PlanStep(
            .installHotfix, conditional(hotfixText(fix, alternative)),
            restart: fix.restart ?? issue.restartRequired ?? true))
        if let availability = fix.availability { result.obstacles.append("the hotfix: \(availability)") }
      case .configuration:
        result.steps.append(
          PlanStep(
            .configure, fix.availability ?? "Change the setting the article names.", restart: fix.restart ?? false))
      case .workaround, .none: continue
      }
    }
    if issue.registryChange == true {
      result.steps.append(
        PlanStep(.configure, "Make the change in the registry that the article asks for after the fix."))
    }
    let handedOut = issue.fixes.contains { $0.kind == .hotfix && $0.availability != nil }
    if handedOut && alternative == nil {
      result.steps.append(
        PlanStep(
          .upgrade,
          conditional(
            "If the hotfix can no longer be had, move this machine's work to a Windows version the article does not name."
          )
        ))
    }
  }

  private func fits(_ fix: Fix) -> Bool {
    guard let product = fix.product else { return true }
    return ProductNames.relation(of: machine, to: product) != .other
  }

  private func hotfixText(_ fix: Fix, _ alternative: String?) -> String {
    var text = alternative.map { "Or, where \($0) cannot be installed: install " } ?? "Install "
    text += fix.id ?? "the hotfix of this article"
    // The package is for the service pack that is on the machine by then.
    let pack = applicability.missing.compactMap(\.servicePack).max() ?? machine.servicePack
    let place = [
      machine.product.map { ProductNames.canonical($0) }, pack.map { "service pack \($0)" },
      machine.architecture?.rawValue,
    ]
    let named = place.compactMap { $0 }
    let unclear = applicability.status == .unknown && applicability.basis == .product
    if !named.isEmpty && !unclear { text += " for \(named.joined(separator: ", "))" }
    text += "."
    if fix.id == nil {
      text +=
        " Its number does not stand in the text at hand: ask Microsoft's support for it by what the article is about, \"\(issue.title)\"."
    }
    let files = applicability.files.compactMap(\.wanted).filter { $0.version != nil }
    if let file = files.first, let version = file.version { text += " It brings \(file.name) \(version)." }
    if !issue.replaces.isEmpty { text += " It replaces \(issue.replaces.joined(separator: ", "))." }
    return text
  }

  // MARK: Meanwhile and afterwards

  private mutating func workAround() {
    for workaround in issue.workarounds {
      if let inPlace = workaround.inPlace, !inPlace.facts(in: facts).isEmpty {
        if workaround.partial {
          result.unfixed.append("already in place, and the failure came all the same: \(workaround.text)")
        }
        continue
      }
      if let when = workaround.when, when.facts(in: facts).isEmpty {
        // Evidence of that kind was read and shows nothing to do.
        if facts.contains(where: { $0.kind == when.kind }) || when.kind == .module { continue }
      }
      let missing = workaround.requires.compactMap(\.update).filter { id in
        !machine.updates.contains { ArticleNumber.same($0, id) }
      }
      let needs = missing.isEmpty ? "" : " It needs \(missing.joined(separator: ", ")) first."
      // What the registry at hand has instead; nothing where it was not looked at.
      let state = workaround.inPlace?.anyValue?.facts(in: facts).first.map { " As it is: \($0.text)" } ?? ""
      result.steps.append(
        PlanStep(
          .workaround, workaround.text + needs + state, restart: workaround.restart ?? false,
          commands: typed(workaround.commands)))
    }
  }

  private mutating func verify() {
    for step in issue.verification { result.steps.append(PlanStep(.verify, step.text, commands: typed(step.commands))) }
  }

  /// What to weigh before the fix goes in.
  private mutating func cautions() {
    let installs = result.steps.filter { $0.kind == .installHotfix || $0.kind == .installServicePack }
    guard !installs.isEmpty else { return }
    if let file = applicability.files.first(where: { $0.branch == .general && $0.wanted?.branch == .limited }) {
      result.obstacles.append(
        "\(file.installed.name) is of the general branch here and the fix is of the limited one: once it is installed, later updates of that file come from the limited branch too, which is tested less"
      )
    }
    let severe: Set<FactKind> = [.stop, .hang, .forcedDump, .exception]
    let onlyHotfix = !issue.fixes.contains { $0.kind == .servicePack }
    if onlyHotfix, !facts.isEmpty, !facts.contains(where: { severe.contains($0.kind) }) {
      result.obstacles.append(
        "the evidence shows no stop and no hang: as long as the failure does no harm, wait for the next service pack or update that contains the fix"
      )
    }
    let restarts = result.steps.prefix { $0.kind != .verify }.count { $0.restart && $0.kind == .installHotfix }
    if restarts > 1 {
      result.obstacles.append(
        "\(restarts) hotfixes ask for a restart: install them in this order and restart once, after the last")
    }
  }

  private mutating func leftovers() {
    let workarounds = result.steps.contains { $0.kind == .workaround }
    if workarounds, issue.workarounds.contains(where: \.partial) {
      result.unfixed.append("workarounds make the failure rarer; the defect stays until the fix is installed")
    }
    if issue.fileTable == .lost {
      result.unfixed.append("no fixed version is known, so files cannot prove that the fix is in place")
    }
    if issue.mechanism == .badInput {
      result.unfixed.append("the fix makes bad input harmless here; what sends it goes on sending")
    }
  }
}
