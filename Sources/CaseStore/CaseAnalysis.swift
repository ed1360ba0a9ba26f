import ByteReading
import Facts
import Faultline
import KnowledgeBase
import KnowledgeStore
import Matching
import Reporting

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The work on one case: archives unpacked, evidence read, the answer written. Done by a process of its own, so that evidence that
/// ends a reader, or takes too long, costs this case alone.
public struct CaseAnalysis: Sendable {
  /// The files that a worker leaves in the folder for its answer.
  static let diagnosisFile = "diagnosis.json"
  static let textFile = "answer.txt"
  static let pageFile = "page.html"
  /// Machines that one page verifies a fix on.
  private static let machines = 20
  static let summaryFile = "summary.json"

  /// Read by the process that asked.
  struct Summary: Codable {
    var verdict: String
    var answer: String
    var machine: String?
    var steps: [String]
  }

  public var unpackLimits = UnpackLimits()

  public init() {}

  /// Works on the evidence in the current folder, whose files are named by their place in it.
  ///
  /// - Parameter diagnoser: made once the archives are unpacked, since symbols may be among the evidence.
  public func run(
    answerIn output: String, diagnoser: () throws -> Diagnoser,
    progress: @escaping @Sendable (CaseProgress) -> Void
  ) async throws {
    let (diagnoser, pieces) = try await read(diagnoser, progress)
    progress(CaseProgress(phase: "matching", done: 0, total: 1))
    let report = try diagnoser.report(pieces)
    let leading = report.diagnosis.leading?.finding
    let summary = Summary(
      verdict: leading?.verdict.rawValue ?? "none", answer: report.diagnosis.verdict,
      machine: report.diagnosis.machine.summary, steps: report.stepKeys)
    try Self.write(Array(report.diagnosis.json.text().utf8), output + "/" + Self.diagnosisFile)
    let style = TextStyle { CivilTime(unixSeconds: $0).rfc3339 }
    try Self.write(Array(report.diagnosis.text(style).utf8), output + "/" + Self.textFile)
    try Self.write(Array(report.htmlBody.utf8), output + "/" + Self.pageFile)
    try JSONEncoder().encode(summary).write(to: URL(filePath: output + "/" + Self.summaryFile))
  }

  /// Checks on the evidence in the current folder whether a fix is in place, and leaves the sections of a page that say so.
  public func verify(
    _ fix: String, answerIn output: String, diagnoser: () throws -> Diagnoser
  ) async throws {
    let (diagnoser, pieces) = try await read(diagnoser) { _ in }
    let verifier = MachineVerifier(catalogue: try Catalogue.bundled(), store: diagnoser.store)
    var page = ""
    let machines = MachineGrouping.machines(of: pieces).prefix(Self.machines)
    for (index, machine) in machines.enumerated() {
      page += try verifier.verify(fix, machine).htmlSection(index + 1, machine: machines.count > 1 ? index + 1 : nil)
    }
    if page.isEmpty {
      page =
        "<p>The evidence of this case describes no machine. A dump, <code>systeminfo</code>, registry hives or the fix's own files do.</p>\n"
    }
    try Self.write(Array(page.utf8), output + "/" + Self.pageFile)
  }

  /// Unpacks archives, then reads all files.
  private func read(
    _ diagnoser: () throws -> Diagnoser, _ progress: @escaping @Sendable (CaseProgress) -> Void
  ) async throws -> (Diagnoser, [EvidencePiece]) {
    var refused: [EvidencePiece] = []
    let given = EvidencePaths(try Self.names()).files
    for (index, path) in given.enumerated() {
      progress(CaseProgress(phase: "unpacking", done: index, total: given.count))
      if let problem = try unpack(path) { refused.append(problem) }
    }
    let found = EvidencePaths(try Self.names())
    progress(CaseProgress(phase: "reading", done: 0, total: found.files.count))
    let diagnoser = try diagnoser()
    var pieces = await diagnoser.read(found.files) { done, total in
      progress(CaseProgress(phase: "reading", done: done, total: total))
    }
    pieces += found.problems.map { EvidencePiece(unreadable: $0.path, $0.error.detail) } + refused
    return (diagnoser, pieces)
  }

  private static func write(_ bytes: [UInt8], _ path: String) throws {
    try Data(bytes).write(to: URL(filePath: path))
  }

  private static func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: ".").sorted()
  }

  /// Puts a folder with an archive's files in the archive's place. Returns what went wrong, for the report.
  private func unpack(_ path: String) throws -> EvidencePiece? {
    let head: [UInt8]
    do {
      let file = try MappedFile(path: path)
      head = file.bytes.array(at: 0, count: min(512, file.byteCount)) ?? []
    } catch {
      return nil
    }
    guard ArchiveUnpacker.mayBeArchive(head) else { return nil }
    let folder = path + ".unpacking"
    var problem: String?
    do {
      guard let archive = try ArchiveUnpacker(path: path, limits: unpackLimits) else { return nil }
      // Whether it holds files at all is known with the first one: else it is what it is, such as a compressed capture.
      guard let first = try? archive.next() else { return nil }
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
      problem = extract(archive, first: first, into: folder)
    } catch let error as StoreError {
      return EvidencePiece(unreadable: path, error.reason)
    }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: folder, toPath: path)
    return problem.map { EvidencePiece(unreadable: path, "not all of it was unpacked: \($0)") }
  }

  /// Every member under a name of its own; the first that is refused ends it, with what was unpacked kept.
  private func extract(_ archive: ArchiveUnpacker, first: String, into folder: String) -> String? {
    var made: Set<String> = []
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var next: String? = first
    do {
      while let member = next {
        let name = try EvidenceName(member)
        for parent in name.folders where made.insert(parent).inserted {
          try EvidenceFiles.makeFolder(folder + "/" + parent)
        }
        let file = try NewFile(folder + "/" + name.text)
        while true {
          let count = try archive.read(into: &buffer)
          if count == 0 { break }
          try file.write(buffer[..<count])
        }
        next = try archive.next()
      }
    } catch let error as StoreError {
      return error.reason
    } catch {
      return (error as? CaseError)?.reason ?? "a file cannot be written"
    }
    return archive.links > 0 ? "\(archive.links) links or devices were left out" : nil
  }
}

extension Machine {
  /// In one line for lists; nil where nothing is known.
  fileprivate var summary: String? {
    let pack = servicePack.flatMap { $0 == ServicePack(0) ? nil : "Service Pack \($0)" }
    let parts = [edition ?? product, pack, version, architecture?.rawValue].compactMap { $0 }
    let line = parts.joined(separator: ", ")
    guard let computerName else { return line.isEmpty ? nil : line }
    return line.isEmpty ? computerName : "\(computerName): \(line)"
  }
}

extension CaseAnswer {
  /// Larger ones are none that somebody reads: a report lists what it has, and its lists are limited.
  private static let maximumBytes = 64 << 20

  /// What a worker left in a folder.
  init(folder: String) throws(CaseError) {
    func file(_ name: String) throws(CaseError) -> [UInt8] { try Self.file(name, in: folder) }
    guard
      let summary = try? JSONDecoder().decode(
        CaseAnalysis.Summary.self, from: Data(try file(CaseAnalysis.summaryFile)))
    else { throw CaseError(.failed, "the work on this case ended without an answer") }
    self.init(
      verdict: summary.verdict, answer: summary.answer, machine: summary.machine,
      diagnosis: try file(CaseAnalysis.diagnosisFile), text: try file(CaseAnalysis.textFile),
      page: try file(CaseAnalysis.pageFile), steps: summary.steps)
  }

  static func file(_ name: String, in folder: String) throws(CaseError) -> [UInt8] {
    do {
      let file = try MappedFile(path: folder + "/" + name)
      guard file.byteCount <= maximumBytes else { throw CaseError(.failed, "the answer is too large to keep") }
      return file.array()
    } catch let error as CaseError {
      throw error
    } catch {
      throw CaseError(.failed, "the work on this case ended without an answer")
    }
  }
}
