import ArgumentParser
import EvidenceSynthesis
import Facts
import Foundation

extension Synthesize {
  struct Whole: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "machine",
      abstract: "Write a whole machine's memory as a crash dump of any type, a raw image or an ELF core.",
      discussion: "Drivers, processes, addresses, times and the stop are the seed's.")

    @Option(
      help:
        "The kernel: 7601, 9600, 17763, 19041 (real symbol addresses), 2600, 3790-sp0, 3790, 3790-x64, 6001, 6001-x64.")
    var kernel: String

    @Option(help: "Page tables: x86, x86-pae, x64, x64-5; by default what the kernel uses.")
    var paging: String?

    @Option(help: "A number of DumpType, `unwritten`, `raw` or `elf`.")
    var type: String = "1"

    @Option(help: "Bytes of physical memory, in MiB.")
    var memory: UInt64 = 16

    @Option(help: "Decides everything that may vary; the same seed gives the same bytes.")
    var seed: UInt64 = 1

    @Flag(help: "Hide the debugger data block as running kernels from Windows 8 on do.")
    var hidden = false

    @Option(
      help:
        "A hang: \(HangScenario.allCases.map(\.rawValue).joined(separator: ", ")). Threads, locks and work queues are in such machines alone."
    )
    var hang: String?
    @Option(help: "Pages of kernel pool; 0: none.")
    var poolPages = 0

    @Option(help: "Bytes that a pool block has on average.")
    var meanBlock = 160

    @Option(
      help:
        "Write to this file what the pool holds: tag, pool, live, bytes, free, bytes, and of the live ones those of a page and more."
    )
    var poolTruth: String?

    @Option(help: "Pages of pool that each session has for itself; 0: none.")
    var sessionPages = 0

    @Option(help: "The file to write.")
    var output: String

    func run() throws {
      guard let found = SynthesizedKernel.find(kernel) else {
        throw ValidationError("No kernel is named '\(kernel)'.")
      }
      guard memory >= 8, memory <= 1 << 20 else { throw ValidationError("--memory takes 8 to 1048576.") }
      var mode: SynthesizedPaging?
      if let paging {
        mode = SynthesizedPaging(rawValue: paging)
        if mode == nil { throw ValidationError("'\(paging)' is no kind of page tables.") }
      }
      let container: MemoryDump.Container
      switch type {
      case "raw": container = .raw
      case "elf": container = .elf
      case "unwritten": container = .dump(.unwritten)
      default:
        guard let number = UInt32(type) else { throw ValidationError("'\(type)' is no type of dump.") }
        container = .dump(DumpType(rawValue: number))
      }
      var whole = WholeMachine.sample(found, paging: mode, memoryBytes: memory << 20, seed: seed)
      if let hang {
        guard let scenario = HangScenario(rawValue: hang) else { throw ValidationError("No hang is named '\(hang)'.") }
        whole = scenario.machine(found, paging: mode, seed: seed, memoryBytes: memory << 20).machine
      }
      whole.debuggerDataIsPlain = !hidden
      if poolPages > 0 {
        let pool = SynthesizedPool(found, pageCount: poolPages, meanBlock: meanBlock, seed: seed)
        if let poolTruth { try Data(Self.text(pool).utf8).write(to: URL(filePath: poolTruth)) }
        whole.pool = pool
      }
      if sessionPages > 0 {
        for session in Set(whole.processes.compactMap(\.session)) {
          whole.sessionPools[session] = SynthesizedPool(
            found, pageCount: sessionPages, meanBlock: meanBlock, tags: ["Gh05", "Gla1", "Usac", "Ttfd", "Uskb"],
            isOfSession: true, seed: seed &+ UInt64(session))
        }
      }
      let url = URL(filePath: output)
      guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
        throw ValidationError("'\(url.path)' cannot be written.")
      }
      let file = try FileHandle(forWritingTo: url)
      defer { try? file.close() }
      try MemoryDump(whole, container).encode { try file.write(contentsOf: Data($0)) }
    }

    private static func text(_ pool: SynthesizedPool) -> String {
      let rows = pool.truth.sorted {
        ($0.key.tag.rawValue, $0.key.isPaged ? 1 : 0) < ($1.key.tag.rawValue, $1.key.isPaged ? 1 : 0)
      }
      return rows.map { key, use in
        [
          key.tag.description, key.isPaged ? "paged" : "nonpaged", "\(use.live)", "\(use.liveBytes)", "\(use.free)",
          "\(use.freeBytes)", "\(use.big)", "\(use.bigBytes)",
        ].joined(separator: "\t") + "\n"
      }.joined()
    }
  }
}
