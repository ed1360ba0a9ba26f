import ByteReading
import Facts

/// Copies frames into a new capture.
public enum CaptureExtraction {
  /// A pcapng file of the frames named, byte for byte, with their times and link types. pcapng,
  /// because frames of several link types go into no pcap; a pcap with nanoseconds where all have one link type.
  public static func extract(_ frames: Set<Int>, from file: MappedFile) throws(ReadError) -> [UInt8] {
    guard Gzip.matches(firstBytes: file.bytes) else { return try extract(frames, file.bytes) }
    let unpacked = try Gzip.unpack(file.bytes)
    return try extract(frames, unpacked.span.bytes)
  }

  private static func extract(_ frames: Set<Int>, _ bytes: RawSpan) throws(ReadError) -> [UInt8] {
    var container = try CaptureContainer(parsing: bytes)
    var chosen: [FrameRecord] = []
    var number = 0
    let last = frames.max() ?? 0
    while number < last, let record = container.next(bytes) {
      number += 1
      if frames.contains(number) { chosen.append(record) }
    }
    let links = Set(chosen.map(\.link.rawValue)).sorted()
    return links.count > 1 ? pcapng(chosen, links, bytes) : pcap(chosen, links.first ?? 1, bytes)
  }

  private static func append32(_ value: UInt32, _ out: inout [UInt8]) {
    for shift in [0, 8, 16, 24] as [UInt32] { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
  }

  private static func pcap(_ records: [FrameRecord], _ link: Int, _ bytes: RawSpan) -> [UInt8] {
    var out: [UInt8] = []
    for value in [0xA1B2_3C4D, 0x0004_0002, 0, 0, UInt32(CaptureLimits.frameBytes), UInt32(clamping: link)] {
      append32(value, &out)
    }
    for record in records {
      let time = max(0, record.time ?? 0)
      append32(UInt32(truncatingIfNeeded: time / 1_000_000_000), &out)
      append32(UInt32(truncatingIfNeeded: time % 1_000_000_000), &out)
      append32(UInt32(clamping: record.captured), &out)
      append32(UInt32(clamping: record.original), &out)
      out += bytes.bytes(record.offset, record.captured)
    }
    return out
  }

  private static func pcapng(_ records: [FrameRecord], _ links: [Int], _ bytes: RawSpan) -> [UInt8] {
    var out: [UInt8] = []
    func block(_ type: UInt32, _ body: [UInt8]) {
      let padding = (4 - body.count % 4) % 4
      let length = UInt32(clamping: 12 + body.count + padding)
      append32(type, &out)
      append32(length, &out)
      out += body + [UInt8](repeating: 0, count: padding)
      append32(length, &out)
    }
    block(0x0A0D_0D0A, [0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8))
    for link in links {
      // Nanoseconds (if_tsresol 9).
      block(
        1,
        [
          UInt8(truncatingIfNeeded: link), UInt8(truncatingIfNeeded: link >> 8), 0, 0, 0, 0, 0, 0, 9, 0, 1, 0, 9, 0, 0,
          0,
        ]
          + [0, 0, 0, 0])
    }
    for record in records {
      var body: [UInt8] = []
      let time = UInt64(max(0, record.time ?? 0))
      append32(UInt32(clamping: links.firstIndex(of: record.link.rawValue) ?? 0), &body)
      append32(UInt32(truncatingIfNeeded: time >> 32), &body)
      append32(UInt32(truncatingIfNeeded: time), &body)
      append32(UInt32(clamping: record.captured), &body)
      append32(UInt32(clamping: record.original), &body)
      block(6, body + bytes.bytes(record.offset, record.captured))
    }
    return out
  }
}
