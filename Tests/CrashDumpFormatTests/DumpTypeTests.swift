import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing

@Suite struct DumpTypeTests {
  static let names: [(UInt32, String)] = [
    (1, "full"), (2, "kernel"), (3, "header"), (4, "triage"), (5, "bitmap-full"), (6, "bitmap-kernel"),
    (7, "automatic"), (8, "kernel-memory"), (9, "kernel-and-user-memory"), (10, "complete-memory"), (0, "type-0"),
    (42, "type-42"), (0xFFFF_FFFF, "type-4294967295"),
  ]

  @Test(arguments: names)
  func isNamedAndSaysWhatIsMissing(type: UInt32, name: String) throws {
    for machine in [DescribedMachines.triage[0].machine, DescribedMachines.triage[2].machine, DescribedMachines.arm64] {
      let bytes =
        type == 4
        ? EvidenceSynthesis.TriageDump(machine).encoded() : PageDump(machine, type: .init(rawValue: type)).encoded()
      let dump = try DescribedMachines.read(bytes)
      #expect(dump.header.dumpType?.rawValue == type)
      #expect(dump.header.dumpType?.name == name)
      #expect(dump.header.architecture == machine.architecture)
      let why = dump.missing.filter { $0.what == "modules" }
      #expect((dump.triage != nil) == (type == 4))
      // Without pages: a bitmap may be empty; runs that are not stated, and the head that types 8 to 10 need, are absent.
      switch type {
      case 2, 4, 5, 6, 7: #expect(why.isEmpty)
      case 1: #expect(why.map(\.because) == [.notPresent])
      case 3: #expect(why.map(\.because) == [.notInDump])
      case 8, 9, 10: #expect(why.map(\.because) == [.malformed])
      default: #expect(why.map(\.because) == [.unsupported])
      }
      #expect(why.allSatisfy { !$0.detail.isEmpty })
    }
  }

  /// Systems before Windows 2000 leave `PAGE` in the field.
  @Test func unwrittenTypeIsAbsent() throws {
    let machine = try #require(Scenario.named("shadow-leak-header")).callAsFunction(seed: 1)
    let dump = try DescribedMachines.read(machine.dump())
    #expect(dump.header.dumpType == nil)
    #expect(dump.missing.map(\.what) == ["format.dumpType", "modules"])
    #expect(dump.header.bugcheck == machine.machine.stop.code)
    #expect(dump.problems.isEmpty)
  }

  /// IMAGE_FILE_HEADER.Machine of processors of which only the header is read, and of one nobody knows.
  @Test(arguments: [(0x200, "ia64"), (0x184, "alpha"), (0x284, "alpha"), (0x1234, "0x1234")] as [(UInt32, String)])
  func otherProcessors(machineType: UInt32, name: String) throws {
    for machine in [DescribedMachines.triage[0].machine, DescribedMachines.triage[2].machine] {
      var writer = EvidenceSynthesis.TriageDump(machine)
      writer.machineType = machineType
      let dump = try DescribedMachines.read(writer.encoded())
      #expect(dump.header.architecture.rawValue == name)
      #expect(dump.triage == nil)
      #expect(dump.missing.first { $0.what == "modules" }?.because == .unsupported)
      #expect(dump.context == nil)
    }
  }

  @Test(arguments: [1, 5, 6, 7] as [UInt32])
  func physicalRuns(type: UInt32) throws {
    let page = [UInt8](repeating: 1, count: 0x1000)
    for machine in [DescribedMachines.triage[0].machine, DescribedMachines.triage[2].machine] {
      let writer = PageDump(machine, type: .init(rawValue: type), pages: [1: page, 2: page, 9: page])
      let runs = try DescribedMachines.read(writer.encoded()).header.physicalRuns
      #expect(runs.map(\.basePage) == [1, 9])
      #expect(runs.map(\.pageCount) == [2, 1])
    }
  }
}
