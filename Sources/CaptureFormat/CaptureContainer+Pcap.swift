import ByteReading
import Facts

/// The four bytes that pcap files begin with, in the writer's byte order.
struct PcapMagic {
  var name: String
  var isBigEndian: Bool
  var unitsPerSecond: Int64
  var recordHeader: Int
  /// Bytes between the file header and the first record.
  var gap = 0

  init?(_ bytes: RawSpan) {
    guard bytes.byteCount >= 4 else { return nil }
    for (value, isBigEndian) in [(bytes.little32(0), false), (bytes.big32(0), true)] {
      switch value {
      case 0xA1B2_C3D4: self.init("pcap", isBigEndian, 1_000_000, 16)
      case 0xA1B2_3C4D: self.init("pcap with nanoseconds", isBigEndian, 1_000_000_000, 16)
      // Alexey Kuznetsov's change to libpcap 0.4: interface index, protocol and packet type behind each record's header.
      case 0xA1B2_CD34: self.init("modified pcap", isBigEndian, 1_000_000, 24)
      // Ixia's adapters: the records' size in all stands behind the file header.
      case 0x1C00_01AC: self.init("pcap of Ixia hardware", isBigEndian, 1_000_000_000, 16, gap: 4)
      case 0x1C00_01AB: self.init("pcap of Ixia software", isBigEndian, 1_000_000, 16, gap: 4)
      default: continue
      }
      return
    }
    return nil
  }

  private init(_ name: String, _ isBigEndian: Bool, _ units: Int64, _ recordHeader: Int, gap: Int = 0) {
    self.name = name + (isBigEndian ? ", big-endian" : "")
    self.isBigEndian = isBigEndian
    unitsPerSecond = units
    self.recordHeader = recordHeader
    self.gap = gap
  }
}

extension CaptureContainer {
  static let pcapHeaderBytes = 24

  init(_ magic: PcapMagic) {
    self.init(form: .pcap, name: magic.name, position: Self.pcapHeaderBytes + magic.gap)
    isBigEndian = magic.isBigEndian
    unitsPerSecond = magic.unitsPerSecond
    recordHeader = magic.recordHeader
  }

  @inline(__always)
  func word(_ bytes: RawSpan, _ offset: Int) -> UInt32 { isBigEndian ? bytes.big32(offset) : bytes.little32(offset) }

  @inline(__always)
  func half(_ bytes: RawSpan, _ offset: Int) -> Int { isBigEndian ? bytes.big16(offset) : bytes.little16(offset) }

  mutating func readPcapHeader(_ bytes: RawSpan, _ magic: PcapMagic) throws(ReadError) {
    guard bytes.byteCount >= Self.pcapHeaderBytes else {
      throw ReadError(
        .malformed, reading: "pcap file header", at: .file(0), expected: "\(Self.pcapHeaderBytes) bytes",
        found: "\(bytes.byteCount)")
    }
    let major = half(bytes, 4)
    let minor = half(bytes, 6)
    guard major == 2 else {
      throw ReadError(
        .unsupported, reading: "pcap version", at: .file(4), expected: "2.0 to 2.4", found: "\(major).\(minor)")
    }
    lengthOrder = minor < 3 ? .swapped : minor == 3 ? .whicheverFits : .asNamed
    // The upper bits say how long the frames' check sequences are, and are no part of the link type.
    link = LinkType(rawValue: Int(word(bytes, 20) & 0x03FF_FFFF))
  }

  mutating func nextPcap(_ bytes: RawSpan) -> FrameRecord? {
    guard position < bytes.byteCount else { return nil }
    guard bytes.byteCount - position >= recordHeader else {
      fail(cut("record header", recordHeader, bytes))
      return nil
    }
    var captured = Int(word(bytes, position + 8))
    var original = Int(word(bytes, position + 12))
    switch lengthOrder {
    case .asNamed: break
    case .swapped: swap(&captured, &original)
    case .whicheverFits: if captured > original { swap(&captured, &original) }
    }
    guard captured <= CaptureLimits.frameBytes else {
      fail(
        ReadError(
          .malformed, reading: "pcap captured length", at: .file(UInt64(position + 8)),
          expected: "at most \(CaptureLimits.frameBytes)", found: "\(captured)"))
      return nil
    }
    let start = position + recordHeader
    guard bytes.byteCount - start >= captured else {
      fail(cut("frame", captured, bytes, at: start))
      return nil
    }
    let time = Self.nanoseconds(
      Int64(word(bytes, position)), Int64(word(bytes, position + 4)), per: unitsPerSecond)
    position = start + captured
    return FrameRecord(offset: start, captured: captured, original: max(original, captured), time: time, link: link)
  }

  func cut(_ what: String, _ expected: Int, _ bytes: RawSpan, at offset: Int? = nil) -> ReadError {
    let start = offset ?? position
    return ReadError(
      .malformed, reading: "\(name) \(what)", at: .file(UInt64(clamping: start)), expected: "\(expected) bytes",
      found: "\(max(0, bytes.byteCount - start)) to the end of the file")
  }
}
