/// Conversations of the session service with SMB in them, some of whose messages are malformed, cut into segments the way
/// stacks do and delivered the way networks do. What it writes is described beside it, frame by frame.
public struct SessionTraffic: Sendable {
  /// What is done to a message's header.
  public enum Fault: String, CaseIterable, Sendable {
    case wrongType = "wrong-type"
    case reservedFlags = "reserved-flags"
    case lengthTooLong = "length-too-long"
    case lengthTooShort = "length-too-short"
    case lengthZero = "length-zero"
    case belowHeader = "below-header"
  }

  public struct Malformed: Hashable, Sendable {
    /// From 1; the frame that brings the field's first byte.
    public var frame: Int
    public var fault: String
  }

  public var conversations = 8
  /// In all conversations together.
  public var messages = 2000
  /// Of 10,000.
  public var malformedShare = 10
  /// Shares of segments, of 10,000.
  public var lost = 0
  public var reordered = 0
  public var repeated = 0
  public var overlapping = 0
  /// The middle of conversations: no SYN.
  public var startsMidway = false
  /// Of the first frame, in seconds since 1970.
  public var start: Int64 = 1_200_000_000
  public var oneSided = false
  public var isDirect = false
  public var isSecond = false
  public var largestSegment = 1460
  /// Bytes of data in a write or read, at most.
  public var largestData = 700
  public var link = SynthesizedLink.ethernet
  public var isVersion6 = false
  public var seed: UInt64

  public init(seed: UInt64) { self.seed = seed }

  public struct Result: Sendable {
    public var frames: [SynthesizedPacket] = []
    public var malformed: [Malformed] = []
    /// Frames in which a message of the session service ends, where nothing was lost.
    public var messages = 0
  }

  private struct Message {
    var bytes: [UInt8]
    var fault: Fault?
    var fromClient: Bool
  }

  private struct Segment {
    var bytes: ArraySlice<UInt8>
    var sequence: UInt32
    var acknowledged: UInt32
    var fromClient: Bool
    var flags: UInt8
    /// Places in it of fields that are malformed.
    var faults: [Fault] = []
    /// Holds bytes of such a header, or of what comes right before: never lost, so that the fault can be seen.
    var isNeeded = false
  }

  public func generate() -> Result {
    var random = SplitMix64(seed: seed)
    var result = Result()
    var queues: [[(Segment, Int)]] = []
    for conversation in 0..<max(1, conversations) {
      let count = messages / max(1, conversations)
      queues.append(deliver(segments(conversation, count, &random, &result), &random).map { ($0, conversation) })
    }
    // Conversations take turns at random.
    var heads = [Int](repeating: 0, count: queues.count)
    var open = Array(queues.indices)
    var time = start * 1_000_000_000
    while !open.isEmpty {
      let turn = random.index(below: open.count)
      let queue = open[turn]
      let burst = 1 + random.index(below: 4)
      for _ in 0..<burst where heads[queue] < queues[queue].count {
        let (segment, conversation) = queues[queue][heads[queue]]
        heads[queue] += 1
        time += Int64(20_000 + random.below(400_000))
        if oneSided, segment.fromClient { continue }
        write(segment, conversation, time, &result)
      }
      if heads[queue] >= queues[queue].count { open.remove(at: turn) }
    }
    return result
  }

  private func hosts(_ conversation: Int) -> (client: SynthesizedHost, server: SynthesizedHost) {
    let client = 256 + conversation
    let server = 1 + conversation % 3
    return isVersion6
      ? (.version6(number: client), .version6(number: server))
      : (SynthesizedHost(number: client), SynthesizedHost(number: server))
  }

  private func write(_ segment: Segment, _ conversation: Int, _ time: Int64, _ result: inout Result) {
    let (client, server) = hosts(conversation)
    let (from, to) = segment.fromClient ? (client, server) : (server, client)
    let service = isDirect ? 445 : 139
    let own = 1025 + conversation % 60_000
    let packet = PacketWriter.tcp(
      from: from, port: segment.fromClient ? own : service, to: to, toPort: segment.fromClient ? service : own,
      sequence: segment.sequence, acknowledged: segment.acknowledged, flags: segment.flags,
      payload: Array(segment.bytes))
    let bytes = PacketWriter.frame(
      link, from: from, to: to,
      packet: PacketWriter.ip(from: from, to: to, number: 6, payload: packet, id: result.frames.count & 0xFFFF))
    result.frames.append(SynthesizedPacket(bytes: bytes, time: time))
    for fault in segment.faults {
      result.malformed.append(Malformed(frame: result.frames.count, fault: fault.rawValue))
    }
  }

  // MARK: Messages

  private func message(_ index: Int, fromClient: Bool, _ random: inout SplitMix64) -> [UInt8] {
    let size = random.index(below: max(1, largestData))
    if isSecond {
      return fromClient && random.below(3) > 0
        ? SMBWriter.secondWrite(random.bytes(size), id: UInt64(index))
        : SMBWriter.secondEcho(isResponse: !fromClient, id: UInt64(index))
    }
    switch random.below(4) {
    case 0: return SMBWriter.echo(random.bytes(size), isResponse: !fromClient, id: index & 0xFFFF)
    default:
      return fromClient
        ? SMBWriter.write(random.bytes(size), id: index & 0xFFFF)
        : SMBWriter.read(random.bytes(size), id: index & 0xFFFF)
    }
  }

  private func spoiled(_ message: [UInt8], _ fault: Fault, _ random: inout SplitMix64) -> [UInt8] {
    var bytes = SMBWriter.framed(message, direct: isDirect)
    let length = message.count
    func put(_ value: Int) {
      bytes[1] = UInt8(truncatingIfNeeded: (value >> 16) & (isDirect ? 0xFF : 1))
      bytes[2] = UInt8(truncatingIfNeeded: value >> 8)
      bytes[3] = UInt8(truncatingIfNeeded: value)
    }
    switch fault {
    case .wrongType: bytes[0] = [0x01, 0x13, 0x42, 0x7F, 0x80, 0x86, 0x90, 0xFE][random.index(below: 8)]
    case .reservedFlags:
      if isDirect {
        put(length | 0x80_0000)
      } else {
        bytes[1] |= [0x02, 0x04, 0x10, 0x40, 0x80][random.index(below: 5)]
      }
    case .lengthTooLong: put(length + 1 + random.index(below: random.below(2) == 0 ? 16 : 60_000))
    case .lengthTooShort: put(max(32, length - 1 - random.index(below: max(1, length - 33))))
    case .lengthZero: put(0)
    case .belowHeader: put(1 + random.index(below: 31))
    }
    return bytes
  }

  private func segments(
    _ conversation: Int, _ count: Int, _ random: inout SplitMix64, _ result: inout Result
  ) -> [Segment] {
    var all: [Message] = []
    if !isDirect, !startsMidway {
      all.append(Message(bytes: SMBWriter.framed(Self.sessionRequest, type: 0x81), fault: nil, fromClient: true))
      all.append(Message(bytes: SMBWriter.framed([], type: 0x82), fault: nil, fromClient: false))
    }
    // Two faults in a row hide each other from any reader: a few sound messages stand between.
    var lastFault = 0
    for index in 0..<count {
      let fromClient = random.below(2) == 0
      if !isDirect, random.below(200) == 0 {
        all.append(Message(bytes: SMBWriter.framed([], type: 0x85), fault: nil, fromClient: fromClient))
        continue
      }
      let plain = message(index, fromClient: fromClient, &random)
      let isSpoiled = index > lastFault + 8 && Int(random.below(10_000)) < malformedShare
      guard isSpoiled, let fault = random.pick(Fault.allCases), !isDirect || fault != .reservedFlags || plain[0] == 0xFF
      else {
        all.append(Message(bytes: SMBWriter.framed(plain, direct: isDirect), fault: nil, fromClient: fromClient))
        continue
      }
      lastFault = index
      all.append(Message(bytes: spoiled(plain, fault, &random), fault: fault, fromClient: fromClient))
    }
    result.messages += all.count

    var out: [Segment] = []
    var next: [UInt32] = [UInt32(truncatingIfNeeded: random.next()), UInt32(truncatingIfNeeded: random.next())]
    if !startsMidway {
      out.append(
        Segment(bytes: [], sequence: next[0], acknowledged: 0, fromClient: true, flags: 0x02, isNeeded: true))
      next[0] &+= 1
      out.append(
        Segment(bytes: [], sequence: next[1], acknowledged: next[0], fromClient: false, flags: 0x12, isNeeded: true))
      next[1] &+= 1
    }
    // Runs of messages of one side become one stretch of bytes, which is cut anywhere.
    var index = 0
    while index < all.count {
      let side = all[index].fromClient
      var bytes: [UInt8] = []
      var marks: [(field: Int, header: Int, fault: Fault)] = []
      let run = 1 + random.index(below: 4)
      var taken = 0
      while index < all.count, all[index].fromClient == side, taken < run {
        if let fault = all[index].fault {
          let field = fault == .wrongType ? 0 : fault == .reservedFlags || isDirect ? 1 : 2
          marks.append((bytes.count + field, bytes.count, fault))
        }
        bytes += all[index].bytes
        index += 1
        taken += 1
      }
      var start = 0
      let own = side ? 0 : 1
      while start < bytes.count {
        let rest = bytes.count - start
        var size = min(rest, largestSegment)
        // Segments end at any byte, also inside a header.
        if random.below(6) == 0 { size = min(size, 1 + random.index(below: 40)) }
        let end = start + size
        var segment = Segment(
          bytes: bytes[start..<end], sequence: next[own], acknowledged: next[1 - own], fromClient: side, flags: 0x18)
        for mark in marks {
          if mark.field >= start, mark.field < end { segment.faults.append(mark.fault) }
          if mark.header + 80 > start, mark.header - 4 < end { segment.isNeeded = true }
        }
        next[own] &+= UInt32(size)
        out.append(segment)
        start = end
      }
    }
    if !startsMidway {
      for side in [true, false] {
        let own = side ? 0 : 1
        out.append(
          Segment(
            bytes: [], sequence: next[own], acknowledged: next[1 - own], fromClient: side, flags: 0x11, isNeeded: true))
      }
    }
    return out
  }

  /// Called and calling name, each 32 letters of the first-level encoding.
  static let sessionRequest: [UInt8] = encodedName("FILESERVER") + encodedName("CLIENT")

  private static func encodedName(_ name: String) -> [UInt8] {
    var padded = Array(name.utf8)
    while padded.count < 16 { padded.append(0x20) }
    var out: [UInt8] = [32]
    for byte in padded {
      out.append(0x41 + byte / 16)
      out.append(0x41 + byte % 16)
    }
    out.append(0)
    return out
  }

  /// Loss, change of order, repetition and overlap.
  private func deliver(_ segments: [Segment], _ random: inout SplitMix64) -> [Segment] {
    var out: [Segment] = []
    for (index, segment) in segments.enumerated() {
      let draw = Int(random.below(10_000))
      let follows = segments.indices.contains(index + 1) && segments[index + 1].isNeeded
      let precedes = index > 0 && segments[index - 1].isNeeded
      if draw < lost, !segment.isNeeded, !follows, !precedes { continue }
      out.append(segment)
      if Int(random.below(10_000)) < repeated {
        var again = segment
        // What comes again brings nothing new.
        again.faults = []
        out.append(again)
      }
      if Int(random.below(10_000)) < overlapping, index > 0, segments[index - 1].fromClient == segment.fromClient,
        segment.flags == 0x18, segments[index - 1].flags == 0x18
      {
        var joined = segments[index - 1]
        joined.bytes = joined.bytes.dropFirst(joined.bytes.count / 2)
        joined.sequence &+= UInt32(segments[index - 1].bytes.count / 2)
        // It brings what the segment itself would have brought.
        joined.faults = segment.faults
        joined.isNeeded = segment.isNeeded
        joined.bytes += segment.bytes
        if out.last?.sequence == segment.sequence, out.last?.faults == segment.faults { out.removeLast() }
        out.append(joined)
      }
    }
    var index = 1
    while index + 1 < out.count {
      if Int(random.below(10_000)) < reordered, out[index].flags == 0x18, out[index + 1].flags == 0x18,
        // Of a segment and its copy the first brings the bytes.
        out[index].sequence != out[index + 1].sequence
      {
        out.swapAt(index, index + 1)
        index += 1
      }
      index += 1
    }
    return out
  }
}
