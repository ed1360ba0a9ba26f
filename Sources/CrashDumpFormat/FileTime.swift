import Facts

/// A FILETIME: 100-nanosecond intervals since 1601-01-01 UTC.
public struct FileTime: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Seconds since 1970-01-01 UTC.
  public var unixSeconds: Int64 { Int64(rawValue / 10_000_000) - 11_644_473_600 }

  /// RFC 3339 in UTC with whole seconds; nil outside the years 1980 to 2200, where a header holds no time but other bytes.
  public var rfc3339: String? {
    guard rawValue >= 119_600_064_000_000_000, rawValue < 189_300_000_000_000_000 else { return nil }
    return CivilTime(unixSeconds: unixSeconds).rfc3339
  }
}
