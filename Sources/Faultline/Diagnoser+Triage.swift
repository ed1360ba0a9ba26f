import Analyses
import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import KnowledgeStore
import Reporting
import Signatures
import WindowsKernel

extension Diagnoser {
  /// Tags of a pool log that a line of triage has: more is `faultline pool`'s.
  private static let poolRows = 200

  /// What one file says, or all files of one case's folder together. Never throws: what goes wrong stands in the line.
  ///
  /// Works on one core alone: triage runs as many processes as there are cores.
  public func triage(_ path: String, isCase: Bool = false, showsFacts: Bool = false) -> TriageReport {
    let isFolder = isCase && FileStatus.of(path) == .folder
    guard FileStatus.of(path) != .missing else {
      let reason = "no such file or folder"
      return TriageReport(
        path: path, outcome: .noSuchFile,
        problems: [
          EvidenceProblem(
            what: "file", because: .notPresent, expected: "a readable file", found: reason, text: reason)
        ])
    }
    let pieces = pieces(ofCase: path, isFolder: isFolder)
    let isRead = pieces.contains(where: \.isRead)
    var report = TriageReport(path: path, outcome: isRead ? .read : .unreadable)
    report.showsFacts = showsFacts
    if let piece = pieces.first, !isFolder {
      report.sha256 = piece.sha256
      report.kind = piece.isInputOutputFailure ? nil : piece.kind.rawValue
      report.bytes = piece.isInputOutputFailure ? nil : FileStatus.size(of: path)
      report.problems = piece.problems
    }
    guard isRead else {
      if isFolder { report.evidence = pieces.map(\.triageEvidence) }
      return report
    }
    let diagnosis = diagnose(pieces)
    if isFolder { report.evidence = diagnosis.evidence }
    report.diagnosis = diagnosis
    report.signature = SignatureRules.signature(diagnosis.facts)?.signature
    report.time = pieces.lazy.compactMap(\.moment).first
    report.stop = pieces.lazy.compactMap(\.stop).first
    report.modules = pieces.lazy.compactMap(\.loadedModules).first ?? []
    report.poolTags = poolRows(pieces, diagnosis)
    return report
  }

  /// The facts of one case, for signatures, and what was read: a file, or all files of a folder together.
  public func caseFacts(_ path: String) -> (facts: [Fact], pieces: [EvidencePiece]) {
    let pieces = pieces(ofCase: path, isFolder: FileStatus.of(path) == .folder)
    return (pieces.contains(where: \.isRead) ? diagnose(pieces).facts : [], pieces)
  }

  private func pieces(ofCase path: String, isFolder: Bool) -> [EvidencePiece] {
    guard isFolder else { return [EvidencePiece.read(path, symbols: symbols, images: images, server: server)] }
    let found = EvidencePaths([path])
    return found.files.map { EvidencePiece.read($0, symbols: symbols, images: images, server: server) }
      + found.problems.map { EvidencePiece(unreadable: $0.path, $0.error.detail) }
  }

  /// Of logs every tag that counts; of a dump the largest holders.
  private func poolRows(_ pieces: [EvidencePiece], _ diagnosis: Diagnosis) -> [TriageReport.PoolRow] {
    let logs = pieces.filter { !$0.isDump }.compactMap(\.poolSnapshots)
    if let moment = logs.first?.view.snapshots.first, logs.reduce(0, { $0 + $1.view.snapshots.count }) == 1 {
      let rows = moment.rows.sorted { ($1.bytes, $0.tag, $0.pool) < ($0.bytes, $1.tag, $1.pool) }
      return rows.prefix(Self.poolRows).map { row in
        var result = TriageReport.PoolRow(tag: row.tag, pool: row.pool, bytes: row.bytes)
        result.driver = row.driver ?? PoolTag(row.tag).flatMap { TagOwners.owner(of: $0) }
        return result
      }
    }
    if !logs.isEmpty {
      let view = PoolGrowthView(logs, PoolGrowthView.Context(machine: diagnosis.machine))
      return view.rows.prefix(Self.poolRows).map { row in
        var result = TriageReport.PoolRow(tag: row.tag, pool: row.pool, bytes: row.last)
        result.bytesPerHour = row.bytesPerHour
        result.verdict = row.verdict == .tooLittleData ? nil : row.verdict.rawValue
        result.driver = row.owner
        return result
      }
    }
    return diagnosis.facts.filter { $0.kind == .poolUse }.compactMap { fact in
      guard case .poolTag(let tag)? = fact["tag"], let pool = fact["pool"]?.description,
        case .integer(let bytes)? = fact["bytes"]
      else { return nil }
      var row = TriageReport.PoolRow(tag: tag.description, pool: pool, bytes: UInt64(clamping: bytes))
      row.driver = TagOwners.owner(of: tag)
      if let growth = diagnosis.facts.first(where: {
        $0.kind == .poolGrowth && $0["tag"] == fact["tag"] && $0["pool"] == fact["pool"]
      }) {
        if case .number(let rate)? = growth["perHour"] { row.bytesPerHour = rate }
        row.verdict = growth["verdict"]?.description
      }
      return row
    }
  }
}

extension EvidencePiece {
  fileprivate var triageEvidence: Diagnosis.Evidence {
    Diagnosis.Evidence(path: path, kind: kind.rawValue, sha256: sha256, problems: problems)
  }

  /// When it happened, where the evidence says so: of the crash, of the last snapshot or frame.
  fileprivate var moment: String? {
    switch content {
    case .dump(let dump): dump.header.systemTime?.rfc3339
    case .poolLog(let pool), .debuggerLog(_, let pool):
      pool.snapshots.lazy.compactMap(\.time).max { $0.rfc3339 < $1.rfc3339 }?.rfc3339
    case .capture(let capture): capture.lastTime.map { CaptureView.timestamp($0) }
    case .article, .symptoms, .image, .symbols, .inventory, .hive, .volume, .nothing: nil
    }
  }

  fileprivate var stop: (code: StopCode, name: String?, parameters: [String])? {
    switch content {
    case .dump(let dump) where dump.hasStop:
      let code = dump.header.bugcheck
      let digits = dump.header.is64Bit ? 16 : 8
      return (code, StopCodes.name(of: code), dump.header.parameters.map { hexadecimal($0, digits: digits) })
    case .debuggerLog(let log, _):
      return log.code.map { code in
        (
          code, StopCodes.name(of: code) ?? log.name, log.parameters.map { hexadecimal($0, digits: log.pointerDigits) }
        )
      }
    default: return nil
    }
  }

  fileprivate var loadedModules: [ModuleIdentity]? {
    if case .dump(let dump) = content { dump.modules.modules } else { nil }
  }
}
