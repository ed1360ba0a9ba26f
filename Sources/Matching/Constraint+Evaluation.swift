import Facts
import KnowledgeBase

extension Constraint {
  /// The names it asks for, where it asks for nothing but whole names; nil for patterns, comparisons and negations.
  var literals: [Operand]? {
    switch self {
    case .matches(let operand): return operand.isPattern ? nil : [operand]
    case .anyOf(let parts):
      var names: [Operand] = []
      for part in parts {
        guard let literals = part.literals else { return nil }
        names += literals
      }
      return names
    case .compares, .allOf, .not: return nil
    }
  }

  /// Whether a fact's attribute satisfies it. Values are compared by their type: a tag as a tag, a version as a version.
  func holds(for value: FactValue, of attribute: FactAttribute) -> Bool {
    switch self {
    case .matches(let operand): operand.matches(value, attribute)
    case .compares(let comparison, let operand): operand.compares(value, comparison)
    case .anyOf(let parts): parts.contains { $0.holds(for: value, of: attribute) }
    case .allOf(let parts): parts.allSatisfy { $0.holds(for: value, of: attribute) }
    case .not(let part): !part.holds(for: value, of: attribute)
    }
  }
}

extension Operand {
  func matches(_ value: FactValue, _ attribute: FactAttribute) -> Bool {
    switch value {
    case .text(let text): return matches(text: text, attribute)
    case .integer(let integer): return number == Double(integer)
    case .number(let value): return number == value
    case .address(let address): return (hexadecimal ?? parseHexadecimal(text)) == address.rawValue
    case .stopCode(let code):
      return UInt32(exactly: hexadecimal ?? parseHexadecimal(text) ?? .max).map { StopCode($0).base == code.base }
        ?? false
    case .status(let status): return (hexadecimal ?? parseHexadecimal(text)) == UInt64(status.rawValue)
    case .poolTag(let tag):
      // The case of a tag's letters is part of it.
      return isPattern ? matchesWildcard(tag.description, text) : PoolTag(text) == tag
    case .version(let version):
      return isPattern ? matchesWildcard(version.description, text) : FileVersion(text) == version
    case .flag(let flag): return folded == (flag ? "true" : "false")
    }
  }

  private func matches(text value: String, _ attribute: FactAttribute) -> Bool {
    if Spelling.moduleAttributes.contains(attribute) {
      return equal(Spelling.module(value), isPattern ? folded : Spelling.module(text))
    }
    switch attribute {
    case "symbol": return equal(Spelling.symbol(value), Spelling.symbol(text))
    case "tag":
      return isPattern ? matchesWildcard(value, text) : PoolTag(value) == PoolTag(text) && PoolTag(text) != nil
    case "tags": return Spelling.tags(value) == Spelling.tags(text)
    case "code":
      guard let wanted = hexadecimal, let found = parseHexadecimal(value) else {
        return equal(value.lowercased(), folded)
      }
      return wanted == found
    default: break
    }
    if let hexadecimal, value.lowercased().hasPrefix("0x") { return parseHexadecimal(value) == hexadecimal }
    return equal(value.lowercased(), folded)
  }

  private func equal(_ value: String, _ wanted: String) -> Bool {
    isPattern ? matchesWildcard(value, wanted) : value == wanted
  }

  /// Numbers by size, versions part by part; a text counts as the number or dotted number in it. What has no order does not
  /// satisfy a comparison.
  func compares(_ value: FactValue, _ comparison: Comparison) -> Bool {
    switch value {
    case .integer(let integer): return number.map { comparison.holds(Double(integer), $0) } ?? false
    case .number(let value): return number.map { comparison.holds(value, $0) } ?? false
    case .address(let address):
      if let hexadecimal { return comparison.holds(address.rawValue, hexadecimal) }
      return number.map { comparison.holds(Double(address.rawValue), $0) } ?? false
    case .version(let version):
      let parts = [version.major, version.minor, version.build, version.revision].map { UInt64($0) }
      return dotted.map { comparison.holds(Dotted(parts), Dotted($0)) } ?? false
    case .text(let text):
      if let hexadecimal {
        return parseHexadecimal(text).map { comparison.holds($0, hexadecimal) } ?? false
      }
      if let number, let found = Double(text) { return comparison.holds(found, number) }
      guard let dotted, let found = dottedNumber(text) else { return false }
      return comparison.holds(Dotted(found), Dotted(dotted))
    case .stopCode, .status, .poolTag, .flag: return false
    }
  }
}

/// A dotted number ordered part by part; a missing part counts as zero (3.0 = 3.0.0).
private struct Dotted: Comparable {
  let parts: [UInt64]

  init(_ parts: [UInt64]) { self.parts = parts }

  private func part(_ index: Int) -> UInt64 { index < parts.count ? parts[index] : 0 }

  static func < (a: Self, b: Self) -> Bool {
    for index in 0..<max(a.parts.count, b.parts.count) where a.part(index) != b.part(index) {
      return a.part(index) < b.part(index)
    }
    return false
  }

  static func == (a: Self, b: Self) -> Bool { !(a < b) && !(b < a) }
}
