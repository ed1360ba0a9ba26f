import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Symbols
import TestSupport
import Testing
import WindowsKernel

/// Machines that hang, as described and as read again.
enum HungMachines {
  /// Both generations of work queues, 32 and 64 bits.
  static let kernels = ["2600", "3790-sp0", "3790", "6001", "3790-x64", "7601", "9600", "17763", "19041"]

  static func built(_ name: String, _ scenario: HangScenario, seed: UInt64) throws -> HangScenario.Built {
    let kernel = try #require(SynthesizedKernel.find(name))
    return scenario.machine(kernel, seed: seed, memoryBytes: 8 << 20)
  }

  static func read(
    _ machine: WholeMachine, type: UInt32 = 1, symbols: SymbolFolder? = nil
  ) throws -> KernelDump {
    let bytes = MemoryDump(machine, .dump(.init(rawValue: type))).encoded()
    return try read(bytes, symbols: symbols)
  }

  static func read(_ bytes: [UInt8], symbols: SymbolFolder? = nil) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "hung.dmp")), symbols: symbols)
  }

  /// A folder with a symbol table of the machine's kernel.
  static func symbols(of machine: WholeMachine, in folder: TemporaryFolder) throws -> SymbolFolder {
    let table = SynthesizedSymbolTable(
      module: "ntoskrnl.exe", database: machine.kernel.pdbName, guid: machine.kernel.pdbGUID,
      machineType: machine.kernel.architecture == .x86 ? 0x14C : 0x8664, symbols: machine.kernel.symbols)
    try folder.write(table.relativePath, table.json().utf8)
    return SymbolFolder(paths: [folder.path])
  }
}
