import ByteReading

extension PEImage {
  /// Larger files are not summed unasked.
  static let maximumSummedBytes = 1 << 30

  /// The checksum that belongs into the header: 16-bit words added with end-around carry, the checksum itself taken as
  /// zero, plus the file's length (PE format, "Optional Header", CheckSum; algorithm as in IMAGEHLP's documentation and
  /// readers). nil for images from memory, which the loader has changed.
  public func computedChecksum() -> UInt32? {
    guard layout == .file, let file = (memory as? FileBytes)?.file, file.byteCount <= Self.maximumSummedBytes,
      let skipped = Int(exactly: header.checksumOffset), skipped & 1 == 0
    else { return nil }
    let bytes = file.bytes
    var sum: UInt64 = 0
    var offset = 0
    // 32-bit words added into 64 bits and folded have the same end-around sum as 16-bit words.
    while offset <= bytes.byteCount - 4 {
      sum &+= UInt64(bytes.loadIfPresent(at: offset, as: UInt32.self) ?? 0)
      offset += 4
    }
    for index in offset..<bytes.byteCount {
      sum &+= UInt64(bytes.loadIfPresent(at: index, as: UInt8.self) ?? 0) << UInt64(8 * (index - offset))
    }
    let stored = header.checksum
    // The stored checksum may straddle two 32-bit words, never two 16-bit ones.
    let low = UInt64(stored & 0xFFFF)
    let high = UInt64(stored >> 16)
    sum &-= skipped & 2 == 0 ? low | high << 16 : low << 16 | high
    sum = (sum & 0xFFFF_FFFF) + (sum >> 32)
    sum = (sum & 0xFFFF) + (sum >> 16 & 0xFFFF) + (sum >> 32)
    while sum > 0xFFFF { sum = (sum & 0xFFFF) + (sum >> 16) }
    return UInt32(truncatingIfNeeded: sum &+ UInt64(bytes.byteCount))
  }
}
