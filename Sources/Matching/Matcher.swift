import Facts
import KnowledgeBase
import Servicing

/// Weighs facts against known issues. One matcher for the bundled catalogue and for imported articles.
public struct Matcher: Sendable {
  public let issues: [KnownIssue]

  public init(_ issues: [KnownIssue]) { self.issues = issues }

  /// Every issue that something speaks for, the strongest first: by verdict, then confidence, then score, then id.
  ///
  /// An issue that nothing speaks for is no finding, whatever contradicts it. Two more are left out because they would fill
  /// every report: one whose only agreement is that a driver stands in a complete list of what is loaded, and one of which
  /// only general symptoms agree while the machine's product is certainly another.
  ///
  /// What nothing speaks for is told, as ruled out, where its fix is seen on the machine and the question was asked
  /// (Documentation/Decisions/0008-fixes-that-are-seen.md): something of the evidence contradicts it; or it is of the catalogue, and
  /// either the list of updates names its fix or the evidence shows no failure at all and files with the fix.
  ///
  /// - Parameter relevance: by issue id, what orders findings of one verdict beside their score: how much an imported article's
  ///   text has in common with the evidence. It changes no verdict. Issues without one are the catalogue's.
  public func findings(facts: [Fact], machine: Machine, relevance: [String: Double] = [:]) -> [Finding] {
    let index = FactIndex(facts)
    let machine = machine.completed(by: index)
    return inParallel(issues) { issue in
      finding(for: issue, index, machine)
        ?? fixed(issue, index, machine, isImported: relevance[issue.id] != nil)
    }.compactMap(\.self).sorted {
      if $0.verdict != $1.verdict { return $0.verdict > $1.verdict }
      if !relevance.isEmpty {
        let first = $0.rank(relevance)
        let second = $1.rank(relevance)
        if first != second { return first > second }
      }
      if $0.confidence != $1.confidence { return $0.confidence > $1.confidence }
      if $0.score != $1.score { return $0.score > $1.score }
      return $0.issue.id < $1.issue.id
    }
  }

  private func finding(for issue: KnownIssue, _ index: FactIndex, _ machine: Machine) -> Finding? {
    let forced = index.isForcedDump
    let holding = issue.conditions.compactMap(index.evaluate).map { forced ? $0.onForcedDump() : $0 }
    let agreeing = holding.filter { $0.effect != .contradicts }
    guard agreeing.contains(where: { !isMerePresence($0, index) }) else { return nil }

    let newerFile = newerFile(issue, index)
    var applicability = applicability(of: issue.update, to: machine, concerning: issue.binaries)
    if let newerFile, applicability.status == .applies || applicability.status == .unknown {
      if applicability.status == .applies { applicability.basis = .files }
      applicability.status = .unknown
      applicability.reasons.insert(newerFile, at: 0)
    }
    let general = agreeing.allSatisfy { $0.effect == .weak }
    if general && applicability.status == .notApplicable { return nil }

    let judgement = Judgement(
      issue: issue, agreeing: agreeing, against: holding.filter { $0.effect == .contradicts }, applicability,
      mayBeFixed: (newerFile ?? otherBranch(applicability)).map { "\($0); it is at most probable" }, forced: forced)
    return Finding(
      issue: issue, verdict: judgement.verdict, confidence: judgement.confidence, score: judgement.logOdds,
      because: judgement.reasons(index), unmet: unmet(issue, holding), capReason: judgement.cap,
      applicability: applicability)
  }

  /// An issue that nothing speaks for and whose fix is seen on the machine.
  private func fixed(_ issue: KnownIssue, _ index: FactIndex, _ machine: Machine, isImported: Bool) -> Finding? {
    // That a driver is not loaded holds for nearly every dump.
    let presence: Set<FactKind> = [.module, .unloadedModule, .moduleList]
    let holding = issue.conditions.compactMap(index.evaluate).filter { satisfaction in
      satisfaction.condition.effect == .contradicts
        ? !satisfaction.condition.clauses.allSatisfy { presence.contains($0.kind) }
        : !isMerePresence(satisfaction, index)
    }
    let against = holding.filter { $0.effect == .contradicts }
    guard holding.count == against.count, !(isImported && against.isEmpty) else { return nil }
    let applicability = applicability(of: issue.update, to: machine, concerning: issue.binaries)
    guard applicability.status == .installed || applicability.status == .superseded else { return nil }
    let isNamed = applicability.basis == .updateList
    let isShown = applicability.basis == .files && !index.showsFailure
    guard !against.isEmpty || isNamed || isShown else { return nil }
    let judgement = Judgement(issue: issue, agreeing: [], against: against, applicability)
    return Finding(
      issue: issue, verdict: .ruledOut, confidence: MatchingScale.confidence(judgement.logOdds, .ruledOut),
      score: judgement.logOdds, because: judgement.reasons(index), unmet: unmet(issue, holding),
      applicability: applicability)
  }

  /// Why the fix may be in place although no fixed version is known: one of the issue's binaries was built after the
  /// article was last looked at. nil where the article tells versions, which then decide.
  private func newerFile(_ issue: KnownIssue, _ index: FactIndex) -> String? {
    guard let reviewed = issue.lastReviewed, issue.fileTable == .lost || issue.fileTable == .none else { return nil }
    for fact in index.facts(of: .module) {
      guard case .text(let name)? = fact["module"], case .text(let built)? = fact["built"], built > reviewed,
        issue.binaries.contains(name.lowercased())
      else { continue }
      return
        "\(name) was built on \(built), after the article was last reviewed (\(reviewed)), so it may contain the fix already"
    }
    return nil
  }

  /// Why the fix may be in place although no file of its branch shows it: the machine's file is of the other branch, whose
  /// later builds may contain the fix or not.
  private func otherBranch(_ applicability: Applicability) -> String? {
    guard applicability.status == .applies || applicability.status == .unknown, applicability.basis != .files,
      let file = applicability.files.first(where: { $0.verdict == .otherBranch })
    else { return nil }
    return "\(file.reason), so \(file.installed.name) may contain the fix already"
  }

  /// A driver's place in a list of everything that is loaded is no symptom; the same driver named by a person is one.
  private func isMerePresence(_ satisfaction: Satisfaction, _ index: FactIndex) -> Bool {
    !index.facts(of: .moduleList).isEmpty
      && satisfaction.condition.clauses.allSatisfy { $0.kind == .module || $0.kind == .unloadedModule }
  }

  private func unmet(_ issue: KnownIssue, _ holding: [Satisfaction]) -> [UnmetCondition] {
    let held = Set(holding.map(\.condition))
    return issue.conditions
      .filter { ($0.effect == .decisive || $0.effect == .supports) && !held.contains($0) }
      .map { condition in
        let kinds = Set(condition.clauses.map(\.kind))
        let settling = issue.settledBy.indices.filter { !kinds.isDisjoint(with: issue.settledBy[$0].settles) }
        return UnmetCondition(condition: condition.text, effect: condition.effect, settledBy: settling)
      }
  }
}

extension KnownIssue {
  /// The binaries the defect is in, lower-case: those the decisive conditions name, else all that the issue names. A program
  /// that merely sets it off is none.
  var binaries: [String] {
    let decisive = conditions.filter { $0.effect == .decisive }.flatMap(\.clauses).filter { !$0.absent }
    let names = decisive.flatMap { clause in
      ["module", "client", "symbol"].flatMap { attribute in
        (clause.constraints[FactAttribute(rawValue: attribute)]?.positiveOperands ?? []).compactMap {
          operand -> String? in
          attribute == "symbol" ? operand.text.split(separator: "!").first.map(String.init) : operand.text
        }
      }
    }.map { Spelling.module($0) }.filter { !$0.contains("*") }
    let found = Set(names.flatMap { $0 == "nt" ? ModuleIdentity.kernelNames.sorted() : [$0] })
    return found.isEmpty ? drivers : found.sorted()
  }
}

extension Finding {
  /// Its score, what its text has in common with the evidence, and whether the fix is known to be for this machine.
  fileprivate func rank(_ relevance: [String: Double]) -> Double {
    let fits = applicability.status == .applies ? (applicability.basis == .files ? 0.6 : 0.3) : 0
    return score + relevance[issue.id, default: 0] + fits
  }
}

extension Machine {
  /// With the versions that module facts give and the machine's own list of files lacks.
  func completed(by index: FactIndex) -> Machine {
    var machine = self
    for fact in index.facts(of: .module) + index.facts(of: .culprit) where fact.trust > .guessed {
      guard case .text(let name)? = fact["module"] else { continue }
      let version: FileVersion? =
        switch fact["version"] {
        case .version(let version)?: version
        case .text(let text)?: FileVersion(text)
        default: nil
        }
      guard let version, !machine.files.contains(where: { $0.isNamed(name) && $0.version != nil }) else { continue }
      var suffix: String?
      if case .text(let text)? = fact["version"], text.contains("(") { suffix = text }
      machine.files.append(ModuleIdentity(name: name, version: version, branchSuffix: suffix))
    }
    return machine
  }
}
