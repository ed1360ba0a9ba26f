import Facts
import Foundation
import Testing

@testable import KnowledgeBase

@Suite struct KnownIssueErrorTests {
  static let sound = """
    id: KB1234567
    title: A title
    summary: A summary.
    conditions:
      - text: a symbol
        effect: decisive
        kind: frame
        where: {symbol: "a!B"}
      - text: not there
        effect: contradicts
        kind: module
        where: {module: a.sys}
        absent: true
        given: module-list
    affected:
      - {product: Windows XP, servicePacks: [2, 3]}
    verification:
      - text: look
    settledBy:
      - text: a dump
        settles: [frame]
    """

  static func problem(_ yaml: String) -> KnownIssueError? {
    do {
      _ = try KnownIssue(yaml: yaml.utf8, file: "KB1234567.yaml")
      return nil
    } catch { return error }
  }

  static func rules(_ yaml: String) throws -> [String] {
    try KnownIssue(yaml: yaml.utf8, file: "KB1234567.yaml").problems(file: "KB1234567.yaml").map(\.description)
  }

  @Test func soundFileHasNoProblem() throws {
    #expect(try Self.rules(Self.sound) == [])
  }

  @Test(arguments: [
    ("effect: decisive", "efect: decisive", KnownIssueError.Code.missingField, 5, "conditions[0].effect"),
    ("effect: decisive", "effect: certain", .badValue, 6, "conditions[0].effect"),
    ("kind: frame", "kind: fraem", .badValue, 7, "conditions[0].kind"),
    ("{symbol: \"a!B\"}", "{function: \"a!B\"}", .unknownField, 8, "conditions[0].where.function"),
    ("{symbol: \"a!B\"}", "{symbol: {nott: a}}", .unknownField, 8, "conditions[0].where.symbol"),
    ("{symbol: \"a!B\"}", "{index: \"> some\"}", .badValue, 8, "conditions[0].where.index"),
    ("servicePacks: [2, 3]", "servicePacks: [two]", .badValue, 16, "affected[0].servicePacks"),
    ("title: A title", "titel: A title", .missingField, 1, "title"),
    ("summary: A summary.", "summary: A summary.\ncolour: red", .unknownField, 4, "colour"),
    ("summary: A summary.", "summary: [A]", .badValue, 3, "summary"),
    ("absent: true", "absent: perhaps", .badValue, 13, "conditions[1].absent"),
  ])
  func slipIsNamedWithItsPlace(
    old: String, new: String, code: KnownIssueError.Code, line: Int, field: String
  ) throws {
    let yaml = try #require(Self.sound.firstReplacing(old, new))
    let error = try #require(Self.problem(yaml))
    #expect(error.code == code)
    #expect(error.line == line)
    #expect(error.field == field)
    #expect(error.description.hasPrefix("KB1234567.yaml:\(line): \(field): "))
  }

  @Test func brokenYamlIsASyntaxError() {
    #expect(Self.problem("id: [")?.code == .syntax)
    #expect(Self.problem("")?.code == .syntax)
    #expect(Self.problem("id: a\nid: b")?.code == .syntax)
  }

  @Test(arguments: [
    ("kind: frame\n    where: {symbol: \"a!B\"}", "kind: stop\n    where: {code: 0x41}", "general symptoms alone"),
    ("    given: module-list", "", "needs 'given'"),
    ("effect: decisive", "effect: weak", "none is decisive"),
    ("effect: contradicts", "effect: weak\n    weight: 0.1", "none contradicts"),
    ("effect: decisive", "effect: decisive\n    weight: 1", "weight 1.0 is outside"),
    ("\"a!B\"", "B", "must name its module"),
    ("id: KB1234567", "id: KB7654321", "must be named KB7654321.yaml"),
    ("verification:\n  - text: look\n", "", "does not say how to see"),
    ("verification:", "fileTable: complete\nverification:", "complete, but 0 files"),
  ])
  func ruleIsKept(old: String, new: String, reason: String) throws {
    let yaml = try #require(Self.sound.firstReplacing(old, new))
    #expect(try Self.rules(yaml).contains { $0.contains(reason) })
  }

  @Test func constraintsAreRead() throws {
    #expect(Constraint(">= 0.3") == .compares(.atLeast, Operand("0.3")))
    #expect(Constraint("< 0x10000") == .compares(.below, Operand("0x10000")))
    #expect(Constraint("< 3.0.28") == .compares(.below, Operand("3.0.28")))
    #expect(Constraint("> nothing") == nil)
    #expect(Constraint("  ") == nil)
    #expect(Operand("0x10000").number == 65_536)
    #expect(Operand("Mi*").isPattern)
    #expect(dottedNumber("Samba 3.0.20-Debian") == [3, 0, 20])
    #expect(dottedNumber("99999999999999999999999.1") == nil)
    #expect(dottedNumber("7") == nil)
  }
}

extension String {
  /// nil when the text does not occur, so that a test cannot silently test nothing.
  fileprivate func firstReplacing(_ old: String, _ new: String) -> String? {
    guard let range = self.range(of: old) else { return nil }
    return replacingCharacters(in: range, with: new)
  }
}
