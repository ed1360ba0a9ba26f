import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import WindowsKernel

extension Target {
  /// Machines that stopped, with all their memory: sessions' lists of images, and packets that are being copied.
  static let stoppedMachine = Target(name: "stopped-machine") {
    let machines =
      SessionRaceScenario.allCases.enumerated().flatMap { index, scenario in
        [Architecture.x86, .x64].map { scenario.machine($0, seed: UInt64(index)) }
      }
      + PacketOverrunScenario.allCases.enumerated().flatMap { index, scenario in
        [Architecture.x86, .x64].map { scenario.machine($0, seed: UInt64(index)) }
      }
    return machines.compactMap { $0 }.map { MemoryDump($0, .dump(.init(rawValue: 5))).encoded() }
  } run: { bytes in
    guard let dump = try? CrashDump(parsing: MappedFile(bytes: bytes, path: "input")) else { return }
    let kernel = KernelDump(dump)
    _ = kernel.sessionImageRace()
    _ = kernel.packetOverrun()
    _ = AllAnalyses.facts(kernel)
  }
}
