import ByteReading
import Facts

extension CaptureContainer {
  /// Microsoft Network Monitor keeps a table of where frames begin.
  struct FrameTable: Hashable, Sendable {
    var offset = 0
    var count = 0
    var next = 0
    /// 1.x counts milliseconds and 16-bit lengths, 2.x microseconds and 32-bit ones.
    var isFirst = false
    var minor = 0
    var start: Int64?
    var network = 1
    /// Table entries that led nowhere, up to the first few.
    var failures = 0
  }

  static let networkMonitorHeaderBytes = 72

  static func isNetworkMonitor(_ bytes: RawSpan) -> Bool { bytes.starts(with: "RTSS") || bytes.starts(with: "GMBU") }

  mutating func readNetworkMonitorHeader(_ bytes: RawSpan) throws(ReadError) {
    guard bytes.byteCount >= Self.networkMonitorHeaderBytes else {
      throw ReadError(
        .malformed, reading: "Network Monitor header", at: .file(0),
        expected: "\(Self.networkMonitorHeaderBytes) bytes", found: "\(bytes.byteCount)")
    }
    let major = Int(bytes.byte(5))
    guard major == 1 || major == 2 else {
      throw ReadError(
        .unsupported, reading: "Network Monitor version", at: .file(5), expected: "1 or 2", found: "\(major)")
    }
    table.isFirst = major == 1
    table.minor = Int(bytes.byte(4))
    name = "Network Monitor \(major).\(table.minor)"
    table.network = bytes.little16(6)
    // SYSTEMTIME: year, month, day of week, day, hour, minute, second, millisecond. The clock's zone is not stated.
    let fields = (0..<8).map { bytes.little16(8 + 2 * $0) }
    if (1980...2200).contains(fields[0]), (1...12).contains(fields[1]), (1...31).contains(fields[3]) {
      let time = CivilTime(
        year: fields[0], month: fields[1], day: fields[3], hour: min(fields[4], 23), minute: min(fields[5], 59),
        second: min(fields[6], 59))
      table.start = time.unixSeconds * 1_000_000_000 + Int64(min(fields[7], 999)) * 1_000_000
    }
    table.offset = Int(bytes.little32(24))
    table.count = Int(bytes.little32(28)) / 4
    guard table.offset <= bytes.byteCount, (bytes.byteCount - table.offset) / 4 >= table.count else {
      throw ReadError(
        .malformed, reading: "Network Monitor frame table", at: .file(24),
        expected: "\(table.count) entries within \(bytes.byteCount) bytes", found: "offset \(table.offset)")
    }
  }

  mutating func nextNetworkMonitor(_ bytes: RawSpan) -> FrameRecord? {
    while table.next < table.count {
      let entry = table.offset + 4 * table.next
      table.next += 1
      let start = Int(bytes.little32(entry))
      let header = table.isFirst ? 8 : 16
      guard start >= Self.networkMonitorHeaderBytes, start <= bytes.byteCount, bytes.byteCount - start >= header else {
        skip("frame table entry", at: entry, expected: "an offset within the file", found: "\(start)")
        continue
      }
      let delta: UInt64
      let original: Int
      let captured: Int
      if table.isFirst {
        delta = UInt64(bytes.little32(start)) &* 1_000_000
        original = bytes.little16(start + 4)
        captured = bytes.little16(start + 6)
      } else {
        let micros = bytes.little64(start)
        delta = micros > UInt64(Int64.max) / 2000 ? 0 : micros &* 1000
        original = Int(bytes.little32(start + 8))
        captured = Int(bytes.little32(start + 12))
      }
      let body = start + header
      guard captured <= CaptureLimits.frameBytes, bytes.byteCount - body >= captured else {
        skip("captured length", at: start, expected: "at most \(bytes.byteCount - body)", found: "\(captured)")
        continue
      }
      position = body + captured
      let (time, overflow) = (table.start ?? 0).addingReportingOverflow(Int64(clamping: delta))
      return FrameRecord(
        offset: body, captured: captured, original: max(original, captured),
        time: table.start == nil || overflow ? nil : time, link: networkMonitorLink(bytes, behind: body + captured))
    }
    return nil
  }

  /// From 2.1 on each frame has its own medium behind it.
  private func networkMonitorLink(_ bytes: RawSpan, behind end: Int) -> LinkType {
    let isOwn = !table.isFirst && table.minor >= 1 && bytes.byteCount - end >= 2
    let medium = isOwn ? bytes.little16(end) : table.network
    switch medium {
    case 1: return .ethernet
    case 2: return .tokenRing
    case 3: return .fddi
    case 8, 9: return .raw
    // Wireshark's and Microsoft's later tools: 0xE000 and the number of libpcap.
    case 0xE000...0xE0FF: return LinkType(rawValue: medium - 0xE000)
    default: return .unknown
    }
  }

  private mutating func skip(_ what: String, at offset: Int, expected: String, found: String) {
    table.failures += 1
    guard table.failures <= 16 else { return }
    problems.append(
      ReadError(
        .malformed, reading: "\(name) \(what)", at: .file(UInt64(clamping: offset)), expected: expected, found: found))
  }
}
