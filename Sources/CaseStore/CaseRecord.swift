import Facts
import Reporting

/// Where a case stands. The contract's names.
@frozen
public enum CaseState: String, Hashable, Sendable, CaseIterable {
  case queued, running, done, failed, cancelled

  /// Nothing more will happen to it by itself.
  public var isFinal: Bool { self == .done || self == .failed || self == .cancelled }
}

/// A piece of evidence as it was given: its name within the case, and which stored bytes it is.
public struct CaseFile: Hashable, Sendable {
  public var name: EvidenceName
  public var sha256: String
  public var bytes: Int64

  public init(name: EvidenceName, sha256: String, bytes: Int64) {
    self.name = name
    self.sha256 = sha256
    self.bytes = bytes
  }
}

/// How far the work on a case is.
public struct CaseProgress: Hashable, Sendable {
  /// `unpacking`, `reading`, `matching`.
  public var phase: String
  public var done: Int
  public var total: Int

  public init(phase: String, done: Int, total: Int) {
    self.phase = phase
    self.done = done
    self.total = total
  }

  public var json: JSONValue {
    .members([("phase", .string(phase)), ("done", .integer(Int64(done))), ("total", .integer(Int64(total)))])
  }
}

/// What is known of a case without its answer.
public struct CaseRecord: Hashable, Sendable {
  public var id: String
  public var name: String
  public var state: CaseState
  /// Seconds since 1970 UTC.
  public var created: Int64
  public var started: Int64?
  public var finished: Int64?
  /// How often work on it began: more than once where the server was stopped in the midst of it.
  public var runs: Int
  /// Why it failed.
  public var problem: String?
  /// Of the leading finding: `confirmed`, `probable`, `possible`; `none` where there is none.
  public var verdict: String?
  /// The answer in one sentence.
  public var answer: String?
  /// The machine in one line.
  public var machine: String?
  public var files: Int
  public var bytes: Int64
  public var progress: CaseProgress?

  /// `faultline.case/1` without its files and diagnosis.
  public var json: JSONValue { .object(members) }

  var members: [JSONValue.Member] {
    let values: [(String, JSONValue?)] = [
      ("schema", .string("faultline.case/1")), ("id", .string(id)), ("name", .string(name)),
      ("state", .string(state.rawValue)), ("created", .string(Self.time(created))),
      ("started", started.map { .string(Self.time($0)) }), ("finished", finished.map { .string(Self.time($0)) }),
      ("runs", .integer(Int64(runs))), ("files", .integer(Int64(files))), ("bytes", .integer(bytes)),
      ("problem", problem.map { .string($0) }), ("verdict", verdict.map { .string($0) }),
      ("answer", answer.map { .string($0) }), ("machine", machine.map { .string($0) }),
      ("progress", progress.map(\.json)),
    ]
    return values.compactMap { key, value in value.map { JSONValue.Member(key, $0) } }
  }

  public static func time(_ seconds: Int64) -> String { CivilTime(unixSeconds: seconds).rfc3339 }

  /// `faultline.case/1` whole: the diagnosis is the document that `faultline diagnose` prints, as its bytes.
  public func document(files: [CaseFile], steps: [String], diagnosis: [UInt8]?) -> [UInt8] {
    var members = members
    members.append(
      JSONValue.Member(
        "evidence",
        .array(
          files.map {
            .members([
              ("name", .string($0.name.text)), ("sha256", .string($0.sha256)), ("bytes", .integer($0.bytes)),
            ])
          })))
    members.append(JSONValue.Member("stepsDone", .array(steps.map { .string($0) })))
    var bytes = Array(JSONValue.object(members).text().utf8)
    if let diagnosis {
      bytes.removeLast()
      bytes += Array(",\"diagnosis\":".utf8)
      bytes += diagnosis
      bytes.append(UInt8(ascii: "}"))
    }
    return bytes
  }
}

/// What the work on a case gives.
public struct CaseAnswer: Hashable, Sendable {
  public var verdict: String
  public var answer: String
  public var machine: String?
  /// `faultline.diagnosis/1`.
  public var diagnosis: [UInt8]
  /// The answer as `faultline diagnose` prints it, 100 columns wide and with times in UTC.
  public var text: [UInt8]
  /// The sections of the case's page.
  public var page: [UInt8]
  /// Check boxes that the page holds.
  public var steps: [String]

  public init(
    verdict: String, answer: String, machine: String?, diagnosis: [UInt8], text: [UInt8], page: [UInt8],
    steps: [String]
  ) {
    self.verdict = verdict
    self.answer = answer
    self.machine = machine
    self.diagnosis = diagnosis
    self.text = text
    self.page = page
    self.steps = steps
  }
}
