import CrashDumpFormat
import Facts
import WindowsKernel

/// A driver that copies a malformed NetBIOS packet by the length the packet states: known from the instruction, its registers and the
/// packet in memory, without the name of any function.
enum PacketOverrunAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard let overrun = dump.packetOverrun() else { return [] }
    let digits = dump.header.is64Bit ? 16 : 8
    func address(_ value: VirtualAddress) -> String { hexadecimal(value.rawValue, digits: digits) }
    let fields = overrun.fields.joined(separator: " and ")
    let port = overrun.sourcePort.map { " port \($0)" } ?? ""
    let target =
      overrun.destination.map { "to \(address($0))" } ?? "to a place that the failing instruction does not tell"
    var facts = [
      Fact(
        .packetOverrun,
        "\(overrun.module) was copying a NetBIOS session packet from \(overrun.source)\(port) with an invalid \(fields) by the \(overrun.statedBytes) bytes that its header at \(address(overrun.header)) states, of which the packet carries \(overrun.carriedBytes), \(target).\(overrun.isStated ? "" : " That it goes on to there is inferred: registers of a compiled copy agree with it.")",
        attributes: [
          "module": .text(overrun.module), "protocol": .text("nbss"), "field": .text(overrun.fields.first ?? ""),
          "source": .text(overrun.source.description),
          "beyond": .integer(Int64(clamping: overrun.statedBytes - overrun.carriedBytes)),
        ], trust: overrun.isIntact && overrun.isStated ? .observed : .inferred,
        origin: "failing instruction, its registers and the packet at \(address(overrun.header))")
    ]
    if let damage = overrun.damage {
      let behind =
        damage.resumes.map {
          "blocks lead to each other again from \(address($0)) on (\(damage.tagAfter?.description ?? ""))"
        }
        ?? "no block behind it on that page can be believed"
      var attributes: [FactAttribute: FactValue] = ["tag": .poolTag(damage.tag), "module": .text(overrun.module)]
      if let tag = damage.tagAfter { attributes["after"] = .poolTag(tag) }
      facts.append(
        Fact(
          .poolDamaged,
          "The copy began in the pool block at \(address(damage.block)) (tag \(damage.tag), \(damage.bytes) bytes with its header), and the header right behind it, at \(address(damage.broken)), no longer makes sense: \(behind).",
          attributes: attributes, trust: overrun.isStated ? .observed : .inferred,
          origin: "pool page at \(address(VirtualAddress(damage.block.rawValue & ~0xFFF)))"))
    }
    return facts
  }
}
