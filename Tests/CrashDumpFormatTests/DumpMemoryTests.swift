import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing

@Suite struct DumpMemoryTests {
  private func memory(_ pieces: [(address: UInt64, count: Int, offset: Int)], bytes: Int = 256) -> DumpMemory {
    DumpMemory(
      file: MappedFile(bytes: (0..<bytes).map { UInt8(truncatingIfNeeded: $0) }, path: "memory"),
      pieces: pieces.map { .init(address: $0.address, count: $0.count, offset: $0.offset) })
  }

  @Test func readsOverTouchingPieces() {
    let memory = memory([(0x1004, 4, 100), (0x1000, 4, 0)])
    #expect(memory.bytes(at: VirtualAddress(0x1002), count: 4) == [2, 3, 100, 101])
    #expect(memory.load(at: VirtualAddress(0x1002), as: UInt32.self) == 0x6564_0302)
    #expect(memory.load(at: VirtualAddress(0x1004), as: UInt64.self) == nil)
    #expect(memory.bytesAvailable(at: VirtualAddress(0x1003), limit: 100) == [3, 100, 101, 102, 103])
    #expect(memory.bytes(at: VirtualAddress(0x1008), count: 1) == nil)
    #expect(memory.bytes(at: VirtualAddress(0xFFF), count: 1) == nil)
    #expect(memory.bytes(at: VirtualAddress(0x1000), count: 0) == [])
  }

  @Test func takesThePieceThatReachesFarthest() {
    let memory = memory([(0x1000, 16, 0), (0x1004, 2, 100), (0x1004, 64, 50), (0x100C, 1, 200)])
    #expect(memory.locate(VirtualAddress(0x1005))?.offset == 51)
    #expect(memory.locate(VirtualAddress(0x100C))?.count == 56)
    #expect(memory.locate(VirtualAddress(0x1000))?.offset == 0)
  }

  @Test func refusesPiecesAroundTheEndOfTheAddressSpace() {
    let memory = memory([(.max - 3, 8, 0), (.max - 7, 7, 8), (0, 4, 0)])
    #expect(memory.pieces.count == 2)
    #expect(memory.bytes(at: VirtualAddress(.max - 2), count: 4) == nil)
    #expect(memory.bytesAvailable(at: VirtualAddress(.max - 7), limit: 64).count == 7)
    #expect(memory.load(at: VirtualAddress(.max), as: UInt64.self) == nil)
  }

  /// Against a search over all pieces, for pieces that overlap at random.
  @Test func agreesWithASlowSearch() {
    var random = SplitMix64(seed: 5)
    for _ in 0..<50 {
      let pieces = (0..<20).map { _ in
        (address: random.below(100), count: 1 + random.index(below: 30), offset: random.index(below: 200))
      }
      let memory = memory(pieces)
      for address in 0..<140 as Range<UInt64> {
        let holding = pieces.filter { $0.address <= address && address < $0.address + UInt64($0.count) }
        let end = holding.map { $0.address + UInt64($0.count) }.max()
        let found = memory.locate(VirtualAddress(address))
        #expect(found?.count == end.map { Int($0 - address) })
        if let found {
          #expect(holding.contains { $0.offset + Int(address - $0.address) == found.offset })
        }
      }
    }
  }

  /// A large piece before a hundred thousand small ones must not make each look-up a walk over all of them.
  @Test(.timeLimit(.minutes(1))) func manyOverlappingPieces() {
    let small = (0..<100_000).map { (address: 0x1000 + UInt64($0), count: 1, offset: 0) }
    let memory = memory([(0x1000, 0x10_0000, 0)] + small)
    var found = 0
    for address in 0..<100_000 as Range<UInt64> where memory.locate(VirtualAddress(0x1000 + address)) != nil {
      found += 1
    }
    #expect(found == 100_000)
  }
}

@Suite struct FileTimeTests {
  /// 100-nanosecond intervals since 1601, as `w32tm /ntte` and Unix times state them.
  @Test(
    arguments: [
      (116_444_736_000_000_000, nil), (119_600_064_000_000_000, "1980-01-01T00:00:00Z"),
      (132_223_104_000_000_000, "2020-01-01T00:00:00Z"), (132_276_671_999_999_999, "2020-03-02T23:59:59Z"),
      (125_962_995_990_000_000, "2000-02-29T12:06:39Z"), (189_300_000_000_000_000, nil), (0, nil), (.max, nil),
    ] as [(UInt64, String?)])
  func text(value: UInt64, text: String?) {
    #expect(FileTime(rawValue: value).rfc3339 == text)
  }
}
