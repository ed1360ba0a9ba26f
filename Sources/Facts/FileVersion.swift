/// A four-part file version, `5.2.3790.4671`. Parts are 16 bits wide in a version resource; wider text is refused.
@frozen
public struct FileVersion: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var major: UInt16
  public var minor: UInt16
  public var build: UInt16
  public var revision: UInt16

  @inlinable
  public init(_ major: UInt16, _ minor: UInt16, _ build: UInt16, _ revision: UInt16) {
    self.major = major
    self.minor = minor
    self.build = build
    self.revision = revision
  }

  /// `5.2.3790.71`, also with a branch suffix behind a space (`5.2.3790.4671 (srv03_sp2_qfe.100316-0202)`); nil otherwise.
  public init?(_ text: some StringProtocol) {
    let head = text.prefix { $0 != " " && $0 != "(" }
    let parts = head.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var numbers: [UInt16] = []
    for part in parts {
      guard !part.isEmpty, part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = UInt16(part)
      else { return nil }
      numbers.append(number)
    }
    self.init(numbers[0], numbers[1], numbers[2], numbers[3])
  }

  public static func < (a: Self, b: Self) -> Bool {
    (a.major, a.minor, a.build, a.revision) < (b.major, b.minor, b.build, b.revision)
  }

  public var description: String { "\(major).\(minor).\(build).\(revision)" }
}
