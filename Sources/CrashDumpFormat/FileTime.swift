/// A FILETIME: 100-nanosecond intervals since 1601-01-01 UTC.
public struct FileTime: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Seconds since 1970-01-01 UTC.
  public var unixSeconds: Int64 { Int64(rawValue / 10_000_000) - 11_644_473_600 }

  /// RFC 3339 in UTC with whole seconds; nil outside the years 1980 to 2200, where a header holds no time but other bytes.
  public var rfc3339: String? {
    guard rawValue >= 119_600_064_000_000_000, rawValue < 189_300_000_000_000_000 else { return nil }
    return Self.rfc3339(unixSeconds: unixSeconds)
  }

  /// Civil date from days (Howard Hinnant's public algorithm `civil_from_days`).
  public static func rfc3339(unixSeconds: Int64) -> String {
    let days = unixSeconds >= 0 ? unixSeconds / 86_400 : (unixSeconds - 86_399) / 86_400
    let second = unixSeconds - days * 86_400
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }
    return "\(year)-\(two(month))-\(two(day))T\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
  }
}
