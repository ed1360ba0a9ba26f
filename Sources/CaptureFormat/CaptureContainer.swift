import ByteReading
import Facts

/// One frame as the container holds it.
public struct FrameRecord: Hashable, Sendable {
  /// Where its bytes begin, from the beginning of the (unpacked) file.
  public var offset: Int
  public var captured: Int
  /// Bytes on the wire.
  public var original: Int
  /// Nanoseconds since 1970 UTC.
  public var time: Int64?
  public var link: LinkType
}

/// Files of captured packets: which kind it is, and its frames one after the other. The forms are described in
/// Documentation/Formats/capture.md.
public struct CaptureContainer: Sendable {
  public enum Form: Hashable, Sendable {
    case pcap, pcapng, networkMonitor
  }

  public var form: Form
  /// For people: `pcap with nanoseconds, big-endian`.
  public var name: String
  /// Where the next record begins.
  public internal(set) var position: Int
  public internal(set) var problems: [ReadError] = []
  var isBigEndian = false
  // pcap
  var recordHeader = 16
  var unitsPerSecond: Int64 = 1_000_000
  var lengthOrder = LengthOrder.asNamed
  var link = LinkType.ethernet
  // pcapng
  var interfaces: [Interface] = []
  // Network Monitor
  var table = FrameTable()

  /// Files written before 2.3 have the two lengths the other way round; 2.3 was written both ways (libpcap, sf-pcap.c).
  enum LengthOrder { case asNamed, swapped, whicheverFits }

  public static func matches(firstBytes bytes: RawSpan) -> Bool {
    PcapMagic(bytes) != nil || isPcapng(bytes) || isNetworkMonitor(bytes)
  }

  /// What the first bytes say; nil where they are no capture's.
  public static func name(firstBytes bytes: RawSpan) -> String? {
    PcapMagic(bytes)?.name ?? (isPcapng(bytes) ? "pcapng" : isNetworkMonitor(bytes) ? "Network Monitor" : nil)
  }

  public init(parsing bytes: RawSpan) throws(ReadError) {
    if let magic = PcapMagic(bytes) {
      self.init(magic)
      try readPcapHeader(bytes, magic)
    } else if Self.isPcapng(bytes) {
      self.init(form: .pcapng, name: "pcapng", position: 0)
      try checkFirstSection(bytes)
    } else if Self.isNetworkMonitor(bytes) {
      self.init(form: .networkMonitor, name: "Network Monitor", position: 0)
      try readNetworkMonitorHeader(bytes)
    } else {
      throw ReadError(
        .unsupported, reading: "capture signature", at: .file(0), expected: "pcap, pcapng or Network Monitor",
        found: hexadecimal(UInt64(bytes.big32(0)), digits: 8))
    }
  }

  init(form: Form, name: String, position: Int) {
    self.form = form
    self.name = name
    self.position = position
  }

  /// The next frame; nil at the end, and where the rest cannot be read, which then stands in `problems`.
  public mutating func next(_ bytes: RawSpan) -> FrameRecord? {
    switch form {
    case .pcap: nextPcap(bytes)
    case .pcapng: nextPcapng(bytes)
    case .networkMonitor: nextNetworkMonitor(bytes)
    }
  }

  mutating func fail(_ error: ReadError) {
    problems.append(error)
    position = .max
  }

  /// Seconds and a fraction as nanoseconds; nil where that does not fit.
  static func nanoseconds(_ seconds: Int64, _ units: Int64, per second: Int64) -> Int64? {
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    guard !overflow, second > 0 else { return nil }
    let (scaled, tooLarge) = units.multipliedReportingOverflow(by: 1_000_000_000)
    let fraction = tooLarge ? Int64(Double(units) / Double(second) * 1e9) : scaled / second
    let (sum, outside) = whole.addingReportingOverflow(fraction)
    return outside ? nil : sum
  }
}
