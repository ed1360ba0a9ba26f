import Facts

/// What must hold for one attribute.
public indirect enum Constraint: Hashable, Sendable {
  /// A literal or a wildcard (`*` any text, `?` one character).
  case matches(Operand)
  case compares(Comparison, Operand)
  case anyOf([Constraint])
  case allOf([Constraint])
  case not(Constraint)

  /// `netbt.sys`, `nt!Mi*`, `>= 0.3`, `< 0x10000`; nil for a comparison with something that has no order.
  public init?(_ text: String) {
    let trimmed = text.trimmed
    for comparison in Comparison.allCases where trimmed.hasPrefix(comparison.rawValue) {
      let operand = Operand(String(trimmed.dropFirst(comparison.rawValue.count)).trimmed)
      guard operand.number != nil || operand.dotted != nil else { return nil }
      self = .compares(comparison, operand)
      return
    }
    guard !trimmed.isEmpty else { return nil }
    self = .matches(Operand(trimmed))
  }

  /// Every literal in it, for validation and search.
  public var operands: [Operand] {
    switch self {
    case .matches(let operand), .compares(_, let operand): [operand]
    case .anyOf(let parts), .allOf(let parts): parts.flatMap(\.operands)
    case .not(let part): part.operands
    }
  }

  /// Literals that speak for the issue: those not under a `not`.
  public var positiveOperands: [Operand] {
    switch self {
    case .matches(let operand): [operand]
    case .compares: []
    case .anyOf(let parts), .allOf(let parts): parts.flatMap(\.positiveOperands)
    case .not: []
    }
  }
}

/// Longest spelling first, so that `>=` is not read as `>`.
@frozen
public enum Comparison: String, Hashable, Sendable, CaseIterable {
  case atLeast = ">="
  case atMost = "<="
  case above = ">"
  case below = "<"

  @inlinable
  public func holds<T: Comparable>(_ a: T, _ b: T) -> Bool {
    switch self {
    case .atLeast: a >= b
    case .atMost: a <= b
    case .above: a > b
    case .below: a < b
    }
  }
}

/// A constraint's right-hand side, read once when the issue is loaded: thousands of issues are tried against each fact.
public struct Operand: Hashable, Sendable {
  public var text: String
  /// For comparison with texts.
  public var folded: String
  public var isPattern: Bool
  /// `5`, `0.3`, `0x10000`.
  public var number: Double?
  /// With a `0x`, exactly.
  public var hexadecimal: UInt64?
  /// `5.2.3790.71`, `3.0.28`: two parts or more.
  public var dotted: [UInt64]?

  public init(_ text: String) {
    self.text = text
    folded = text.lowercased()
    isPattern = text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
    hexadecimal = folded.hasPrefix("0x") ? parseHexadecimal(folded) : nil
    number = hexadecimal.map { Double($0) } ?? (folded.hasPrefix("0x") ? nil : Double(text))
    dotted = dottedNumber(text)
  }

  /// The text itself, whatever signs it holds.
  public init(literal text: String) {
    self.init(text)
    isPattern = false
    hexadecimal = nil
  }
}

/// The leading dotted number of a text (`3.0.20` of `Samba 3.0.20-Debian`); nil where there are fewer than two parts.
public func dottedNumber(_ text: some StringProtocol) -> [UInt64]? {
  var parts: [UInt64] = []
  var current: UInt64?
  func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
  for byte in text.utf8.drop(while: { !isDigit($0) }) {
    if isDigit(byte) {
      let (product, overflow) = (current ?? 0).multipliedReportingOverflow(by: 10)
      guard !overflow, product <= UInt64.max - 9 else { return nil }
      current = product + UInt64(byte - 0x30)
    } else if byte == UInt8(ascii: "."), let number = current {
      parts.append(number)
      current = nil
    } else {
      break
    }
  }
  if let current { parts.append(current) }
  return parts.count >= 2 ? parts : nil
}

extension StringProtocol {
  /// Without spaces at either end; Foundation-free, because the catalogue is read at every start.
  var trimmed: String {
    let space: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" }
    var text = self.drop(while: space)
    while let last = text.last, space(last) { text = text.dropLast() }
    return String(text)
  }
}
