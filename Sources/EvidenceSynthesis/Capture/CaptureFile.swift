/// A frame to be written into a capture.
public struct SynthesizedPacket: Hashable, Sendable {
  public var bytes: [UInt8]
  /// Nanoseconds since 1970 UTC.
  public var time: Int64
  /// Bytes on the wire, where the capture cuts.
  public var original: Int?
  /// Index of the interface, in pcapng.
  public var interface: Int

  public init(bytes: [UInt8], time: Int64, original: Int? = nil, interface: Int = 0) {
    self.bytes = bytes
    self.time = time
    self.original = original
    self.interface = interface
  }
}

/// Files of packets, spelled out from Documentation/Formats/capture.md.
public enum SynthesizedCaptureFile {
  public enum PcapForm: Hashable, Sendable, CaseIterable {
    case micro, nano, modified
  }

  public struct Interface: Hashable, Sendable {
    public var link: UInt32
    /// `if_tsresol`; nil leaves the option out.
    public var resolution: UInt8?
    /// `if_tsoffset` in seconds.
    public var offset: Int64?

    public init(link: UInt32, resolution: UInt8? = nil, offset: Int64? = nil) {
      self.link = link
      self.resolution = resolution
      self.offset = offset
    }

    var unitsPerSecond: Int64 {
      guard let resolution else { return 1_000_000 }
      if resolution & 0x80 != 0 { return 1 << Int64(resolution & 0x7F) }
      return (0..<resolution).reduce(Int64(1)) { power, _ in power * 10 }
    }
  }

  private static func word(_ value: UInt32, _ isBig: Bool) -> [UInt8] {
    let big = PacketWriter.big32(value)
    return isBig ? big : big.reversed()
  }

  private static func half(_ value: Int, _ isBig: Bool) -> [UInt8] {
    let big = PacketWriter.big16(value)
    return isBig ? big : big.reversed()
  }

  public static func pcap(
    _ frames: [SynthesizedPacket], link: UInt32, form: PcapForm = .micro, bigEndian: Bool = false
  ) -> [UInt8] {
    let magic: UInt32 =
      switch form {
      case .micro: 0xA1B2_C3D4
      case .nano: 0xA1B2_3C4D
      case .modified: 0xA1B2_CD34
      }
    var out = PacketWriter.join(
      word(magic, bigEndian), half(2, bigEndian), half(4, bigEndian), word(0, bigEndian), word(0, bigEndian),
      word(262_144, bigEndian), word(link, bigEndian))
    out.reserveCapacity(out.count + frames.reduce(0) { $0 + 24 + $1.bytes.count })
    for frame in frames {
      let units = frame.time % 1_000_000_000 / (form == .nano ? 1 : 1000)
      out += word(UInt32(truncatingIfNeeded: frame.time / 1_000_000_000), bigEndian)
      out += word(UInt32(truncatingIfNeeded: units), bigEndian)
      out += word(UInt32(frame.bytes.count), bigEndian)
      out += word(UInt32(frame.original ?? frame.bytes.count), bigEndian)
      if form == .modified { out += word(1, bigEndian) + half(8, bigEndian) + [0, 0] }
      out += frame.bytes
    }
    return out
  }

  /// One section with its interfaces; sections can be put one behind the other.
  public static func pcapng(
    _ frames: [SynthesizedPacket], interfaces: [Interface], bigEndian isBig: Bool = false, simple: Bool = false
  ) -> [UInt8] {
    func block(_ type: UInt32, _ body: [UInt8]) -> [UInt8] {
      let padded = body + [UInt8](repeating: 0, count: (4 - body.count % 4) % 4)
      let length = word(UInt32(12 + padded.count), isBig)
      return PacketWriter.join(word(type, isBig), length, padded, length)
    }
    var out = block(
      0x0A0D_0D0A,
      word(0x1A2B_3C4D, isBig) + half(1, isBig) + half(0, isBig) + [UInt8](repeating: 0xFF, count: 8))
    for interface in interfaces {
      var options: [UInt8] = []
      if let resolution = interface.resolution { options += half(9, isBig) + half(1, isBig) + [resolution, 0, 0, 0] }
      if let offset = interface.offset {
        let high = word(UInt32(truncatingIfNeeded: offset >> 32), isBig)
        let low = word(UInt32(truncatingIfNeeded: offset), isBig)
        options += PacketWriter.join(half(14, isBig), half(8, isBig), (isBig ? high + low : low + high))
      }
      if !options.isEmpty { options += [0, 0, 0, 0] }
      out += block(1, half(Int(interface.link), isBig) + [0, 0] + word(0, isBig) + options)
    }
    for frame in frames {
      if simple {
        out += block(3, word(UInt32(frame.original ?? frame.bytes.count), isBig) + frame.bytes)
        continue
      }
      let interface = interfaces[frame.interface]
      let seconds = frame.time / 1_000_000_000 - (interface.offset ?? 0)
      // Finer units than nanoseconds are written with zeros behind them.
      let product = UInt64(frame.time % 1_000_000_000).multipliedFullWidth(by: UInt64(interface.unitsPerSecond))
      let fraction = (1_000_000_000 as UInt64).dividingFullWidth(product).quotient
      let units = UInt64(seconds) * UInt64(interface.unitsPerSecond) + fraction
      out += block(
        6,
        word(UInt32(frame.interface), isBig) + word(UInt32(units >> 32), isBig)
          + word(UInt32(truncatingIfNeeded: units), isBig) + word(UInt32(frame.bytes.count), isBig)
          + word(UInt32(frame.original ?? frame.bytes.count), isBig) + frame.bytes)
    }
    return out
  }

  /// Network Monitor 1.1 or 2.0: header, frames, and the table that leads to them.
  public static func networkMonitor(_ frames: [SynthesizedPacket], major: UInt8, network: Int = 1) -> [UInt8] {
    let start = frames.first.map { $0.time / 1_000_000_000 } ?? 0
    let time = civil(start)
    var header = PacketWriter.join(
      Array((major == 1 ? "RTSS" : "GMBU").utf8), [major == 1 ? 1 : 0, major], half(network, false),
      time.flatMap { half($0, false) })
    var body: [UInt8] = []
    var table: [UInt8] = []
    let headerBytes = 128
    for frame in frames {
      table += word(UInt32(headerBytes + body.count), false)
      let delta = frame.time - start * 1_000_000_000
      if major == 1 {
        body += PacketWriter.join(
          word(UInt32(delta / 1_000_000), false), half(frame.original ?? frame.bytes.count, false))
        body += half(frame.bytes.count, false)
      } else {
        let micros = UInt64(delta / 1000)
        body += PacketWriter.join(word(UInt32(truncatingIfNeeded: micros), false), word(UInt32(micros >> 32), false))
        body += PacketWriter.join(
          word(UInt32(frame.original ?? frame.bytes.count), false), word(UInt32(frame.bytes.count), false))
      }
      body += frame.bytes
    }
    header += PacketWriter.join(word(UInt32(headerBytes + body.count), false), word(UInt32(table.count), false))
    return header + [UInt8](repeating: 0, count: headerBytes - header.count) + body + table
  }

  /// SYSTEMTIME of a time in UTC; the day of the week is left zero.
  private static func civil(_ seconds: Int64) -> [Int] {
    var days = Int(seconds / 86_400)
    let rest = Int(seconds % 86_400)
    var year = 1970
    func length(_ year: Int) -> Int { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365 }
    while days >= length(year) {
      days -= length(year)
      year += 1
    }
    let months = [31, length(year) == 366 ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    var month = 0
    while days >= months[month] {
      days -= months[month]
      month += 1
    }
    return [year, month + 1, 0, days + 1, rest / 3600, rest / 60 % 60, rest % 60, 0]
  }
}
