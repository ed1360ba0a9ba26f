import ByteReading
import EvidenceSynthesis
import Facts
import MachineInventory

typealias Key = SynthesizedHive.Key

/// The hives that the tests write.
enum Hives {
  static let software = SynthesizedHive(
    Key(
      "ROOT", [],
      [
        Key("Classes"),
        Key(
          "Microsoft", [],
          [
            Key(
              "Windows NT", [],
              [
                Key(
                  "CurrentVersion",
                  [
                    .text("ProductName", "Windows 7 Enterprise"), .text("CurrentVersion", "6.1"),
                    .text("CurrentBuildNumber", "7601"), .text("CSDVersion", "Service Pack 1"),
                    .text("BuildLabEx", "7601.17514.amd64fre.win7sp1_rtm.101119-1850"),
                    .text("EditionID", "Enterprise"),
                  ],
                  [
                    Key(
                      "HotFix", [],
                      [
                        Key("KB923561", [.number("Installed", 1)]), Key("KB111111", [.number("Installed", 0)]),
                        Key("Q147222", [.number("Installed", 1)]),
                      ])
                  ])
              ]),
            Key(
              "Packages", [],
              [
                Key("Package_for_KB2479943~31bf3856ad364e35~amd64~~6.1.1.0", [.number("CurrentState", 0x70)]),
                Key("Package_1_for_KB2491683~31bf3856ad364e35~amd64~~6.1.1.1", [.number("CurrentState", 0x70)]),
                Key("Package_for_KB2506014~31bf3856ad364e35~amd64~~6.1.1.0", [.number("CurrentState", 0x40)]),
                Key(
                  "Package_for_RollupFix~31bf3856ad364e35~amd64~~7601.1.1",
                  [
                    .number("CurrentState", 0x70),
                    .text("InstallLocation", "\\\\?\\C:\\Windows\\Temp\\Windows6.1-KB4012212-x64.cab\\"),
                  ]),
                Key(
                  "Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~6.1.1", [.number("CurrentState", 0x70)]),
              ]
            ).under("Windows", "CurrentVersion", "Component Based Servicing"),
          ]),
      ]), fileName: "emRoot\\System32\\Config\\SOFTWARE")

  static let system = SynthesizedHive(
    Key(
      "ROOT", [],
      [
        Key("Select", [.number("Current", 2)]), Key("ControlSet001"),
        Key(
          "ControlSet002", [],
          [
            Key(
              "Control", [],
              [
                Key("Environment", [.text("PROCESSOR_ARCHITECTURE", "x86")]).under("Session Manager"),
                Key("Windows", [.number("CSDVersion", 0x200)]),
                Key("Language", [.text("InstallLanguage", "0407")]).under("Nls"),
                Key("ComputerName", [.text("ComputerName", "SRV1")]).under("ComputerName"),
              ]),
            Key(
              "Services", [],
              [
                Key(
                  "Tcpip",
                  [
                    .number("Start", 1), .number("Type", 1), .text("ImagePath", "system32\\DRIVERS\\tcpip.sys"),
                  ]), Key("Broken", [.number("Start", 3)]),
                Key("Spooler", [.number("Start", 2), .number("Type", 0x110)]),
              ]),
          ]),
      ]))

  static func open(_ bytes: [UInt8], logs: [[UInt8]] = []) throws(ReadError) -> RegistryHive {
    try RegistryHive(
      parsing: MappedFile(bytes: bytes, path: "hive"), logs: logs.map { MappedFile(bytes: $0, path: "log") })
  }

  /// Every key's path with its values' names and bytes, to compare two hives.
  static func listing(_ hive: RegistryHive) -> [String] {
    var problems = HiveProblems()
    var lines: [String] = []
    hive.walk(&problems) { key, depth, values in
      lines.append("\(depth) \(key.name)")
      for value in values { lines.append("  \(value.name) \(value.type) \((try? hive.data(of: value)) ?? [])") }
      return true
    }
    return lines
  }
}
