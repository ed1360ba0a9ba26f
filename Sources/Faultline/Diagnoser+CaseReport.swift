import Analyses
import Facts
import KnowledgeBase
import KnowledgeStore
import Matching
import Reporting
import Servicing

extension Diagnoser {
  /// Fixes that a case's page verifies: of the leading findings.
  private static let verified = 3

  /// The diagnosis with what a case's page shows beside it: captures, growth of pool, who waits for whom, updates of machines.
  ///
  /// Throws where the knowledge base cannot be read.
  public func report(_ pieces: [EvidencePiece]) throws -> CaseReport {
    var report = CaseReport(diagnosis: diagnose(pieces))
    var logs: [(path: String, view: PoolLogView)] = []
    for piece in pieces {
      switch piece.content {
      case .capture(let view): report.captures.append(CaseReport.Capture(path: piece.path, view: view))
      case .dump(let dump):
        let graph = dump.queueListView().graph
        if !graph.verdicts.isEmpty { report.waiting.append(CaseReport.Waiting(path: piece.path, graph: graph)) }
      default: break
      }
      if let log = piece.poolSnapshots { logs.append(log) }
    }
    let machines = MachineGrouping.machines(of: pieces)
    if logs.reduce(0, { $0 + $1.view.snapshots.count }) > 1 {
      var context = PoolGrowthView.Context(machine: machines.first?.machine ?? Machine())
      context.importedOwners = try store.map { try PoolOwners.imported(in: logs.map(\.view), $0) } ?? [:]
      report.growth = PoolGrowthView(logs, context)
    }
    var ignored: [Missing] = []
    let catalogue = Catalogue(knownIssues(&ignored))
    let auditor = MachineAuditor(catalogue: catalogue, store: store)
    let verifier = MachineVerifier(catalogue: catalogue, store: store)
    for machine in machines {
      // A dump lists its modules and no updates: without any an audit would only say that nothing is known.
      guard !machine.machine.updates.isEmpty || machine.machine.updatesAreComplete else { continue }
      let problems = pieces.filter { machine.paths.contains($0.path) }.flatMap(\.problems)
      report.audits.append(
        AuditReport(audit: try auditor.audit(machine), evidence: machine.paths, problems: problems))
    }
    let leading = report.diagnosis.findings.filter { $0.finding.verdict >= .probable }.prefix(Self.verified)
    if machines.count == 1, let machine = machines.first {
      for (finding, _) in leading {
        report.verifications.append(try verifier.verify(finding.issue.id, machine))
      }
    }
    return report
  }
}
