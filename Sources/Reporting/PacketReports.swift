import Facts

extension PacketsView {
  /// `faultline.dump-packets/1`.
  public var json: JSONValue {
    .members([
      schema("dump-packets"),
      ("searched", .members([("pointers", .count(pointers)), ("bytes", .count(searchedBytes))])),
      ("packets", .array(packets.map(json))),
      (
        "messages",
        .array(
          messages.map { message in
            .members(head(message.find) + Self.members(message.payload) + tail(message.find))
          })
      ),
      (
        "addresses",
        .array(
          addresses.map { address in
            .members(
              head(address.find) + [
                ("structure", .string(address.structure)), ("host", .string(address.host)),
                ("port", address.port.map { .count($0) }),
              ] + tail(address.find))
          })
      ),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  private func json(_ packet: Packet) -> JSONValue {
    var members = head(packet.find)
    members += [
      (
        "ethernet",
        packet.ethernet.map {
          .members([
            ("source", .string(Self.station($0.source))), ("destination", .string(Self.station($0.destination))),
          ])
        }
      ),
      ("source", .string(packet.source.description)), ("destination", .string(packet.destination.description)),
      ("protocol", .string(packet.protocolName)), ("sourcePort", packet.sourcePort.map { .count($0) }),
      ("destinationPort", packet.destinationPort.map { .count($0) }), ("bytes", .count(packet.totalLength)),
      ("bytesInDump", .count(packet.presentLength)),
      ("checksum", packet.transportChecksumIsValid.map { .string($0 ? "valid" : "invalid") }),
    ]
    return .members(members + Self.members(packet.payload) + tail(packet.find))
  }

  private func head(_ find: Find) -> [(String, JSONValue?)] {
    [("address", .hex(find.address, digits: pointerDigits))]
  }

  private func tail(_ find: Find) -> [(String, JSONValue?)] {
    [
      ("reached", .string(find.reach.name)), ("frameModule", .optional(find.frameModule)),
      ("confidence", .number(find.confidence)), ("because", .strings(find.reasons.map(\.text))),
    ]
  }

  private static func members(_ payload: Payload) -> [(String, JSONValue?)] {
    [
      ("carries", .some(payload.protocols.map { .string($0) })),
      ("details", .some(payload.details.map { .string($0) })),
      ("invalid", .some(payload.problems.map { .string($0) })),
    ]
  }

  private static func station(_ address: [UInt8]) -> String {
    address.map { String(hexadecimal(UInt64($0), digits: 2).dropFirst(2)) }.joined(separator: ":")
  }

  /// `dump packets`.
  public func text(_ style: TextStyle) -> String {
    var out: [String] = []
    func add(_ heading: String, _ entries: [(String, Find, Payload?)]) {
      guard !entries.isEmpty else { return }
      out.append(style.heading(heading))
      for (line, find, payload) in entries {
        let percent = Int((find.confidence * 100).rounded(.down))
        out.append(style.wrap(line, indent: 2, hanging: 6))
        let place = hexadecimal(find.address.rawValue, digits: pointerDigits)
        out.append(style.wrap("at \(place), confidence \(percent) %", indent: 4, hanging: 6))
        for text in payload?.details ?? [] { out.append(style.wrap(text, indent: 4, hanging: 6)) }
        for text in payload?.problems ?? [] {
          out.append(style.paragraph("invalid: \(text)", .bad, indent: 4, hanging: 6))
        }
        out += find.reasons.map { style.wrap($0.text, indent: 4, hanging: 6, first: "+ ") }
        if find.reach == .none {
          out.append(style.wrap("nothing on the crash stack points to it", indent: 4, hanging: 6, first: "- "))
        }
      }
    }
    add("Packets", packets.map { (Self.line($0), $0.find, $0.payload) })
    add(
      "Messages without a packet",
      messages.map { ($0.payload.protocols.map { $0.uppercased() }.joined(separator: ", "), $0.find, $0.payload) })
    add(
      "Transport addresses",
      addresses.map { ("\($0.structure) \($0.host)\($0.port.map { " port \($0)" } ?? "")", $0.find, nil) })
    if packets.isEmpty && messages.isEmpty && addresses.isEmpty {
      out.append("No packet, message or transport address was found.")
    }
    out.append("\n\(pointers) pointers followed, \(searchedBytes) bytes of memory searched.")
    if !missing.isEmpty {
      out.append(style.heading("What is missing"))
      out += missing.map {
        style.wrap("\($0.what) (\($0.because.rawValue)): \($0.detail)", indent: 2, hanging: 4, first: "- ")
      }
    }
    var text = out.joined(separator: "\n") + "\n"
    if text.hasPrefix("\n") { text.removeFirst() }
    return text
  }

  private static func line(_ packet: Packet) -> String {
    func end(_ address: IPv4Address, _ port: UInt16?) -> String { "\(address)" + (port.map { ":\($0)" } ?? "") }
    var text =
      "\(packet.protocolName) \(end(packet.source, packet.sourcePort)) > \(end(packet.destination, packet.destinationPort))"
    if !packet.payload.protocols.isEmpty {
      text += ", " + packet.payload.protocols.map { $0.uppercased() }.joined(separator: ", ")
    }
    text += ", \(packet.totalLength) bytes"
    if packet.presentLength < packet.totalLength { text += " of which the dump holds \(packet.presentLength)" }
    if packet.transportChecksumIsValid == false { text += ", checksum wrong" }
    return text
  }
}

extension PacketsView {
  /// The packets as a pcap file (link type Ethernet where every packet has its Ethernet header, else raw IP: 1 and 101 of the
  /// public list at tcpdump.org); nil where there are none. Their time is the stop's, as memory states none; order is the
  /// report's.
  public var capture: [UInt8]? {
    guard !packets.isEmpty else { return nil }
    let isEthernet = packets.allSatisfy { $0.ethernet != nil }
    var out: [UInt8] = []
    func long(_ value: UInt32) {
      for shift in [0, 8, 16, 24] as [UInt32] { out.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }
    // Magic, version 2.4, no zone, no accuracy, longest packet, link type.
    for value in [0xA1B2_C3D4, 0x0004_0002, 0, 0, 0x4_0000, isEthernet ? 1 : 101] as [UInt32] { long(value) }
    let seconds = UInt32(clamping: stopTime ?? 0)
    for packet in packets {
      let header = packet.ethernet == nil ? 0 : packet.bytes.count - packet.presentLength
      let bytes = isEthernet ? packet.bytes[...] : packet.bytes.dropFirst(header)
      for value in [
        seconds, 0, UInt32(clamping: bytes.count), UInt32(clamping: packet.totalLength + (isEthernet ? header : 0)),
      ] { long(value) }
      out += bytes
    }
    return out
  }
}
