import ByteReading
import EvidenceSynthesis
import Facts
import Testing

@testable import MachineInventory

/// Registry values that articles tell people to set.
@Suite struct HiveSettingsTests {
  private func machine(_ hive: SynthesizedHive) throws -> Machine? {
    var problems: [ReadError] = []
    return HiveView(try Hives.open(hive.encoded()), &problems).machine
  }

  @Test func policiesOfTheMachine() throws {
    let policies = Key(
      "Explorer",
      [
        .number("NoRemoteRecursiveEvents", 1), .text("Name", "a text"), .init("Bytes", type: 3, [1, 2, 3]),
        .number("", 7),
      ])
    let hive = SynthesizedHive(
      Key(
        "ROOT", [],
        [
          Key("Classes"),
          Key(
            "Microsoft", [],
            [Key("CurrentVersion").under("Windows NT"), policies.under("Windows", "CurrentVersion", "Policies")]),
        ]))
    let found = try #require(try machine(hive))
    let key = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer"
    #expect(
      found.settings == [
        RegistrySetting(path: key + "\\NoRemoteRecursiveEvents", value: "1", isNumber: true),
        RegistrySetting(path: key + "\\Name", value: "a text", isNumber: false),
      ])
    #expect(found.settingKeys == [key])
  }

  /// Of the control set that Windows starts with; keys that are not there were looked at all the same.
  @Test func settingsOfTheSystem() throws {
    func set(_ name: String, _ threads: UInt32) -> Key {
      Key(
        name, [],
        [
          Key("Executive", [.number("AdditionalCriticalWorkerThreads", threads)]).under("Control", "Session Manager"),
          Key("Services"),
        ])
    }
    let hive = SynthesizedHive(
      Key("ROOT", [], [Key("Select", [.number("Current", 2)]), set("ControlSet001", 3), set("ControlSet002", 16)]))
    let found = try #require(try machine(hive))
    let root = "HKLM\\SYSTEM\\CurrentControlSet\\"
    #expect(
      found.settings == [
        RegistrySetting(
          path: root + "Control\\Session Manager\\Executive\\AdditionalCriticalWorkerThreads", value: "16",
          isNumber: true)
      ])
    #expect(found.settingKeys.contains(root + "Services\\NetBT\\Parameters"))
  }

  @Test func policiesOfAUser() throws {
    let policies = Key("Explorer", [.number("NoRemoteRecursiveEvents", 1)])
      .under("Software", "Microsoft", "Windows", "CurrentVersion", "Policies")
    let found = try machine(SynthesizedHive(Key("ROOT", [], [Key("Environment"), policies])))
    #expect(found?.settings.map(\.value) == ["1"])
    #expect(found?.settings.first?.path.hasPrefix("HKCU\\Software\\Microsoft") == true)
    #expect(try machine(SynthesizedHive(Key("ROOT", [], [Key("Environment"), Key("Software")]))) == nil)
  }

  /// Long lists and texts are cut, not refused.
  @Test func limits() throws {
    let values = (0..<1000).map { SynthesizedHive.Value.number("v\($0)", 1) }
    let long = SynthesizedHive.Value.text("long", String(repeating: "x", count: 5000))
    let key = Key("Explorer", [long] + values)
      .under("Software", "Microsoft", "Windows", "CurrentVersion", "Policies")
    let found = try #require(try machine(SynthesizedHive(Key("ROOT", [], [Key("Environment"), key]))))
    #expect(found.settings.count == SettingKeys.maximumValues)
    #expect(found.settings.first?.value.count == SettingKeys.maximumText)
  }
}
