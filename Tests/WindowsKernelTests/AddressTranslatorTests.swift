import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

@Suite struct AddressTranslatorTests {
  static let modes: [(SynthesizedPaging, PagingMode)] = [
    (.x86, .x86), (.x86PAE, .x86PAE), (.x64, .x64), (.x64FiveLevels, .x64FiveLevels), (.arm64, .arm64),
  ]

  /// Physical memory as a raw image; unwritten frames are zeros.
  private func translator(_ memory: MachineMemory, _ mode: PagingMode) -> AddressTranslator {
    var image: [UInt8] = []
    for frame in 0...(memory.frames.last ?? 0) {
      image += memory.page(frame).map(Array.init) ?? [UInt8](repeating: 0, count: 4096)
    }
    return AddressTranslator(
      .raw(MappedFile(bytes: image, path: "image")), mode: mode, directoryTableBase: PhysicalAddress(memory.root))
  }

  private func addresses(_ paging: SynthesizedPaging, _ random: inout SplitMix64) -> [UInt64] {
    let narrow = paging == .x86 || paging == .x86PAE
    return (0..<60).map { _ in
      let any = random.next() & ~0xFFF
      if narrow { return any & 0x3FFF_F000 | 0x8000_0000 }
      let top: UInt64 = paging == .x64FiveLevels ? 0xFF00_0000_0000_0000 : 0xFFFF_8000_0000_0000
      return any | top
    }
  }

  @Test(arguments: modes.indices, 0..<5 as Range<UInt64>)
  func smallPages(index: Int, seed: UInt64) {
    let (paging, mode) = Self.modes[index]
    var random = SplitMix64(seed: seed)
    var memory = MachineMemory(
      paging: paging, runs: [PhysicalRun(basePage: 1, pageCount: 900)], rootFrame: 0x20, selfMap: nil, random: &random)
    var expected: [UInt64: UInt64] = [:]
    for address in addresses(paging, &random) {
      guard memory.put([1, 2, 3], at: address + 0x123), let frame = memory.frame(of: address) else { continue }
      expected[address] = frame << 12
    }
    #expect(expected.count > 40)
    let translator = translator(memory, mode)
    for (address, physical) in expected {
      #expect(
        translator.translate(VirtualAddress(address | 0xABC))
          == .mapped(PhysicalAddress(physical | 0xABC), pageBytes: 4096), "seed \(seed)")
      if expected[address + 0x1000] == nil {
        #expect(translator.translate(VirtualAddress(address + 0x1000)).physical == nil)
      }
    }
    #expect(translator.translate(VirtualAddress(0x0010_0000_0000_0000)).physical == nil)
  }

  @Test(arguments: modes.indices)
  func largePages(index: Int) {
    let (paging, mode) = Self.modes[index]
    var random = SplitMix64(seed: 9)
    var memory = MachineMemory(
      paging: paging, runs: [PhysicalRun(basePage: 1, pageCount: 64)], rootFrame: 0x20, selfMap: nil, random: &random)
    let base: UInt64 = paging == .x86 || paging == .x86PAE ? 0x8000_0000 : 0xFFFF_FA80_0000_0000
    let size: UInt64 = paging == .x86 ? 4 << 20 : 2 << 20
    memory.mapLarge(base, to: 3 * size >> 12)
    let gigabyte = base + (4 << 30)
    let hasGigabytes = paging != .x86 && paging != .x86PAE
    if hasGigabytes { memory.mapLarge(gigabyte, to: 2 << 18, levelsUp: 2) }
    let translator = translator(memory, mode)
    #expect(
      translator.translate(VirtualAddress(base + 0x12_3456))
        == .mapped(
          PhysicalAddress(3 * size + 0x12_3456), pageBytes: size))
    if hasGigabytes {
      #expect(
        translator.translate(VirtualAddress(gigabyte + 0x1234_5678))
          == .mapped(
            PhysicalAddress(2 << 30 + 0x1234_5678), pageBytes: 1 << 30))
    }
  }

  /// Entries without the valid bit say where the page went; none of them is an error.
  @Test func softwareEntries() {
    var random = SplitMix64(seed: 4)
    var memory = MachineMemory(
      paging: .x64, runs: [PhysicalRun(basePage: 1, pageCount: 200)], rootFrame: 0x20, selfMap: nil, random: &random)
    let base: UInt64 = 0xFFFF_FA80_0123_0000
    let shared: UInt64 = 0xFFFF_F8A0_0000_1000
    memory.put([0xEE], at: base)
    let frame = memory.frame(of: base) ?? 0
    memory.mapSoftware(base + 0x1000, entry: frame << 12 | 1 << 11 | 0x80)
    memory.mapSoftware(base + 0x2000, entry: 0x1234 << 32 | 3 << 1)
    memory.mapSoftware(base + 0x3000, entry: 0x80)
    memory.mapSoftware(base + 0x9000, entry: 0x77 << 32 | 1 << 12 | 0x80 | 4)
    // A prototype entry that is valid, one in transition, one in a file.
    let entries: [UInt64] = [frame << 12 | 1, frame << 12 | 1 << 11, 0x5000 << 16 | 1 << 10]
    memory.put(
      entries.flatMap { value in (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) } }, at: shared)
    for index in 0..<3 as Range<UInt64> {
      memory.mapSoftware(base + 0x4000 + 0x1000 * index, entry: (shared + 8 * index) << 16 | 1 << 10)
    }
    memory.mapSoftware(base + 0x7000, entry: 0xFFFF_FFFF << 32 | 1 << 10 | 1 << 5)
    let translator = translator(memory, .x64)
    func at(_ index: UInt64) -> Translation { translator.translate(VirtualAddress(base + 0x1000 * index + 8)) }
    let place = PhysicalAddress(frame << 12 | 8)
    #expect(at(0) == .mapped(place, pageBytes: 4096))
    #expect(at(1) == .transition(place))
    #expect(at(2) == .pagedOut(file: 3, page: 0x1234))
    // As Windows 10 writes it: the file's number in bits 12 to 15.
    #expect(at(9) == .pagedOut(file: 1, page: 0x77))
    #expect(at(3) == .demandZero)
    #expect(at(4) == .mapped(place, pageBytes: 4096))
    #expect(at(5) == .transition(place))
    #expect(at(6) == .inMappedFile)
    #expect(at(7).physical == nil)
    #expect(at(8) == .notMapped(level: 1))
    #expect(translator.translate(VirtualAddress(0xFFFF_8000_0000_0000)) == .notMapped(level: 4))
    #expect(translator.translate(VirtualAddress(0x1234_0000_0000_0000)) == .notMapped(level: 4))
    // A first table beyond the dump.
    let elsewhere = AddressTranslator(translator.physical, mode: .x64, directoryTableBase: PhysicalAddress(1 << 30))
    #expect(
      elsewhere.translate(VirtualAddress(base))
        == .tableNotInDump(PhysicalAddress(1 << 30 + 0x1F5 * 8), level: 4))
  }
}
