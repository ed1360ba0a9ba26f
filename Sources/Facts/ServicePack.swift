/// A service pack: a number, with a letter where Microsoft gave one (`6a`). Order: 6 < 6a < 7.
@frozen
public struct ServicePack: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var number: UInt8
  /// Lower-case; nil for a plain number.
  public var letter: Character?

  @inlinable
  public init(_ number: UInt8, letter: Character? = nil) {
    self.number = number
    self.letter = letter
  }

  /// `2`, `6a`, `SP2`, `Service Pack 6a`; nil otherwise.
  public init?(_ text: some StringProtocol) {
    var rest = text.lowercased()[...]
    for prefix in ["service pack", "sp"] where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      break
    }
    rest = rest.drop { $0 == " " }
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    guard let number = UInt8(digits) else { return nil }
    let tail = rest.dropFirst(digits.count)
    if tail.isEmpty {
      self.init(number)
    } else if tail.count == 1, let letter = tail.first, letter.isASCII, letter.isLetter {
      self.init(number, letter: letter)
    } else {
      return nil
    }
  }

  public static func < (a: Self, b: Self) -> Bool {
    a.number != b.number ? a.number < b.number : (a.letter.map(String.init) ?? "") < (b.letter.map(String.init) ?? "")
  }

  public var description: String { letter.map { "\(number)\($0)" } ?? "\(number)" }
}
