import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Times in the reader's zone, by the system's own zone tables. The Windows calls go beside this file.
enum LocalTime {
  /// Where POSIX systems keep zones.
  private static let folders = ["/usr/share/zoneinfo", "/var/db/timezone/zoneinfo"]

  /// Sets the zone for this process; false for a name the system does not know.
  static func setZone(_ name: String) -> Bool {
    let isPlain = name.utf8.allSatisfy {
      $0 == 0x2F || $0 == 0x5F || $0 == 0x2B || $0 == 0x2D || (0x30...0x39).contains($0) || (0x41...0x5A).contains($0)
        || (0x61...0x7A).contains($0)
    }
    guard isPlain, !name.isEmpty, !name.hasPrefix("/") else { return false }
    guard name == "UTC" || folders.contains(where: { unsafe access($0 + "/" + name, R_OK) == 0 }) else { return false }
    unsafe setenv("TZ", name == "UTC" ? "UTC0" : name, 1)
    tzset()
    return true
  }

  /// `2003-07-22 21:10 CEST`.
  static func text(_ unixSeconds: Int64) -> String {
    var time = time_t(unixSeconds)
    var parts = tm()
    guard unsafe localtime_r(&time, &parts) != nil else { return "-" }
    let zone = unsafe parts.tm_zone.map { unsafe String(cString: $0) } ?? ""
    return
      "\(parts.tm_year + 1900)-\(twoDigits(parts.tm_mon + 1))-\(twoDigits(parts.tm_mday)) \(twoDigits(parts.tm_hour)):\(twoDigits(parts.tm_min)) \(zone)"
  }
}
