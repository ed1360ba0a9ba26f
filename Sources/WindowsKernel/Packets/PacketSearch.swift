import ByteReading
import CrashDumpFormat
import Facts

/// Looks for network packets, messages and addresses in memory that the crash stack leads to.
struct PacketSearch {
  /// An Ethernet frame's payload takes 1500 bytes: a pointer to its end is so far behind its start.
  static let windowBefore: UInt64 = 0x700
  static let windowBehind: UInt64 = 0x700
  /// Memory that is searched at most.
  static let maximumBytes = 16 << 20
  /// Finds of each kind that are kept.
  static let maximumFinds = 1024

  /// Addresses above are left alone, so that no sum below wraps.
  static let highest: UInt64 = .max - 0x2_0000

  let dump: KernelDump
  let memory: any MemoryReading
  let roots: PacketRoots
  private(set) var view: PacketsView

  init(_ dump: KernelDump, _ memory: any MemoryReading, _ view: PacketsView) {
    self.dump = dump
    self.memory = memory
    self.view = view
    roots = PacketRoots(dump, memory)
    self.view.pointers = roots.direct.count + roots.second.count
    var left = Self.maximumBytes
    var cut = false
    for region in regions() {
      var at = region.lowerBound
      while at < region.upperBound {
        guard left > 0 else {
          cut = true
          break
        }
        let bytes = memory.bytesAvailable(
          at: VirtualAddress(at), limit: Int(min(region.upperBound - at, UInt64(left))))
        guard !bytes.isEmpty else {
          at = (at | 0xFFF) + 1
          continue
        }
        left -= bytes.count
        scan(NetworkBytes(bytes: bytes), at: at)
        at += UInt64(bytes.count)
      }
    }
    self.view.searchedBytes = Self.maximumBytes - left
    if cut || self.view.packets.count >= Self.maximumFinds || self.view.addresses.count >= Self.maximumFinds {
      self.view.missing.append(
        Missing(
          "packets", because: .unsupported,
          detail: "More memory or more finds than are looked through: what stands here is a part."))
    }
    order()
  }

  /// Nearest to the stack first, then the surest.
  private mutating func order() {
    func before(_ a: PacketsView.Find, _ b: PacketsView.Find) -> Bool {
      (a.reach, b.confidence, a.address) < (b.reach, a.confidence, b.address)
    }
    view.packets.sort { before($0.find, $1.find) }
    view.messages.sort { before($0.find, $1.find) }
    view.addresses.sort { before($0.find, $1.find) }
  }

  /// Disjoint stretches of memory, ascending: the stack, what pointers lead to, and everything that a triage dump kept.
  private func regions() -> [Range<UInt64>] {
    var regions = [roots.stack]
    if let triage = dump.dump.triage {
      regions += triage.memory.pieces.map { $0.address..<$0.address + UInt64($0.count) }
    } else {
      for root in roots.direct + roots.second {
        if let block = root.block { regions.append(block) }
        var start = root.target &- min(root.target, Self.windowBefore)
        // The page before may be another one, or none.
        if start >> 12 != root.target >> 12, memory.locate(VirtualAddress(start | 0xFFF)) == nil {
          start = root.target & ~0xFFF
        }
        regions.append(start..<root.target &+ Self.windowBehind)
      }
    }
    regions.sort { ($0.lowerBound, $0.upperBound) < ($1.lowerBound, $1.upperBound) }
    var merged: [Range<UInt64>] = []
    for region in regions where !region.isEmpty && region.upperBound <= Self.highest {
      if let last = merged.last, region.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, region.upperBound)
      } else {
        merged.append(region)
      }
    }
    // Where there is more than is searched or kept, what the stack leads to goes first.
    let near = merged.filter { $0.overlaps(roots.stack) || PacketRoots.root(of: roots.direct, in: $0) != nil }
    let places = Set(near)
    return near + merged.filter { !places.contains($0) }
  }

  private mutating func scan(_ memory: NetworkBytes, at base: UInt64) {
    var offset = 0
    let count = memory.count
    while offset < count {
      let byte = memory.bytes[offset]
      switch byte {
      case 0x45...0x4F:
        if let end = packet(memory, at: offset, base) {
          offset = max(offset + 1, end)
          continue
        }
      case 0x01:
        if let end = transportAddress(memory, at: offset, base) {
          offset = end
          continue
        }
      case 0x02 where (base &+ UInt64(offset)) & 3 == 0:
        socketAddress(memory, at: offset, base)
      case 0xFE, 0xFF:
        message(memory, at: offset, base)
      default: break
      }
      offset += 1
    }
  }

  /// Where the packet's headers end; nil where there is none.
  private mutating func packet(_ memory: NetworkBytes, at offset: Int, _ base: UInt64) -> Int? {
    guard view.packets.count < Self.maximumFinds, let header = IPv4Header(memory, at: offset) else { return nil }
    let ethernet = header.ethernet(memory)
    let start = ethernet == nil ? offset : offset - IPv4Header.ethernetBytes
    let end = min(memory.count, offset + header.totalLength)
    let address = base &+ UInt64(offset)
    var find = PacketsView.Find(address: VirtualAddress(address))
    find.reasons.append(.init(0.6, "every field of the IPv4 header makes sense and its checksum is right"))
    if ethernet != nil { find.reasons.append(.init(0.4, "an Ethernet header for IPv4 stands before it")) }
    var packet = PacketsView.Packet(
      find: find, source: header.source, destination: header.destination, protocolNumber: header.protocolNumber,
      totalLength: header.totalLength)
    packet.ethernet = ethernet
    packet.presentLength = end - offset
    packet.bytes = Array(memory.bytes[start..<end])
    var headersEnd = offset + header.headerLength
    if let transport = header.transport(memory) {
      headersEnd = transport.payload.lowerBound
      packet.sourcePort = transport.source
      packet.destinationPort = transport.destination
      packet.find.reasons.append(.init(0.3, "a \(packet.protocolName.uppercased()) header follows"))
      packet.payload = NetworkPayload.read(
        memory, transport.payload, isTCP: header.protocolNumber == 6,
        ports: (transport.source, transport.destination))
      if !packet.payload.protocols.isEmpty {
        packet.find.reasons.append(
          .init(0.5, "it carries \(packet.payload.protocols.map { $0.uppercased() }.joined(separator: ", "))"))
      }
    } else if header.protocolNumber == 6 || header.protocolNumber == 17, header.fragmentOffset == 0,
      packet.presentLength >= header.headerLength + 20, ethernet == nil
    {
      // The header's checksum may be right by accident: one in 65,536 is.
      return nil
    }
    packet.transportChecksumIsValid = header.transportChecksum(memory)
    if packet.transportChecksumIsValid == true {
      packet.find.reasons.append(.init(0.9, "the checksum over all of its content is right"))
    }
    reach(base &+ UInt64(start)..<base &+ UInt64(end), &packet.find)
    view.packets.append(packet)
    // The quoted packet of an ICMP error is part of it.
    return header.protocolNumber == 1 ? end : headersEnd
  }

  private mutating func transportAddress(_ memory: NetworkBytes, at offset: Int, _ base: UInt64) -> Int? {
    guard view.addresses.count < Self.maximumFinds, let found = TransportAddressStructure(memory, at: offset) else {
      return nil
    }
    add(found, "count, length, type and the zeros behind it are those of \(found.structure)", at: offset, base)
    return offset + found.count
  }

  private mutating func socketAddress(_ memory: NetworkBytes, at offset: Int, _ base: UInt64) {
    let address = base &+ UInt64(offset)
    // Such bytes are frequent: only where a pointer leads to their first one, or on the stack.
    guard view.addresses.count < Self.maximumFinds,
      let found = TransportAddressStructure(socketAddress: memory, at: offset),
      roots.stack.contains(address) || PacketRoots.root(of: roots.direct, in: address..<address &+ 1) != nil
    else { return }
    add(found, "family, a host's address and the zeros behind it are those of SOCKADDR_IN", at: offset, base)
  }

  private mutating func add(_ found: TransportAddressStructure, _ why: String, at offset: Int, _ base: UInt64) {
    let address = base &+ UInt64(offset)
    var find = PacketsView.Find(address: VirtualAddress(address))
    find.reasons.append(.init(found.weight, why))
    reach(address..<address &+ UInt64(found.count), &find)
    view.addresses.append(
      PacketsView.TransportAddress(find: find, structure: found.structure, host: found.host, port: found.port))
  }

  /// A message that no packet's header leads to: received data is handed on without its headers.
  private mutating func message(_ memory: NetworkBytes, at offset: Int, _ base: UInt64) {
    guard view.messages.count < Self.maximumFinds, memory.starts(with: [0x53, 0x4D, 0x42], at: offset + 1),
      var payload = NetworkPayload.smb(memory, offset..<min(memory.count, offset + 64))
    else { return }
    let address = base &+ UInt64(offset)
    if payload.protocols == ["smb1"] {
      guard let command = memory.byte(offset + 4), NetworkPayload.isKnownCommand1(command) else { return }
    }
    let isPart = view.packets.contains {
      let start = $0.find.address.rawValue
      return address >= start && address - start < UInt64($0.presentLength)
    }
    if isPart { return }
    var find = PacketsView.Find(address: VirtualAddress(address))
    find.reasons.append(.init(0.5, "the signature of the header and a command that exists"))
    if let type = memory.byte(offset - 4), type == 0, let high = memory.byte(offset - 3), high <= 1,
      let low = memory.big16(offset - 2), Int(high) << 16 | Int(low) >= 32
    {
      payload.protocols.insert("nbss", at: 0)
      payload.details.insert("the session packet's length field states \(Int(high) << 16 | Int(low)) bytes", at: 0)
      find.reasons.append(.init(0.5, "a session header stands before it"))
    }
    reach(address..<address &+ 32, &find)
    view.messages.append(PacketsView.Message(find: find, payload: payload))
  }

  /// How the stack leads to a range of memory.
  private func reach(_ range: Range<UInt64>, _ find: inout PacketsView.Find) {
    func note(_ reach: PacketsView.Reach, _ weight: Double, _ text: String, _ slot: UInt64?) {
      find.reach = reach
      find.reasons.append(.init(weight, text))
      find.frameModule = slot.flatMap { frame(holding: $0) }.flatMap { dump.stack[$0].module }
    }
    if roots.stack.overlaps(range) {
      note(.onStack, 0.3, "it stands on the stack\(place(range.lowerBound))", range.lowerBound)
    } else if let root = PacketRoots.root(of: roots.direct, in: range) {
      note(.pointer, 0.4, "\(describe(root.origin)) points into it", root.origin.slot)
    } else if let root = roots.direct.first(where: { $0.block?.overlaps(range) ?? false }) {
      note(
        .block, 0.3,
        "\(describe(root.origin)) points into the pool block\(root.tag.map { " \($0)" } ?? "") that holds it",
        root.origin.slot)
    } else if let root = PacketRoots.root(of: roots.second, in: range), case .memory(let at) = root.origin {
      let lower = at &- min(at, Self.windowBehind)
      let leader = PacketRoots.root(of: roots.direct, in: lower..<at &+ 0x101)
      note(
        .secondPointer, 0.25,
        "the pointer at \(text(at)), near which \(leader.map { describe($0.origin) } ?? "the stack") points, leads into it",
        leader?.origin.slot)
    } else if let root = PacketRoots.root(
      of: roots.direct,
      in: range.lowerBound &- min(range.lowerBound, Self.windowBehind)..<range.upperBound &+ Self.windowBefore)
    {
      note(.near, 0.1, "\(describe(root.origin)) points close to it", root.origin.slot)
    }
  }

  private func text(_ address: UInt64) -> String { hexadecimal(address, digits: view.pointerDigits) }

  private func describe(_ origin: PacketRoots.Origin) -> String {
    switch origin {
    case .register(let name): "register \(name)"
    case .parameter(let index): "parameter \(index) of the stop"
    case .stack(let slot): "the stack word at \(text(slot))\(place(slot))"
    case .memory(let at): "the word at \(text(at))"
    }
  }

  /// ` (frame 3, netbt.sys)`.
  private func place(_ slot: UInt64) -> String {
    guard let index = frame(holding: slot) else { return "" }
    return " (frame \(index)\(dump.stack[index].module.map { ", \($0)" } ?? ""))"
  }

  private func frame(holding slot: UInt64) -> Int? {
    dump.stack.lastIndex { frame in frame.stackPointer.map { $0.rawValue <= slot } ?? false }
  }
}

extension PacketRoots.Origin {
  var slot: UInt64? { if case .stack(let slot) = self { slot } else { nil } }
}

extension KernelDump {
  /// Packets, messages and transport addresses in memory that registers, the stop's parameters and the crash stack lead to,
  /// and in everything a triage dump kept. The likeliest first.
  public func packets() -> PacketsView {
    var view = PacketsView(pointerDigits: architecture.pointerSize == 4 ? 8 : 16)
    view.stopTime = header.systemTime.flatMap { $0.rfc3339 == nil ? nil : $0.unixSeconds }
    guard let memory else {
      view.missing.append(
        Missing("packets", because: .notInDump, detail: "The dump holds no memory in which packets could be found."))
      return view
    }
    return PacketSearch(self, memory, view).view
  }
}
