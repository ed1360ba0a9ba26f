import Analyses
import ByteReading
import Facts
import KnowledgeBase
import KnowledgeStore
import Matching
import Planning
import Reporting
import Symbols
import WindowsKernel

/// Evidence in, answer out: detect → analyse → match → plan.
public struct Diagnoser: Sendable {
  public let catalogue: Catalogue
  public let symbols: SymbolFolder?

  /// Imported articles, matched beside the catalogue.
  public let store: KnowledgeStore?

  public init(catalogue: Catalogue, store: KnowledgeStore? = nil, symbols: SymbolFolder? = nil) {
    self.catalogue = catalogue
    self.store = store
    self.symbols = symbols
  }

  /// Reads files on as many cores as there are; the result is in the order of the paths, whatever the number of cores.
  public func read(
    _ paths: [String], hash: Bool = true, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async -> [EvidencePiece] {
    if paths.count == 1 { return [EvidencePiece.read(paths[0], symbols: symbols, hash: hash)] }
    return await withTaskGroup(of: (Int, EvidencePiece).self) { group in
      var pieces = [EvidencePiece?](repeating: nil, count: paths.count)
      var next = 0
      var done = 0
      func start(_ group: inout TaskGroup<(Int, EvidencePiece)>) {
        let index = next
        next += 1
        group.addTask { [symbols] in (index, EvidencePiece.read(paths[index], symbols: symbols, hash: hash)) }
      }
      // As many at once as keep the cores busy: each piece may hold a whole file.
      while next < min(8, paths.count) { start(&group) }
      for await (index, piece) in group {
        pieces[index] = piece
        done += 1
        progress(done, paths.count)
        if Task.isCancelled { break }
        if next < paths.count { start(&group) }
      }
      return pieces.compactMap { $0 }
    }
  }

  public func diagnose(_ pieces: [EvidencePiece]) -> Diagnosis {
    var facts: [Fact] = []
    var machine = Machine()
    var missing: [Missing] = []
    var dumps: [Int: DumpView] = [:]
    for (index, piece) in pieces.enumerated() {
      switch piece.content {
      case .dump(let dump):
        facts += AllAnalyses.facts(dump).map { fact in
          var fact = fact
          fact.evidence = index
          return fact
        }
        machine.merge(dump.machine, from: piece.path, &missing)
        let view = dump.view
        dumps[index] = view
        missing += view.missing
      case .symptoms(let symptoms):
        facts += symptoms.facts(evidence: index)
        machine.merge(symptoms.machine, from: piece.path, &missing)
      case .article, .nothing:
        break
      }
    }
    return diagnose(
      facts: facts, machine: machine, missing: missing, dumps: dumps,
      evidence: pieces.map {
        Diagnosis.Evidence(path: $0.path, kind: $0.kind.rawValue, sha256: $0.sha256, problems: $0.problems)
      })
  }

  /// The same from typed symptoms.
  public func match(_ symptoms: Symptoms) -> Diagnosis {
    diagnose(facts: symptoms.facts(evidence: nil), machine: symptoms.machine, missing: [], dumps: [:], evidence: [])
  }

  private func diagnose(
    facts unnumbered: [Fact], machine: Machine, missing: [Missing], dumps: [Int: DumpView],
    evidence: [Diagnosis.Evidence]
  ) -> Diagnosis {
    // A list of two hundred loaded modules comes last: the facts people read have the low numbers.
    var facts = unnumbered.filter { $0.kind != .module } + unnumbered.filter { $0.kind == .module }
    for index in facts.indices { facts[index].id = "f\(index + 1)" }
    var missing = missing
    let findings = findings(facts: facts, machine: machine, &missing)
    let planned = findings.map { (finding: $0, plan: plan(for: $0, facts: facts, machine: machine)) }
    // Loaded modules stay among the facts only where a reason names them.
    let named = Set(findings.flatMap(\.because).compactMap(\.fact))
    let kept = facts.filter { $0.kind != .module || named.contains($0.id) }
    // A finding with a plan of its own says what to collect and do; general advice beside it would only repeat that.
    let settled = findings.contains { $0.verdict >= .probable }
    return Diagnosis(
      evidence: evidence, machine: machine, facts: kept, findings: planned,
      nextSteps: settled ? [] : nextSteps(facts: facts, machine: machine), missing: missing, dumps: dumps)
  }
}

extension Machine {
  /// Fills what is not known yet; where two pieces disagree the first one stands, and the report says so.
  mutating func merge(_ other: Machine, from path: String, _ missing: inout [Missing]) {
    func take<Value: Equatable & CustomStringConvertible>(_ what: String, _ mine: inout Value?, _ theirs: Value?) {
      guard let theirs else { return }
      guard let own = mine else {
        mine = theirs
        return
      }
      // `10.0.19041` and `10.0.19041.804` agree; the longer one says more.
      if theirs.description.hasPrefix(own.description + ".") { mine = theirs }
      if own != theirs, !own.description.hasPrefix(theirs.description), !theirs.description.hasPrefix(own.description) {
        missing.append(
          Missing(
            "machine.\(what)", because: .malformed,
            detail: "The evidence is of more than one machine: \(path) says \(theirs), an earlier piece says \(own)."))
      }
    }
    take("product", &product, other.product)
    take("servicePack", &servicePack, other.servicePack)
    take("architecture", &architecture, other.architecture)
    take("version", &version, other.version)
    take("language", &language, other.language)
    for update in other.updates where !updates.contains(update) { updates.append(update) }
    updatesAreComplete = updatesAreComplete || other.updatesAreComplete
    files += other.files
  }
}
