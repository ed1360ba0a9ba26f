import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import WindowsKernel

extension Target {
  /// Threads, locks, work queues and the graph of who waits for whom, of machines of both generations of queues.
  static let hungMachine = Target(name: "hung-machine") {
    HangScenario.allCases.enumerated().flatMap { index, scenario in
      ["3790", "7601", "9600", "19041"].compactMap { name in
        SynthesizedKernel.find(name).map { kernel in
          let built = scenario.machine(kernel, seed: UInt64(index), memoryBytes: 4 << 20)
          return MemoryDump(built.machine, .dump(.init(rawValue: 5))).encoded()
        }
      }
    }
  } run: { bytes in
    guard let dump = try? CrashDump(parsing: MappedFile(bytes: bytes, path: "input")) else { return }
    let kernel = KernelDump(dump)
    precondition((kernel.threads().list?.threads.count ?? 0) <= KernelThreadList.maximumThreads)
    _ = AllAnalyses.facts(kernel)
    _ = kernel.threadListView()
    _ = kernel.queueListView()
    _ = kernel.lockListView()
  }
}
