/// A knowledge-base article's number without its prefix, so that `Q950162`, `KB950162`, `kb 950162` and `950162` are one.
@frozen
public struct ArticleNumber: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// nil for anything but digits behind an optional `Q` or `KB`: ids of our own (`FL-0001`) and bulletins (`MS08-067`) have none.
  public init?(_ text: some StringProtocol) {
    var rest = text.lowercased()[...]
    for prefix in ["kb", "q"] where rest.hasPrefix(prefix) {
      rest = rest.dropFirst(prefix.count)
      break
    }
    rest = rest.drop { $0 == " " }
    guard (4...8).contains(rest.utf8.count), rest.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let number = UInt32(rest)
    else { return nil }
    rawValue = number
  }

  /// Whether two ids mean the same article or update, whichever form each is printed in.
  public static func same(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
    if let first = ArticleNumber(a), let second = ArticleNumber(b) { return first == second }
    return a.lowercased() == b.lowercased()
  }
}
