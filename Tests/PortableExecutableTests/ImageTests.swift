import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import PortableExecutable

@Suite struct ImageTests {
  /// The same image from a file and from memory, 64 and 32 bits wide.
  @Test(arguments: [true, false], [true, false])
  func everyPart(isFile: Bool, is64Bit: Bool) throws {
    var sample = sampleImage()
    sample.is64Bit = is64Bit
    sample.machine = is64Bit ? 0x8664 : 0x14C
    sample.preferredBase = is64Bit ? 0x1_4000_0000 : 0x1_0000
    let image = isFile ? try read(sample.file()) : try loaded(sample.memory())
    #expect(image.problems.isEmpty)
    #expect(image.header.architecture == (is64Bit ? .x64 : .x86))
    #expect(image.header.is64Bit == is64Bit)
    #expect(image.header.timestamp == 0x4B2A_0C10)
    #expect(image.header.imageSize == 0x7000)
    #expect(image.header.preferredBase == sample.preferredBase)
    #expect(image.header.subsystem == 1)
    #expect(image.sections.map(\.name) == [".text", ".rdata", ".pdata", ".rsrc"])
    #expect(image.sections.map(\.offset) == [0x1000, 0x2000, 0x4000, 0x5000])
    #expect(image.sections.map(\.isExecutable) == [true, false, false, false])
    #expect(image.section(at: 0x1080)?.name == ".text")
    #expect(image.section(at: 0x3FFF) == nil)

    let record = try #require(try image.codeView())
    #expect(record.name == "acme.pdb")
    #expect(record.path == #"d:\build\obj\acme.pdb"#)
    #expect(record.identifier == "33221100554477668899AABBCCDDEEFF")
    #expect(record.age == 0x1A)
    #expect(image.timestampMeaning == .date)

    let version = try #require(try image.versionInformation())
    #expect(version.fileVersion == FileVersion(5, 1, 2600, 2622))
    #expect(version.productVersion == FileVersion(5, 1, 2600, 0))
    #expect(version.fileVersionText == "5.1.2600.2622 (xpsp_sp2_gdr.050301-1519)")
    #expect(version.branchSuffix == "xpsp_sp2_gdr.050301-1519")
    #expect(version.string("ProductName") == "Ünïcode ™")
    #expect(version.string("Comments")?.isEmpty == true)
    #expect(version.string("Nothing") == nil)
    #expect(version.translations == [.init(language: 0x409, codePage: 1200)])
    #expect(version.stringTables.map(\.language) == [0x409])
    #expect(version.fileType == 3)

    let exports = try #require(try image.exports())
    #expect(exports.name == "ACME.SYS")
    #expect(exports.symbols.map(\.name) == ["Zero", "Alpha", "Gone"])
    #expect(exports.symbols.map(\.ordinal) == [1, 2, 3])
    #expect(exports.symbols[1].offset == 0x1020)
    #expect(exports.symbols.map(\.forwarder) == [nil, nil, "OTHER.Gone"])
  }

  @Test func checksum() throws {
    let bytes = sampleImage().file()
    let image = try read(bytes)
    #expect(image.header.checksum != 0)
    #expect(image.computedChecksum() == image.header.checksum)
    var changed = bytes
    changed[0x410] ^= 1
    #expect(try read(changed).computedChecksum() != image.header.checksum)
    // An odd last byte counts too.
    #expect(try read(bytes + [7]).computedChecksum() == image.header.checksum + 8)
    #expect(try loaded(sampleImage().memory()).computedChecksum() == nil)
  }

  @Test func timestamps() throws {
    var sample = sampleImage()
    sample.isReproducible = true
    #expect(try read(sample.file()).timestampMeaning == .reproducibleBuild)
    sample.debug = nil
    #expect(try read(sample.file()).timestampMeaning == .reproducibleBuild)
    #expect(try read(sample.file()).codeView() == nil)
    sample.isReproducible = false
    for (stamp, meaning) in [
      (0xAFD0_AFC0, .outOfRange), (0, .notStated), (.max, .notStated), (0x1000, .outOfRange), (0x3E80_0000, .date),
    ] as [(UInt32, TimestampMeaning)] {
      sample.timestamp = stamp
      #expect(try read(sample.file()).timestampMeaning == meaning, "\(stamp)")
    }
  }

  @Test func oldDebugRecords() throws {
    let nb10 = try CodeViewRecord(
      Array("NB10".utf8) + [0, 0, 0, 0, 0x10, 0x0C, 0x2A, 0x4B, 7, 0, 0, 0] + Array("nt.pdb\0".utf8))
    #expect(nb10.form == .nb10)
    #expect(nb10.identifier == "4B2A0C10")
    #expect(nb10.age == 7)
    #expect(nb10.name == "nt.pdb")
    for bytes in [[], Array("NB09".utf8) + [UInt8](repeating: 0, count: 30), Array("RSDS".utf8)] as [[UInt8]] {
      #expect(throws: ReadError.self) { try CodeViewRecord(bytes) }
    }
  }

  /// What is absent in memory is not in the dump; what is absent in a file is malformed.
  @Test func absentPages() throws {
    let image = try loaded(sampleImage().memory(), absentPages: [2, 5])
    let error = #expect(throws: ReadError.self) { try image.codeView() }
    #expect(error?.kind == .notInDump)
    if case .address(let address)? = error?.position { #expect(address.rawValue == 0xFFFF_F800_1000_2000) }
    #expect(throws: ReadError.self) { try image.versionInformation() }
    let none = #expect(throws: ReadError.self) { try loaded(sampleImage().memory(), absentPages: [0]) }
    #expect(none?.kind == .notInDump)
    let cut = try read(Array(sampleImage().file().prefix(0x500)))
    #expect(#expect(throws: ReadError.self) { try cut.codeView() }?.kind == .malformed)
  }

  @Test func refusals() throws {
    func refusal(_ bytes: [UInt8]) -> ReadError? { #expect(throws: ReadError.self) { try read(bytes) } }
    func program(_ mark: [UInt8]) -> [UInt8] {
      var bytes = [UInt8](repeating: 0, count: 0x200)
      bytes.replaceSubrange(0..<2, with: Array("MZ".utf8))
      bytes[0x3C] = 0x80
      bytes.replaceSubrange(0x80..<(0x80 + mark.count), with: mark)
      return bytes
    }
    for (mark, word) in [("NE", "16-bit"), ("LE", "virtual device driver"), ("LX", "OS/2"), ("XX", "DOS program")] {
      let error = refusal(program(Array(mark.utf8)))
      #expect(error?.kind == .unsupported)
      #expect(error?.found.contains(word) == true, "\(mark): \(error?.found ?? "")")
    }
    #expect(refusal([])?.reading == "MZ")
    #expect(refusal(Array("MZ".utf8))?.reading == "e_lfanew")
    #expect(refusal(Array("PK".utf8))?.reading == "MZ")
    var rom = sampleImage().file()
    rom[0x98] = 0x07
    rom[0x99] = 0x01
    #expect(refusal(rom)?.kind == .unsupported)
  }

  /// The smallest images that load overlap their headers and end within the optional header.
  @Test func tinyImage() throws {
    var bytes = [UInt8](repeating: 0, count: 0x60)
    bytes.replaceSubrange(0..<2, with: Array("MZ".utf8))
    bytes.replaceSubrange(4..<8, with: Array("PE\0\0".utf8))
    bytes[8] = 0x4C
    bytes[9] = 0x01
    bytes[0x1C] = 0x0B
    bytes[0x1D] = 0x01
    // SectionAlignment lies where the DOS header keeps the place of the new one.
    bytes[0x3C] = 4
    bytes += [UInt8](repeating: 0, count: 8)
    let image = try read(bytes)
    #expect(image.header.architecture == .x86)
    #expect(image.sections.isEmpty)
    #expect(image.bytes(at: 0, count: 2) == Array("MZ".utf8))
    #expect(try image.exports() == nil)
  }

  /// More sections than any loader takes are left out and named.
  @Test func sectionLimit() throws {
    var bytes = sampleImage().file()
    bytes[0x86] = 97
    let image = try read(bytes)
    #expect(image.sections.count == PEImage.maximumSections)
    #expect(image.problems.first?.reading == "NumberOfSections")
    bytes[0x86] = 96
    #expect(try read(bytes).problems.isEmpty)
  }

  @Test func everyCut() throws {
    let bytes = sampleImage().file()
    for end in Array(0..<0x400) + Array(stride(from: 0x400, to: bytes.count, by: 13)) {
      guard let image = try? read(Array(bytes.prefix(end))) else { continue }
      exercise(image)
    }
  }

  /// Nothing traps, whatever the bytes.
  @Test(arguments: [true, false]) func mutations(isFile: Bool) {
    var samples = [sampleImage()]
    var arm = sampleImage()
    arm.machine = 0xAA64
    arm.functions = [
      .init(begin: 0x1000, end: 0, unwindInfo: [0x21, 0, 0x83, 0x01]),
      .init(begin: 0x1020, end: 0, unwindInfo: [8, 0, 0x40, 0x10, 2, 0, 0, 0, 0xE1, 0x83, 0xE4, 0xE3]),
    ]
    samples.append(arm)
    let originals = samples.map { isFile ? $0.file() : $0.memory() }
    let mutator = Mutator(changes: 1...6, headBytes: 0x400)
    var opened = 0
    for seed in 0..<5_000 as Range<UInt64> {
      let bytes = mutator.mutate(originals[Int(seed & 1)], seed: seed)
      guard let image = try? isFile ? read(bytes) : loaded(bytes) else { continue }
      opened += 1
      exercise(image)
    }
    #expect(opened > 1_000)
  }
}

/// Asks an image for everything.
func exercise(_ image: PEImage) {
  _ = try? image.debugDirectory()
  _ = try? image.codeView()
  _ = try? image.splitDebugFile()
  _ = try? image.exports()
  _ = try? image.versionInformation()
  _ = image.computedChecksum()
  _ = image.timestampMeaning
  if let table = image.functionTable {
    for index in 0..<min(table.count, 16) {
      guard let function = try? table.entry(index) else { break }
      _ = try? X64UnwindInfo(at: function.unwindInfo, in: image)
    }
    if let unwinder = X64Unwinder(image) {
      for place in [0, 0xFF8, 0x1000, 0x1002, 0x1004, 0x1010, 0x1020, 0x1040] as [UInt64] {
        let registers = X64Registers(
          instructionPointer: image.base.rawValue &+ place, general: (0..<16).map { UInt64.max - $0 * 8 })
        _ = try? unwinder.caller(of: registers) { $0 }
      }
    }
  }
  if let table = image.arm64FunctionTable {
    for index in 0..<min(table.count, 16) { _ = try? table.entry(index) }
    _ = try? table.lookup(0x1010)
  }
}
