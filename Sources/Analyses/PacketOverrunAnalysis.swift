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
    return [
      Fact(
        .packetOverrun,
        "\(overrun.module) was copying a NetBIOS session packet from \(overrun.source)\(port) with an invalid \(fields) by the \(overrun.statedBytes) bytes that its header at \(address(overrun.header)) states, of which the packet carries \(overrun.carriedBytes), to \(address(overrun.destination)).",
        attributes: [
          "module": .text(overrun.module), "protocol": .text("nbss"), "field": .text(overrun.fields.first ?? ""),
          "source": .text(overrun.source.description),
          "beyond": .integer(Int64(clamping: overrun.statedBytes - overrun.carriedBytes)),
        ], trust: overrun.isIntact ? .observed : .inferred,
        origin: "failing instruction, its registers and the packet at \(address(overrun.header))")
    ]
  }
}
