import Facts
import KnowledgeBase
import Matching
import Planning
import Servicing
import Signatures

/// One line of `faultline triage`: what one file, or one folder of a case, says. `faultline.triage/1`.
///
/// Nothing in it depends on the time, the process that read the file or the machine it ran on.
public struct TriageReport: Sendable {
  /// The schema's names.
  public enum Outcome: String, Hashable, Sendable, CaseIterable {
    case read, unreadable, crashed
    case timeLimit = "time-limit"
    case memoryLimit = "memory-limit"
    case noSuchFile = "no-such-file"
  }

  /// Pool by tag: what it holds, and how it grows where several moments are known.
  public struct PoolRow: Hashable, Sendable {
    public var tag: String
    public var pool: String
    /// In use, at the last moment.
    public var bytes: UInt64
    public var bytesPerHour: Double?
    /// As `faultline.pool/1` has it.
    public var verdict: String?
    /// The binary that allocates with the tag, as far as lists say.
    public var driver: String?

    public init(tag: String, pool: String, bytes: UInt64) {
      self.tag = tag
      self.pool = pool
      self.bytes = bytes
    }
  }

  public var path: String
  public var outcome: Outcome
  /// Of the one file; nil for a folder.
  public var sha256: String?
  public var bytes: Int?
  public var kind: String?
  public var problems: [EvidenceProblem]
  /// The pieces of a case's folder; nil for one file.
  public var evidence: [Diagnosis.Evidence]?
  /// Of the crash or the last moment, RFC 3339.
  public var time: String?
  public var diagnosis: Diagnosis?
  /// Of the first dump or log that has one.
  public var stop: (code: StopCode, name: String?, parameters: [String])?
  public var signature: Signature?
  /// Of dumps.
  public var modules: [ModuleIdentity] = []
  public var poolTags: [PoolRow] = []
  /// Whether the facts are printed.
  public var showsFacts = false

  public init(path: String, outcome: Outcome, problems: [EvidenceProblem] = []) {
    self.path = path
    self.outcome = outcome
    self.problems = problems
  }
}
