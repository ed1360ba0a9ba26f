import Facts
import Signatures

/// The signature of one case: `faultline.signature/1`.
public struct SignatureReport: Sendable {
  public var path: String
  public var version: Int
  public var result: SignatureResult
  /// Why nothing of it could be read, where that is so.
  public var problems: [EvidenceProblem]

  public init(path: String, version: Int, result: SignatureResult, problems: [EvidenceProblem] = []) {
    self.path = path
    self.version = version
    self.result = result
    self.problems = problems
  }

  public func json(explained: Bool) -> JSONValue {
    .members([
      schema("signature"), ("path", .path(path)), ("rules", .string(String(version))),
      ("signature", result.signature?.json), ("problems", .array(problems.map(\.json))),
      ("notes", explained ? .array(result.notes.map(\.json)) : nil),
    ])
  }

  public func text(_ style: TextStyle, explained: Bool) -> String {
    let id = result.signature?.id ?? "-"
    let said = result.signature?.text ?? (problems.first?.text ?? "nothing of it says what failed")
    guard explained else { return TextStyle.cleanLine("\(id)  \(said)  \(path)") + "\n" }
    var out =
      style.ink(TextStyle.cleanLine(path), .strong) + "\n" + style.wrap(id + "  " + said, indent: 2, hanging: 4) + "\n"
    for note in result.notes { out += style.wrap("\(note.rule): \(note.text)", indent: 4, hanging: 6) + "\n" }
    return out
  }
}

extension Signature.Note {
  fileprivate var json: JSONValue { .members([("rule", .string(rule)), ("text", .string(text))]) }
}

/// Two versions of the rules over the same cases: `faultline.signature-comparison/1`.
public struct SignatureComparison: Sendable {
  /// A bucket of one version, and the buckets of the other that its cases fall into.
  public struct Change: Sendable {
    public var signature: Signature
    public var into: [(signature: Signature?, paths: [String])]
  }

  public let versions: (Int, Int)
  public let cases: Int
  public let buckets: (Int, Int)
  /// Cases without a signature by either.
  public let without: (Int, Int)
  /// Buckets of the first version whose cases the second tells apart.
  public let splits: [Change]
  /// Buckets of the second version that hold several of the first.
  public let merges: [Change]

  public init(_ first: Int, _ second: Int, _ cases: [(path: String, first: Signature?, second: Signature?)]) {
    versions = (first, second)
    self.cases = cases.count
    let byFirst = Dictionary(grouping: cases.filter { $0.first != nil }) { $0.first }
    let bySecond = Dictionary(grouping: cases.filter { $0.second != nil }) { $0.second }
    buckets = (byFirst.count, bySecond.count)
    without = (cases.count { $0.first == nil }, cases.count { $0.second == nil })
    splits = Self.changes(byFirst, other: \.second)
    merges = Self.changes(bySecond, other: \.first)
  }

  private typealias Case = (path: String, first: Signature?, second: Signature?)

  private static func changes(_ buckets: [Signature?: [Case]], other: KeyPath<Case, Signature?>) -> [Change] {
    buckets.compactMap { bucket, cases -> Change? in
      let parts = Dictionary(grouping: cases) { $0[keyPath: other] }
      guard let bucket, parts.count > 1 else { return nil }
      let sorted = parts.sorted { a, b in
        (b.value.count, a.key?.text ?? "") < (a.value.count, b.key?.text ?? "")
      }
      return Change(signature: bucket, into: sorted.map { ($0.key, $0.value.map(\.path)) })
    }.sorted { $0.signature.text < $1.signature.text }
  }

  public var json: JSONValue {
    .members([
      schema("signature-comparison"), ("rules", .strings([String(versions.0), String(versions.1)])),
      ("cases", .count(cases)), ("buckets", .array([.count(buckets.0), .count(buckets.1)])),
      ("withoutSignature", .array([.count(without.0), .count(without.1)])), ("splits", .array(splits.map(\.json))),
      ("merges", .array(merges.map(\.json))),
    ])
  }

  public func text(_ style: TextStyle) -> String {
    var out =
      "\(cases) cases: \(buckets.0) buckets by rules \(versions.0), \(buckets.1) by rules \(versions.1)"
      + "; without a signature \(without.0) and \(without.1)\n"
    for (title, changes) in [("Split by rules \(versions.1)", splits), ("Merged by rules \(versions.1)", merges)] {
      guard !changes.isEmpty else { continue }
      out += "\n" + style.ink(title, .strong) + "\n"
      for change in changes {
        out += style.wrap("\(change.signature.id)  \(change.signature.text)", indent: 2, hanging: 4) + "\n"
        for part in change.into {
          let name = part.signature.map { "\($0.id)  \($0.text)" } ?? "no signature"
          out += style.wrap("\(part.paths.count) × \(name)", indent: 4, hanging: 6) + "\n"
        }
      }
    }
    return out
  }
}

extension SignatureComparison.Change {
  fileprivate var json: JSONValue {
    .members([
      ("signature", signature.json),
      (
        "into",
        .array(
          into.map { .members([("signature", $0.signature?.json), ("paths", .array($0.paths.map { .path($0) }))]) })
      ),
    ])
  }
}
