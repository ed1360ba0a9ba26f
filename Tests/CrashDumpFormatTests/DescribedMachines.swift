import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts

/// Machines whose dumps the tests read. Each is described by values; its bytes come from a writer that shares no code with
/// the reader.
enum DescribedMachines {
  static let seeds: [UInt64] = [1, 2, 3, 17, 961_799]

  /// One triage dump of each width and generation.
  static var triage: [(name: String, machine: SynthesizedMachine)] {
    ["netbt-stop", "session-race-x64", "unknown-driver-7601", "unknown-driver-19041"].compactMap { id in
      Scenario.named(id).map { (id, $0(seed: 1).machine) }
    } + [("arm64", arm64)]
  }

  /// Windows 11 on ARM64 with an X29 chain. No scenario describes one.
  static let arm64: SynthesizedMachine = {
    let kernel: UInt64 = 0xFFFF_F803_F300_0000
    let driver: UInt64 = 0xFFFF_F803_8000_0000
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame("nt!KeBugCheck2", at: kernel + 0x2D_E014, locals: [UInt8](repeating: 7, count: 0x40)),
        SynthesizedFrame("acme!Work", at: driver + 0x2104, locals: [UInt8](repeating: 8, count: 0x20)),
        SynthesizedFrame("nt!ExpWorkerThread", at: kernel + 0x9_FF1C),
      ], architecture: .arm64, base: 0xFFFF_E00E_0E4B_D000)
    var machine = SynthesizedMachine(
      architecture: .arm64, version: SystemVersion(10, 0, 22000), processors: 8, systemTime: 0x01D8_0000_1111_2222,
      upTime: 36_000_000_000,
      modules: [
        SynthesizedModule(
          name: "ntoskrnl.exe", base: kernel, size: 0xC0_0000, timestamp: 0xBEEF_0001, checksum: 0xAA5511),
        SynthesizedModule(name: "acme.sys", base: driver, size: 0x9000, timestamp: 0x6123_4567, checksum: 0x9ABC),
      ], stop: SynthesizedStop(StopCode(0x1C8), [7000, kernel + 0xA2_0860]),
      registers: .arm64(
        ARM64Registers(
          x: (0..<29).map { 0x100 + UInt64($0) }, fp: stack.framePointers[0], lr: 0x1234, sp: stack.stackPointers[0],
          pc: kernel + 0x2D_E014)), stack: stack)
    machine.unloadedModules = [
      SynthesizedUnloadedModule(name: "dump_storport.sys", start: driver + 0x10_0000, end: driver + 0x11_0000)
    ]
    machine.memory = [
      SynthesizedMemory(address: 0xFFFF_8000_1234_0000, bytes: [1, 2, 3, 4, 5, 6, 7]),
      SynthesizedMemory(address: 0xFFFF_8000_2234_0000, bytes: [UInt8](repeating: 9, count: 0x3001)),
    ]
    return machine
  }()

  static func read(_ bytes: [UInt8]) throws(ReadError) -> CrashDump {
    try CrashDump(parsing: MappedFile(bytes: bytes, path: "described.dmp"))
  }
}
