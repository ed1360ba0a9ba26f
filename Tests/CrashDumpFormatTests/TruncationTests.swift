import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing

/// A copy that broke off is the commonest damage to a dump. What stands before the cut is read, and the cut is named.
@Suite struct TruncationTests {
  /// Up to the stop code's parameters a header says nothing; see CrashDumpHeader.
  private func leastBytes(_ machine: SynthesizedMachine) -> Int { machine.pointerWidth == 4 ? 0x3C : 0x60 }

  @Test(arguments: DescribedMachines.triage.map(\.name))
  func everyCutIsReported(name: String) throws {
    let machine = try #require(DescribedMachines.triage.first { $0.name == name }?.machine)
    let whole = EvidenceSynthesis.TriageDump(machine).encoded()
    #expect(try DescribedMachines.read(whole).problems.isEmpty)
    var drivers = 0
    for end in stride(from: 0, to: whole.count, by: 512) {
      let cut = Array(whole.prefix(end))
      guard end >= leastBytes(machine) else {
        #expect(throws: ReadError.self, "cut at \(end)") { try DescribedMachines.read(cut) }
        continue
      }
      let dump = try DescribedMachines.read(cut)
      #expect(!dump.problems.isEmpty, "cut at \(end)")
      #expect(dump.header.bugcheck == machine.stop.code, "cut at \(end)")
      #expect(dump.problems.allSatisfy { $0.kind == .malformed }, "cut at \(end)")
      let found = dump.triage?.drivers.filter { !$0.name.isEmpty } ?? []
      #expect(found.map(\.name).allSatisfy { name in machine.modules.contains { $0.name == name } }, "cut at \(end)")
      #expect(dump.triage?.driversAreComplete != true || found.count == machine.modules.count, "cut at \(end)")
      #expect(found.count >= drivers, "more bytes give no fewer drivers; cut at \(end)")
      drivers = found.count
    }
    #expect(drivers == machine.modules.count)
  }

  @Test(arguments: [1, 2, 3, 5, 6, 7, 8, 9, 10] as [UInt32])
  func headersOfOtherTypes(type: UInt32) throws {
    for machine in [DescribedMachines.triage[0].machine, DescribedMachines.arm64] {
      let page = [UInt8](repeating: 0x5A, count: 0x1000)
      let whole = PageDump(machine, type: .init(rawValue: type), pages: [1: page, 10: page]).encoded()
      for end in stride(from: 512, to: whole.count, by: 512) {
        let dump = try DescribedMachines.read(Array(whole.prefix(end)))
        #expect(dump.header.bugcheck == machine.stop.code)
        // Behind the header these types have a bitmap, which is whole in the next 512 bytes. Absent pages are no problem.
        let isWhole = end >= dump.header.byteCount + ([2, 5, 6, 7].contains(type) ? 512 : 0)
        #expect(dump.problems.isEmpty == isWhole, "type \(type) cut at \(end)")
      }
    }
  }

  @Test func errorsNameFieldAndOffset() {
    let bytes = Array(EvidenceSynthesis.TriageDump(DescribedMachines.arm64).encoded().prefix(0x20))
    let error = #expect(throws: ReadError.self) { try DescribedMachines.read(bytes) }
    #expect(
      error?.description
        == "DUMP_HEADER64 > BugCheckParameters at file offset 0x20: expected at least 96 bytes of header, found 32 bytes"
    )
    let other = #expect(throws: ReadError.self) { try DescribedMachines.read(Array("PAGEDUMB and more".utf8)) }
    #expect(
      other?.description == "Signature at file offset 0x0: expected PAGEDUMP or PAGEDU64, found \"PAGEDUMB\"")
    #expect(throws: ReadError.self) { try DescribedMachines.read([]) }
  }

  /// The kernel writes `TRGD` last: without it the dump was not finished.
  @Test func unfinishedDumpIsNamed() throws {
    var damage = TriageDamage()
    damage.isUnfinished = true
    for (name, machine) in DescribedMachines.triage {
      let dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine, damage: damage).encoded())
      #expect(dump.problems.map(\.reading) == ["ValidOffset"], "\(name)")
      #expect(dump.triage?.drivers.count == machine.modules.count)
    }
  }
}
