import ByteReading
import Facts

/// One block drivers and the kernel append to a dump through bugcheck callbacks (documented for
/// KbCallbackSecondaryDumpData): a GUID and bytes.
public struct SecondaryDataBlock: Hashable, Sendable {
  /// `4d4c9d3b-…` as text in registry form without braces.
  public var tag: String
  public var offset: Int
  public var count: Int
}

extension SecondaryDataBlock {
  /// More blocks than this are not read: real dumps here hold up to 40.
  static let maximumCount = 4096

  /// Blocks that follow a triage dump's end: a file header `DumpBlob`, its size, then for each block its header's size, the
  /// GUID, its data's size, and padding before and after the data (as seen in dumps of 19041 and 22000).
  static func list(in bytes: RawSpan, at start: Int, problems: inout [ReadError]) -> [SecondaryDataBlock] {
    guard bytes.starts(with: "DumpBlob", at: start),
      let headerSize = bytes.loadIfPresent(at: start + 8, as: UInt32.self)
    else { return [] }
    var blocks: [SecondaryDataBlock] = []
    var position = start
    func fail(_ reading: String, _ expected: String, _ found: String) {
      problems.append(
        ReadError(
          .malformed, reading: reading, at: .file(UInt64(clamping: position)), expected: expected, found: found,
          trail: ["DumpBlob", "block \(blocks.count)"]))
    }
    guard (16...4096).contains(headerSize) else {
      fail("HeaderSize", "16 to 4096", "\(headerSize)")
      return []
    }
    position += Int(headerSize)
    while blocks.count < maximumCount, bytes.byteCount - position >= 32 {
      guard let header = bytes.loadIfPresent(at: position, as: UInt32.self),
        let count = bytes.loadIfPresent(at: position + 20, as: UInt32.self),
        let before = bytes.loadIfPresent(at: position + 24, as: UInt32.self),
        let after = bytes.loadIfPresent(at: position + 28, as: UInt32.self), header != 0
      else { break }
      guard (32...4096).contains(header), before <= 4096, after <= 4096 else {
        fail("HeaderSize", "32 to 4096", "\(header)")
        break
      }
      let data = position + Int(header) + Int(before)
      guard data <= bytes.byteCount, Int(count) <= bytes.byteCount - data else {
        fail("DataSize", "\(count) bytes", "\(max(0, bytes.byteCount - data)) to the end")
        break
      }
      blocks.append(SecondaryDataBlock(tag: guid(bytes, at: position + 4), offset: data, count: Int(count)))
      position = data + Int(count) + Int(after)
    }
    return blocks
  }

  private static func guid(_ bytes: RawSpan, at offset: Int) -> String {
    guard let a = bytes.loadIfPresent(at: offset, as: UInt32.self),
      let b = bytes.loadIfPresent(at: offset + 4, as: UInt16.self),
      let c = bytes.loadIfPresent(at: offset + 6, as: UInt16.self), let tail = bytes.array(at: offset + 8, count: 8)
    else { return "" }
    func hex(_ value: UInt64, _ digits: Int) -> Substring { hexadecimal(value, digits: digits).dropFirst(2) }
    let last = tail.map { hex(UInt64($0), 2) }
    return
      "\(hex(UInt64(a), 8))-\(hex(UInt64(b), 4))-\(hex(UInt64(c), 4))-\(last[0..<2].joined())-\(last[2...].joined())"
  }
}
