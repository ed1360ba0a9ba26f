import EvidenceSynthesis
import Facts

/// Sound dumps of every container and processor, from which damaged ones are made.
enum Originals {
  struct Original {
    var name: String
    var bytes: [UInt8]
  }

  static func all(seed: UInt64) -> [Original] {
    var result: [Original] = Scenario.all.map { Original(name: $0.id, bytes: $0(seed: seed).dump()) }
    for (index, entry) in (SynthesizedKernel.named + SynthesizedKernel.unnamed).enumerated() {
      let modes: [SynthesizedPaging] =
        entry.kernel.architecture == .x64 ? [.x64, .x64FiveLevels] : [.x86, .x86PAE]
      for paging in modes {
        var whole = WholeMachine.sample(
          entry.kernel, paging: paging, memoryBytes: 4 << 20, seed: seed &+ UInt64(index))
        whole.pool = SynthesizedPool(entry.kernel, pageCount: 40, damagedPages: 4, seed: seed &+ UInt64(index))
        whole.segmentHeap = SynthesizedSegmentHeap(
          entry.kernel, subsegments: 4, damaged: 2, seed: seed &+ UInt64(index))
        result += dumps(whole, name: "\(entry.name)-\(paging.rawValue)")
      }
    }
    // No kernel of ARM64 is bundled: the page tables and containers of one, with another's build.
    if var kernel = SynthesizedKernel.find("19041") {
      kernel.architecture = .arm64
      let whole = WholeMachine.sample(kernel, paging: .arm64, memoryBytes: 4 << 20, seed: seed)
      result += dumps(whole, name: "arm64")
    }
    return result
  }

  private static func dumps(_ whole: WholeMachine, name: String) -> [Original] {
    var types: [UInt32] = [1, 2, 5, 6, 7]
    if whole.machine.architecture != .x86 { types += [8, 9, 10] }
    var result = types.map {
      Original(
        name: "\(name)-type-\($0)", bytes: MemoryDump(whole, .dump(EvidenceSynthesis.DumpType(rawValue: $0))).encoded())
    }
    result.append(Original(name: "\(name)-unwritten", bytes: MemoryDump(whole, .dump(.unwritten)).encoded()))
    if whole.machine.architecture != .arm64 {
      result.append(Original(name: "\(name)-elf", bytes: MemoryDump(whole, .elf).encoded()))
      result.append(Original(name: "\(name)-raw", bytes: MemoryDump(whole, .raw).encoded()))
    }
    return result
  }
}
