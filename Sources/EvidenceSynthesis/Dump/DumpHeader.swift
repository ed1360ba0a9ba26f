import Facts

/// DUMP_HEADER (0x1000 bytes, signature `PAGEDUMP`) and DUMP_HEADER64 (0x2000 bytes, `PAGEDU64`). Offsets: the tables
/// `_DMP_HEADER` and `_DMP_HEADER64`, every 64-bit one checked on three real dumps.
enum DumpHeader {
  /// The header's length, which is where a triage dump's or a bitmap's own part begins.
  static func size(pointerWidth: Int) -> Int { pointerWidth == 4 ? 0x1000 : 0x2000 }

  /// IMAGE_FILE_MACHINE_* (PE format, "Machine Types").
  static func machineType(_ architecture: Architecture) -> UInt32 {
    switch architecture {
    case .x86: 0x014C
    case .x64: 0x8664
    case .arm64: 0xAA64
    case .ia64: 0x0200
    case .alpha: 0x0184
    default: 0
    }
  }

  static func encoded(_ machine: SynthesizedMachine, _ options: HeaderOptions) -> ByteBuilder {
    let width = machine.pointerWidth
    let kernel = KernelAddresses(machine)
    var header = ByteBuilder(pageFilled: size(pointerWidth: width))
    header.put(Array((width == 4 ? "PAGEDUMP" : "PAGEDU64").utf8), at: 0)
    header.put(0x0F as UInt32, at: 8)
    header.put(machine.version.build, at: 12)
    let pointers = [
      machine.directoryTableBase, kernel.address(of: "MmPfnDatabase"), kernel.address(of: "PsLoadedModuleList"),
      kernel.address(of: "PsActiveProcessHead"),
    ]
    for (index, pointer) in pointers.enumerated() { header.putPointer(pointer, width: width, at: 0x10 + width * index) }
    let type = options.machineType ?? machineType(machine.architecture)
    let words = [type, machine.processors, machine.stop.code.rawValue]
    for (index, word) in words.enumerated() { header.put(word, at: 0x10 + 4 * width + 4 * index) }
    width == 4 ? put32(machine, options, into: &header) : put64(machine, options, into: &header)
    return header
  }

  private static func put32(_ machine: SynthesizedMachine, _ options: HeaderOptions, into header: inout ByteBuilder) {
    for (index, parameter) in machine.stop.parameters.prefix(4).enumerated() {
      header.putPointer(parameter, width: 4, at: 0x2C + 4 * index)
    }
    header.put([UInt8](repeating: 0, count: 32), at: 0x3C)
    header.put(UInt8(machine.paeEnabled ? 1 : 0), at: 0x5C)
    header.putPointer(KernelAddresses(machine).address(of: "KdDebuggerDataBlock"), width: 4, at: 0x60)
    put(options.physicalRuns, width: 4, at: 0x64, limit: 700, into: &header)
    header.put(machine.registers.encoded().prefix(1200), at: 0x320)
    header.put(exception(machine).encoded(pointerWidth: 4), at: 0x7D0)
    put(machine.comment, at: 0x820, into: &header)
    header.put(options.type.rawValue, at: 0xF88)
    header.put(options.miniDumpFields, at: 0xF8C)
    header.put(0 as UInt32, at: 0xF90)
    header.put(machine.productType.rawValue, at: 0xF94)
    header.put(machine.suiteMask, at: 0xF98)
    header.put(0 as UInt32, at: 0xF9C)
    header.put(options.requiredDumpSpace, at: 0xFA0)
    header.put(machine.upTime, at: 0xFB8)
    header.put(machine.systemTime, at: 0xFC0)
  }

  private static func put64(_ machine: SynthesizedMachine, _ options: HeaderOptions, into header: inout ByteBuilder) {
    for (index, parameter) in machine.stop.parameters.prefix(4).enumerated() {
      header.put(parameter, at: 0x40 + 8 * index)
    }
    header.put([UInt8](repeating: 0, count: 32), at: 0x60)
    header.put(KernelAddresses(machine).address(of: "KdDebuggerDataBlock"), at: 0x80)
    put(options.physicalRuns, width: 8, at: 0x88, limit: 700, into: &header)
    header.put(machine.registers.encoded().prefix(3000), at: 0x348)
    header.put(exception(machine).encoded(pointerWidth: 8), at: 0xF00)
    header.put(options.type.rawValue, at: 0xF98)
    header.put(options.requiredDumpSpace, at: 0xFA0)
    header.put(machine.systemTime, at: 0xFA8)
    put(machine.comment, at: 0xFB0, into: &header)
    header.put(machine.upTime, at: 0x1030)
    header.put(options.miniDumpFields, at: 0x1038)
    header.put(0 as UInt32, at: 0x103C)
    header.put(machine.productType.rawValue, at: 0x1040)
    header.put(machine.suiteMask, at: 0x1044)
    header.put(0 as UInt32, at: 0x1048)
  }

  private static func exception(_ machine: SynthesizedMachine) -> SynthesizedException {
    machine.exception ?? .breakpoint(at: KernelAddresses(machine).address(of: "KeBugCheckEx"))
  }

  /// PHYSICAL_MEMORY_DESCRIPTOR: count of runs, count of pages, then runs of first page and count, all pointer-sized but
  /// the first, which is a ULONG (padded on 64-bit systems).
  private static func put(
    _ runs: [PhysicalRun]?, width: Int, at offset: Int, limit: Int, into header: inout ByteBuilder
  ) {
    guard let runs else { return }
    header.put(UInt32(truncatingIfNeeded: runs.count), at: offset)
    if width == 8 { header.put(0 as UInt32, at: offset + 4) }
    let pages = runs.reduce(0 as UInt64) { $0 &+ $1.pageCount }
    header.putPointer(pages, width: width, at: offset + width)
    for (index, run) in runs.prefix((limit - 2 * width) / (2 * width)).enumerated() {
      header.putPointer(run.basePage, width: width, at: offset + width * (2 + 2 * index))
      header.putPointer(run.pageCount, width: width, at: offset + width * (3 + 2 * index))
    }
  }

  private static func put(_ comment: String?, at offset: Int, into header: inout ByteBuilder) {
    guard let comment else { return }
    var field = Array(comment.utf8.prefix(127))
    field.append(contentsOf: repeatElement(0, count: 128 - field.count))
    header.put(field, at: offset)
  }
}
