import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import TestSupport
import Testing

@Suite struct PhysicalMemoryTests {
  private func page(_ value: UInt8) -> [UInt8] { [UInt8](repeating: value, count: 4096) }

  /// Every container gives back the pages that were put in, and says of all others that it does not hold them.
  @Test(arguments: [1, 2, 5, 6, 7, 8, 9, 10] as [UInt32], [true, false])
  func pagesOfEveryType(type: UInt32, wide: Bool) throws {
    // The newest types are 64-bit systems' only.
    guard wide || type < 8 else { return }
    let kernel = try #require(SynthesizedKernel.find(wide ? "7601" : "3790"))
    let whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: UInt64(type))
    let writer = MemoryDump(whole, .dump(.init(rawValue: type)))
    let dump = try DescribedMachines.read(writer.encoded())
    #expect(dump.problems.isEmpty, "\(dump.problems)")
    #expect(dump.missing.isEmpty, "\(dump.missing)")
    let physical = try #require(dump.physical)
    #expect(physical.truncatedPages == 0)
    let inRuns = whole.runs.reduce(0) { $0 + $1.pageCount }
    #expect(physical.presentPages == (type == 1 ? inRuns : UInt64(writer.memory.pageCount)))
    for frame in 0..<physical.endPage + 70 {
      let isStored =
        type == 1
        ? whole.runs.contains { $0.basePage <= frame && frame - $0.basePage < $0.pageCount }
        : writer.memory.page(frame) != nil
      if isStored {
        #expect(
          physical.bytes(at: PhysicalAddress(frame << 12), count: 4096)
            == writer.memory.page(frame).map(Array.init) ?? page(0), "frame \(frame)")
      } else {
        #expect(physical.page(frame) == .notCaptured, "frame \(frame)")
      }
    }
    var listed: UInt64 = 0
    physical.forEachSegment {
      listed += $0.pageCount
      return true
    }
    #expect(listed == physical.presentPages)
  }

  /// Cut anywhere, a dump holds the pages before the cut and names those behind it.
  @Test(arguments: [1, 5, 8] as [UInt32])
  func truncation(type: UInt32) throws {
    let kernel = try #require(SynthesizedKernel.find("19041"))
    let whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: 3)
    let bytes = MemoryDump(whole, .dump(.init(rawValue: type))).encoded()
    let complete = try #require(try DescribedMachines.read(bytes).physical)
    for cut in stride(from: 0x2000, to: bytes.count, by: 0x5_1234) {
      let dump = try DescribedMachines.read(Array(bytes[..<cut]))
      guard let physical = dump.physical else {
        #expect(!dump.problems.isEmpty, "cut at \(cut)")
        continue
      }
      #expect(physical.presentPages + physical.truncatedPages == physical.statedPages)
      var absent: UInt64 = 0
      for range in physical.absentRanges(limit: .max) {
        for frame in range where complete.fileOffset(ofPage: frame) != nil {
          #expect(physical.page(frame) == .truncated, "frame \(frame), cut at \(cut)")
          absent += 1
        }
      }
      #expect(absent == physical.truncatedPages, "cut at \(cut)")
      #expect(dump.missing.contains { $0.what == "memory" && $0.because == .notInDump } == (absent > 0))
    }
  }

  /// The rank index against counting bit by bit.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func bitmapRanks(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let bits = 1 + random.below(20_000)
    var bytes = [UInt8](repeating: 0, count: Int(bits + 7) / 8 + 3)
    let density = 1 + random.below(8)
    for index in bytes.indices where random.below(8) < density {
      bytes[index] = UInt8(truncatingIfNeeded: random.next())
    }
    let file = MappedFile(bytes: [7, 7, 7] + bytes, path: "bits")
    let bitmap = PageBitmap(file, bitsOffset: 3, statedBits: bits)
    var rank: UInt64 = 0
    for page in 0..<bits {
      if bytes[Int(page / 8)] >> UInt8(page % 8) & 1 == 1 {
        #expect(bitmap.rank(of: page, in: file.bytes) == rank, "page \(page)")
        #expect(bitmap.page(ofRank: rank, in: file.bytes) == page)
        rank += 1
      } else {
        #expect(bitmap.rank(of: page, in: file.bytes) == nil, "page \(page)")
      }
    }
    #expect(bitmap.setCount == rank)
    #expect(bitmap.rank(of: bits, in: file.bytes) == nil)
    #expect(bitmap.page(ofRank: rank, in: file.bytes) == nil)
  }

  @Test func overlappingRunsAreAProblem() {
    let file = MappedFile(bytes: [UInt8](repeating: 0, count: 0x8000), path: "runs")
    var problems: [ReadError] = []
    let memory = PhysicalMemory(
      file,
      segments: [
        .init(firstPage: 4, pageCount: 2, fileOffset: 0x3000), .init(firstPage: 1, pageCount: 4, fileOffset: 0),
        .init(firstPage: .max, pageCount: 2, fileOffset: 0), .init(firstPage: 9, pageCount: 0, fileOffset: 0),
      ], problems: &problems)
    #expect(problems.count == 1)
    #expect(memory.segments.map(\.firstPage) == [1, 5])
    #expect(memory.fileOffset(ofPage: 5) == 0x4000)
    #expect(memory.statedPages == 5)
  }

  @Test func elfAndRaw() throws {
    for name in ["17763", "2600"] {
      let kernel = try #require(SynthesizedKernel.find(name))
      let whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: 5)
      let elf = MappedFile(bytes: MemoryDump(whole, .elf).encoded(), path: "core")
      let isCore = ElfCore.matches(firstBytes: elf.bytes)
      #expect(isCore)
      var problems: [ReadError] = []
      let (memory, machine, container) = try ElfCore.read(elf, problems: &problems)
      #expect(problems.isEmpty)
      #expect(machine == (name == "2600" ? 3 : 62))
      #expect(container == (name == "2600" ? .elf32 : .elf64))
      #expect(memory.presentPages == whole.runs.reduce(0) { $0 + $1.pageCount })
      let raw = PhysicalMemory.raw(MappedFile(bytes: MemoryDump(whole, .raw).encoded(), path: "raw"))
      let written = whole.built().memory
      for frame in written.frames {
        let page = written.page(frame).map(Array.init)
        #expect(memory.bytes(at: PhysicalAddress(frame << 12), count: 4096) == page)
        #expect(raw.bytes(at: PhysicalAddress(frame << 12), count: 4096) == page)
      }
    }
  }
}
