import Facts
import WindowsKernel

/// Who sent the NetBIOS or SMB packet that the crash stack leads to.
enum PacketAnalysis: DumpAnalysis {
  /// Below this a find may be other memory that looks like a packet.
  static let leastConfidence = 0.8
  /// Senders that are stated: a stack leads to the packet at hand, not to dozens.
  private static let maximumSenders = 4
  /// Drivers through which packets come; an address in another driver's frame says nothing of the network.
  private static let networkModules: Set<String> = [
    "netbt.sys", "tcpip.sys", "tdi.sys", "tdx.sys", "ndis.sys", "afd.sys", "srv.sys", "srv2.sys", "srvnet.sys",
    "rdbss.sys", "mrxsmb.sys", "mrxsmb10.sys", "mrxsmb20.sys", "smb.sys", "netio.sys",
  ]

  static func facts(_ dump: KernelDump) -> [Fact] {
    let view = dump.packets()
    let facts = senders(view)
    return facts.isEmpty ? addresses(view) : facts
  }

  private static func senders(_ view: PacketsView) -> [Fact] {
    var facts: [Fact] = []
    var seen: Set<IPv4Address> = []
    for packet in view.packets
    where packet.find.reach < .near && packet.find.confidence >= leastConfidence && packet.isNetBIOSOrSMB
      && packet.source.isHost && seen.insert(packet.source).inserted && facts.count < maximumSenders
    {
      var text = "A \(packet.protocolName.uppercased()) packet from \(packet.source)"
      if let port = packet.sourcePort { text += " port \(port)" }
      text += " to \(packet.destination)"
      if let port = packet.destinationPort { text += " port \(port)" }
      if !packet.payload.protocols.isEmpty {
        text += ", carrying \(packet.payload.protocols.map { $0.uppercased() }.joined(separator: " and ")),"
      }
      text += " lies in memory that the crash stack leads to"
      if let module = packet.find.frameModule { text += ", from a frame of \(module)" }
      facts.append(
        Fact(
          .packetSender, text + ".", attributes: ["address": .text(packet.source.description)], trust: .inferred,
          origin: "memory at \(hexadecimal(packet.find.address.rawValue, digits: view.pointerDigits))"))
    }
    return facts
  }

  /// Addresses alone, which drivers hand each other without the packet: whose they are is a guess.
  private static func addresses(_ view: PacketsView) -> [Fact] {
    var facts: [Fact] = []
    var seen: Set<String> = []
    for address in view.addresses
    where address.structure == "TA_IP_ADDRESS" && address.find.reach <= .pointer
      && address.find.confidence >= leastConfidence
      && networkModules.contains(address.find.frameModule?.lowercased() ?? "")
      && !address.host.hasPrefix("0.") && !address.host.hasPrefix("127.") && address.host != "255.255.255.255"
      && seen.insert(address.host).inserted && facts.count < maximumSenders
    {
      let module = address.find.frameModule ?? ""
      facts.append(
        Fact(
          .packetSender,
          "The transport address \(address.host), port \(address.port ?? 0), stands where a frame of \(module) on the crash stack points: it may be the sender's or this machine's own.",
          attributes: ["address": .text(address.host)], trust: .guessed,
          origin: "memory at \(hexadecimal(address.find.address.rawValue, digits: view.pointerDigits))"))
    }
    return facts
  }
}
