import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import MachineInventory

@Suite struct HiveTests {
  @Test(arguments: SynthesizedHive.ListForm.allCases)
  func everyFormOfListIsRead(_ form: SynthesizedHive.ListForm) throws {
    let names = ["alpha", "ëigenaardig", "Привет", "line\r\nbreak", "last"]
    let hive = try Hives.open(SynthesizedHive(Key("ROOT", [], names.map { Key($0) }), listForm: form).encoded())
    var problems = HiveProblems()
    #expect(hive.subkeys(of: try hive.root(), &problems).map(\.name) == names)
    #expect(problems.count == 0)
    #expect(hive.problems.isEmpty)
  }

  @Test(arguments: [3, 5] as [UInt32])
  func dataOfEverySizeIsRead(_ minor: UInt32) throws {
    let sizes = [0, 1, 4, 5, 16_344, 16_345, 40_000]
    let values = sizes.map { size in
      SynthesizedHive.Value("v\(size)", type: 3, (0..<size).map { UInt8(truncatingIfNeeded: $0 * 7) })
    }
    let hive = try Hives.open(SynthesizedHive(Key("ROOT", values), minorVersion: minor).encoded())
    let root = try hive.root()
    for value in values {
      let found = try #require(hive.value(value.name.uppercased(), of: root))
      #expect(try hive.data(of: found) == value.data)
    }
  }

  @Test func softwareGivesTheMachine() throws {
    var problems: [ReadError] = []
    let view = HiveView(try Hives.open(Hives.software.encoded()), &problems)
    #expect(problems.isEmpty)
    #expect(view.type == "software")
    #expect(view.edition == "Enterprise")
    var machine = Machine(
      product: "Windows 7", servicePack: ServicePack(1), architecture: .x64, version: "6.1.7601",
      updates: ["KB923561", "KB2479943", "KB2491683", "KB4012212"], updatesAreComplete: true)
    machine.edition = "Windows 7 Enterprise"
    machine.settingKeys = SettingKeys.policies.map { "HKLM\\SOFTWARE\\" + $0 }
    #expect(view.machine == machine)
  }

  @Test func systemGivesDriversOfTheControlSetInUse() throws {
    var problems: [ReadError] = []
    let view = HiveView(try Hives.open(Hives.system.encoded()), &problems)
    #expect(problems.isEmpty)
    #expect(view.type == "system")
    #expect(view.controlSet == "ControlSet002")
    #expect(view.computerName == "SRV1")
    var machine = Machine(servicePack: ServicePack(2), architecture: .x86, language: "de-DE")
    machine.computerName = "SRV1"
    machine.services = view.services
    machine.settingKeys = SettingKeys.system.map { "HKLM\\SYSTEM\\CurrentControlSet\\" + $0 }
    #expect(view.machine == machine)
    #expect(view.services.map(\.name) == ["Tcpip", "Spooler"])
    #expect(view.services.first?.start == 1)
    #expect(view.services.first?.image == "system32\\DRIVERS\\tcpip.sys")
  }

  @Test func marvinAgreesWithItsPublishedVectors() {
    // Vectors of the .NET runtime's tests (MIT).
    let seed: UInt64 = 0x004F_B61A_001B_DBCC
    for (bytes, hash) in [([], 0x30ED_35C1_00CD_3C7D), ([0xAF], 0x48E7_3FC7_7D75_DDC1)] as [([UInt8], UInt64)] {
      #expect(Marvin32.hash(bytes.span.bytes, seed: seed) == hash)
    }
  }

  // MARK: Logs

  /// Three states of one hive, of the same size.
  static func states(secondary: UInt32) -> [[UInt8]] {
    (0..<3).map { step in
      var hive = SynthesizedHive(
        Key(
          "ROOT", [.number("step", UInt32(step))],
          (0..<40).map { Key("key\($0)", [.text("value", "\(step == 2 && $0 > 30 ? "new" : "old") \($0)")]) }))
      hive.primarySequence = 8
      hive.secondarySequence = secondary
      return hive.encoded()
    }
  }

  @Test func aSectorLogBringsTheHiveUpToDate() throws {
    let states = Self.states(secondary: 7)
    let log = SynthesizedHiveLog.sectors(from: states[0], to: states[2], sequence: 8)
    let hive = try Hives.open(states[0], logs: [[], log])
    #expect(hive.appliedTransactions == 1)
    #expect(hive.problems.isEmpty)
    #expect(Hives.listing(hive) == Hives.listing(try Hives.open(states[2])))
    #expect(Hives.listing(hive) != Hives.listing(try Hives.open(states[0])))
  }

  @Test func entriesOfTwoLogsAreAppliedInTheirOrder() throws {
    let states = Self.states(secondary: 7)
    let first = SynthesizedHiveLog.entries([states[0], states[1]], sequence: 7)
    let second = SynthesizedHiveLog.entries([states[1], states[2]], sequence: 8)
    for logs in [[first, second], [second, first]] {
      let hive = try Hives.open(states[0], logs: logs)
      #expect(hive.appliedTransactions == 2)
      #expect(Hives.listing(hive) == Hives.listing(try Hives.open(states[2])))
    }
    let one = SynthesizedHiveLog.entries(states, sequence: 7)
    #expect(try Hives.open(states[0], logs: [one]).appliedTransactions == 2)
  }

  @Test func anEntryWithAWrongHashEndsTheLog() throws {
    let states = Self.states(secondary: 7)
    var log = SynthesizedHiveLog.entries(states, sequence: 7)
    log[log.count - 1] ^= 1
    let hive = try Hives.open(states[0], logs: [log])
    #expect(hive.appliedTransactions == 1)
    #expect(hive.problems.contains { $0.reading == "Hash-1" })
    #expect(Hives.listing(hive) == Hives.listing(try Hives.open(states[1])))
  }

  @Test func aDirtyHiveSaysThatItsLogIsMissing() throws {
    let hive = try Hives.open(Self.states(secondary: 7)[0])
    #expect(hive.appliedTransactions == 0)
    #expect(hive.problems.map(\.reading) == ["transaction log"])
    // A clean hive does not look at logs.
    let clean = Self.states(secondary: 8)
    let log = SynthesizedHiveLog.sectors(from: clean[0], to: clean[2], sequence: 8)
    #expect(try Hives.open(clean[0], logs: [log]).appliedTransactions == 0)
  }

  @Test func aLogAloneIsRefusedWithItsName() throws {
    let states = Self.states(secondary: 7)
    let error = #expect(throws: ReadError.self) {
      _ = try Hives.open(SynthesizedHiveLog.entries(states, sequence: 7))
    }
    #expect(error?.found.contains("transaction log") == true)
  }

  // MARK: Damage

  @Test func aWrongPlaceOfTheRootIsFoundOut() throws {
    var bytes = Hives.system.encoded()
    bytes[36] = 0xF0
    bytes[37] = 0xFF
    let hive = try Hives.open(bytes)
    #expect(hive.problems.contains { $0.reading == "RootCellOffset" })
    #expect(hive.key("select") != nil)
  }

  @Test func aListedKeyThatCannotBeReadStandsWithoutItsName() throws {
    var bytes = SynthesizedHive(Key("ROOT", [], [Key("first"), Key("second")])).encoded()
    let hive = try Hives.open(bytes)
    let second = try #require(hive.key("second"))
    for index in 0..<80 { bytes[4096 + Int(second.offset) + index] = 0 }
    var problems: [ReadError] = []
    #expect(HiveView(try Hives.open(bytes), &problems).rootKeys == ["first", ""])
    #expect(problems.count == 1)
  }

  @Test func circlesEnd() throws {
    var bytes = SynthesizedHive(Key("ROOT", [], [Key("a", [], [Key("b")])])).encoded()
    let hive = try Hives.open(bytes)
    let (root, a) = (try hive.root(), try #require(hive.key("a")))
    // The child's list is its parent's.
    let list = try #require(hive.load(try hive.cell(at: root.offset, ""), 28, as: UInt32.self))
    for index in 0..<4 {
      bytes[4096 + Int(a.offset) + 4 + 28 + index] = UInt8(truncatingIfNeeded: list >> UInt32(8 * index))
    }
    let extent = try Hives.open(bytes).extent()
    #expect(extent.keys == 2)
    #expect(extent.problems.count == 1)
  }
}
