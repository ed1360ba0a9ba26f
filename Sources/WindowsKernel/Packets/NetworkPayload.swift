import Facts

/// NetBIOS and SMB messages: RFC 1001 and 1002; MS-CIFS, MS-SMB2 (public specifications of the SMB header).
enum NetworkPayload {
  /// What stands in a range of memory that a transport header leads to; empty where it is neither NetBIOS nor SMB.
  static func read(
    _ memory: NetworkBytes, _ range: Range<Int>, isTCP: Bool, ports: (UInt16, UInt16)
  ) -> PacketsView.Payload {
    func has(_ port: UInt16) -> Bool { ports.0 == port || ports.1 == port }
    var payload = PacketsView.Payload()
    guard !range.isEmpty else { return payload }
    if isTCP, has(139) || has(445) {
      session(memory, range, isDirect: !has(139), &payload)
    } else if !isTCP, has(137) {
      nameService(memory, range, &payload)
    } else if !isTCP, has(138) {
      datagram(memory, range, &payload)
    }
    return payload
  }

  /// NetBIOS session service: type, flags, length; on port 445 the length has 24 bits and there is one type.
  private static func session(
    _ memory: NetworkBytes, _ range: Range<Int>, isDirect: Bool, _ payload: inout PacketsView.Payload
  ) {
    let start = range.lowerBound
    guard range.count >= 4, let type = memory.byte(start), let flags = memory.byte(start + 1),
      let low = memory.big16(start + 2)
    else { return }
    // A segment may begin in the middle of a message: then its first bytes are no header.
    let known: Set<UInt8> = isDirect ? [0] : [0, 0x81, 0x82, 0x83, 0x84, 0x85]
    let message = smb(memory, start + 4..<range.upperBound)
    guard known.contains(type) || message != nil else { return }
    let length = isDirect ? Int(flags) << 16 | Int(low) : Int(flags & 1) << 16 | Int(low)
    let carried = range.count - 4
    // Without a message that can be told, a plain length is all there is to go by.
    guard message != nil || type != 0 || (flags <= 1 && length > 0) else { return }
    payload.protocols.append("nbss")
    if !known.contains(type) { payload.problems.append("the session packet's type is \(hexadecimal(UInt64(type)))") }
    if !isDirect, flags > 1 { payload.problems.append("the session packet's flags are \(hexadecimal(UInt64(flags)))") }
    payload.details.append("the session packet's length field states \(length) bytes, \(carried) follow in this packet")
    if type == 0x81 {
      let called = name(memory, start + 4)
      let calling = called.flatMap { name(memory, start + 4 + $0.count) }
      payload.details += [("called", called?.text), ("calling", calling?.text)].compactMap { kind, text in
        text.map { "\(kind) name \($0)" }
      }
      if called == nil || calling == nil { payload.problems.append("the session request's names are no NetBIOS names") }
    }
    if let message { payload.merge(message) }
  }

  private static let smb1: [UInt8] = [0xFF, 0x53, 0x4D, 0x42]
  private static let smb2: [UInt8] = [0xFE, 0x53, 0x4D, 0x42]

  /// A header of either dialect at the start of a range.
  static func smb(_ memory: NetworkBytes, _ range: Range<Int>) -> PacketsView.Payload? {
    let start = range.lowerBound
    var payload = PacketsView.Payload()
    if memory.starts(with: smb1, at: start) {
      payload.protocols = ["smb1"]
      guard start + 4 < range.upperBound, let command = memory.byte(start + 4) else { return payload }
      let flags = start + 9 < range.upperBound ? memory.byte(start + 9) : nil
      payload.details = [
        "command \(commands1[command] ?? hexadecimal(UInt64(command)))"
          + (flags.map { $0 & 0x80 != 0 ? ", a reply" : ", a request" } ?? "")
      ]
      return payload
    }
    guard memory.starts(with: smb2, at: start), memory.little16(start + 4) ?? 64 == 64 else { return nil }
    payload.protocols = ["smb2"]
    if start + 20 <= range.upperBound, let command = memory.little16(start + 12),
      let flags = memory.little32(start + 16)
    {
      let name =
        commands2.indices.contains(Int(command)) ? commands2[Int(command)] : hexadecimal(UInt64(command))
      payload.details = ["command \(name), \(flags & 1 != 0 ? "a reply" : "a request")"]
      if Int(command) >= commands2.count { payload.problems = ["no SMB2 command has the number \(command)"] }
    }
    return payload
  }

  static func isKnownCommand1(_ command: UInt8) -> Bool { commands1[command] != nil }

  private static let commands1: [UInt8: String] = [
    0x00: "create directory", 0x01: "delete directory", 0x02: "open", 0x04: "close", 0x05: "flush", 0x06: "delete",
    0x07: "rename", 0x08: "query information", 0x09: "set information", 0x0A: "read", 0x0B: "write",
    0x10: "check directory", 0x24: "locking", 0x25: "transaction", 0x26: "transaction secondary", 0x2B: "echo",
    0x2D: "open", 0x2E: "read", 0x2F: "write", 0x32: "transaction2", 0x33: "transaction2 secondary", 0x34: "find close",
    0x70: "tree connect", 0x71: "tree disconnect", 0x72: "negotiate", 0x73: "session setup", 0x74: "logoff",
    0x75: "tree connect", 0x80: "query disk", 0x81: "search", 0xA0: "NT transact", 0xA1: "NT transact secondary",
    0xA2: "NT create", 0xA4: "NT cancel",
  ]

  private static let commands2 = [
    "negotiate", "session setup", "logoff", "tree connect", "tree disconnect", "create", "close", "flush", "read",
    "write", "lock", "ioctl", "cancel", "echo", "query directory", "change notify", "query info", "set info",
    "oplock break",
  ]

  /// NetBIOS name service: a DNS header, then a name of 32 encoded characters.
  private static func nameService(_ memory: NetworkBytes, _ range: Range<Int>, _ payload: inout PacketsView.Payload) {
    let start = range.lowerBound
    guard range.count >= 12, let flags = memory.big16(start + 2) else { return }
    let counts = (0..<4).compactMap { memory.big16(start + 4 + 2 * $0) }
    payload.protocols = ["nbns"]
    payload.details = ["opcode \(flags >> 11 & 0xF), \(flags & 0x8000 != 0 ? "a response" : "a request")"]
    if counts.contains(where: { $0 > 64 }) { payload.problems.append("it states \(counts.max() ?? 0) records") }
    guard range.count > 12 else { return }
    if let found = name(memory, start + 12) {
      payload.details.append("name \(found.text)")
    } else {
      payload.problems.append("the name is no NetBIOS name: its first label has \(memory.byte(start + 12) ?? 0) bytes")
    }
  }

  /// NetBIOS datagram service: type, flags, id, and the sender's address and port once more.
  private static func datagram(_ memory: NetworkBytes, _ range: Range<Int>, _ payload: inout PacketsView.Payload) {
    let start = range.lowerBound
    guard range.count >= 10, let type = memory.byte(start), let flags = memory.byte(start + 1),
      let address = memory.big32(start + 4), let port = memory.big16(start + 8)
    else { return }
    payload.protocols = ["nbds"]
    payload.details = ["it states \(IPv4Address(rawValue: address)) port \(port) as its sender"]
    if !(0x10...0x16).contains(type) { payload.problems.append("the datagram's type is \(hexadecimal(UInt64(type)))") }
    if flags > 0x0F { payload.problems.append("the datagram's flags are \(hexadecimal(UInt64(flags)))") }
    guard (0x10...0x12).contains(type), range.count > 14 else { return }
    if let sender = name(memory, start + 14) {
      payload.details.append("source name \(sender.text)")
    } else {
      payload.problems.append("the source name is no NetBIOS name")
    }
  }

  /// A first-level encoded name: a label of 32 letters A to P, two for each of 16 bytes, the last of which is its kind. How
  /// many bytes it takes, with labels of a scope behind it.
  private static func name(_ memory: NetworkBytes, _ offset: Int) -> (text: String, count: Int)? {
    guard memory.byte(offset) == 0x20, offset + 33 < memory.count else { return nil }
    var text = ""
    var kind: UInt8 = 0
    for index in 0..<16 {
      let high = memory.bytes[offset + 1 + 2 * index] &- 0x41
      let low = memory.bytes[offset + 2 + 2 * index] &- 0x41
      guard high < 16, low < 16 else { return nil }
      let byte = high << 4 | low
      if index == 15 {
        kind = byte
      } else {
        text.unicodeScalars.append((0x21...0x7E).contains(byte) ? Unicode.Scalar(byte) : byte == 0x20 ? " " : ".")
      }
    }
    while text.hasSuffix(" ") { text.removeLast() }
    var count = 33
    // Labels of the scope, at most 255 bytes together.
    while let length = memory.byte(offset + count), length > 0, length < 64, count < 255 { count += 1 + Int(length) }
    return ("\(text)<\(hexadecimal(UInt64(kind), digits: 2).dropFirst(2))>", count + 1)
  }
}

extension PacketsView.Payload {
  mutating func merge(_ other: PacketsView.Payload) {
    protocols += other.protocols
    details += other.details
    problems += other.problems
  }
}
