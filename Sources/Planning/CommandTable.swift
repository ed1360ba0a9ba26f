import Facts

/// What a step wants to do on a machine, whichever Windows that is.
enum CommandPurpose: Sendable {
  case inventory, kernelDump, keyboardDump, memoryTest, driverVerifier, verifierWindow, verifierOff, listDrivers
  case poolTagSearch, poolLog, checkVolume, checkBootVolume, diskRecord, hardwareEvents, applicationEvents
  case powerReport, systemFiles, terminalServer
}

/// How one purpose is served on a range of Windows versions.
struct CommandVariant: Sendable {
  let purpose: CommandPurpose
  let systems: ClosedRange<WindowsGeneration>
  /// Exactly as typed; `{name}` stands for a value of the step.
  let commands: [String]
  /// What to do there beside or in place of commands.
  let note: String?

  init(
    _ purpose: CommandPurpose, _ systems: ClosedRange<WindowsGeneration>, _ commands: [String] = [], note: String? = nil
  ) {
    self.purpose = purpose
    self.systems = systems
    self.commands = commands
    self.note = note
  }
}

/// Every command that advice gives, with the Windows versions that have it. A purpose without an entry for a version cannot be
/// served there by a command.
enum CommandTable {
  private static let crashControl = #"HKLM\SYSTEM\CurrentControlSet\Control\CrashControl"#
  private static let services = #"HKLM\SYSTEM\CurrentControlSet\Services"#
  private static let hotfixes = #"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion\Hotfix"#

  static let variants: [CommandVariant] = [
    CommandVariant(
      .inventory, .nt4 ... .nt4,
      [
        #"dir /tw %SystemRoot%\system32\drivers > drivers.txt"#, "winmsd /a /f",
        #"regedit /e hotfix.reg "\#(hotfixes)""#,
      ]),
    CommandVariant(
      .inventory, .windows2000 ... .windows2000,
      [
        #"dir /tw %SystemRoot%\system32\drivers > drivers.txt"#, #"start msinfo32 /report C:\machine.txt"#,
        #"regedit /e hotfix.reg "\#(hotfixes)""#,
      ]),
    CommandVariant(
      .inventory, .xp ... .xp, ["systeminfo > systeminfo.txt", "wmic qfe list full /format:csv > qfe.csv"],
      note: "The Home Edition has neither command; save a report of msinfo32 there."),
    CommandVariant(
      .inventory, .server2003 ... .windows7,
      ["systeminfo > systeminfo.txt", "wmic qfe list full /format:csv > qfe.csv"]),
    CommandVariant(
      .inventory, .windows8 ... .windows11,
      [
        "systeminfo > systeminfo.txt",
        #"powershell -Command "Get-CimInstance Win32_QuickFixEngineering | Export-Csv qfe.csv -NoTypeInformation""#,
      ]),

    CommandVariant(
      .kernelDump, .nt4 ... .nt4,
      note:
        "This Windows writes complete dumps only: Control Panel, System, Startup/Shutdown, \"Write debugging information to\"; the paging file on the system's volume must be a little larger than memory."
    ),
    CommandVariant(
      .kernelDump, .windows2000 ... .windows2000,
      note: "Set it under Control Panel, System, Advanced, Startup and Recovery."),
    CommandVariant(
      .kernelDump, .xp ... .windows11, [#"reg add "\#(crashControl)" /v CrashDumpEnabled /t REG_DWORD /d 2 /f"#],
      note: "CrashDumpEnabled 2 asks for that kind."),

    CommandVariant(
      .keyboardDump, .nt4 ... .nt4,
      note: "This Windows cannot be told to by the keyboard; a machine with an NMI switch can be by that."),
    CommandVariant(
      .keyboardDump, .windows2000 ... .windows2000,
      note:
        #"With regedt32 set CrashOnCtrlScroll (REG_DWORD) to 1 under \#(services)\i8042prt\Parameters; it needs a PS/2 keyboard."#
    ),
    CommandVariant(
      .keyboardDump, .xp ... .server2003,
      [#"reg add "\#(services)\i8042prt\Parameters" /v CrashOnCtrlScroll /t REG_DWORD /d 1 /f"#],
      note: "It needs a PS/2 keyboard."),
    CommandVariant(
      .keyboardDump, .vista ... .windows11,
      [
        #"reg add "\#(services)\i8042prt\Parameters" /v CrashOnCtrlScroll /t REG_DWORD /d 1 /f"#,
        #"reg add "\#(services)\kbdhid\Parameters" /v CrashOnCtrlScroll /t REG_DWORD /d 1 /f"#,
      ], note: "The first value is for PS/2 keyboards, the second for USB ones."),

    CommandVariant(
      .memoryTest, .nt4 ... .server2003, note: "This Windows has no test of its own: start one from a disc."),
    CommandVariant(.memoryTest, .vista ... .windows11, ["mdsched.exe"]),

    CommandVariant(.driverVerifier, .xp ... .windows11, ["verifier /standard /driver {drivers}"]),
    CommandVariant(.verifierWindow, .windows2000 ... .windows11, ["verifier"]),
    CommandVariant(.verifierOff, .windows2000 ... .windows11, ["verifier /reset"]),
    CommandVariant(.listDrivers, .xp ... .windows11, ["driverquery /v /fo csv > drivers.csv"]),

    CommandVariant(.poolTagSearch, .nt4 ... .nt4, [#"find /c "{tag}" %SystemRoot%\System32\drivers\*.sys"#]),
    CommandVariant(
      .poolTagSearch, .windows2000 ... .windows11, [#"findstr /m /l "{tag}" %SystemRoot%\System32\drivers\*.sys"#]),
    CommandVariant(
      .poolLog, .nt4 ... .windows2000, ["gflags -r +ptg", "poolmon -b"],
      note:
        "Pool tagging is off on this Windows: switch it on with the first command and restart. Both tools come with the Resource Kit or Support Tools; keep a copy of each screen with its time."
    ),
    CommandVariant(
      .poolLog, .xp ... .xp, ["gflags -r +ptg", "poolmon -b -n pool1.txt"],
      note:
        "Pool tagging is off on Windows XP: switch it on with the first command and restart. Both tools are Support Tools."
    ),
    CommandVariant(
      .poolLog, .server2003 ... .windows11, ["poolmon -b -n pool1.txt"],
      note: "poolmon comes with the Support Tools or the driver kit."),

    CommandVariant(.checkVolume, .nt4 ... .windows11, ["chkdsk C: /f"]),
    CommandVariant(
      .checkBootVolume, .nt4 ... .nt4,
      note: "This Windows has no recovery console: check the disk from a second installation or in another machine."),
    CommandVariant(
      .checkBootVolume, .windows2000 ... .server2003, ["chkdsk C: /p"],
      note:
        "Windows does not start, so start the recovery console from the product's disc; the letter may be another there."
    ),
    CommandVariant(
      .checkBootVolume, .vista ... .windows11, ["chkdsk C: /f"],
      note:
        "Windows does not start, so start the recovery environment and its command prompt; the letter may be another there."
    ),
    CommandVariant(.diskRecord, .xp ... .windows7, ["wmic diskdrive get Model,Status"]),
    CommandVariant(
      .diskRecord, .windows8 ... .windows11,
      [#"powershell -Command "Get-PhysicalDisk | Format-List FriendlyName,HealthStatus""#]),

    CommandVariant(.hardwareEvents, .nt4 ... .server2003, ["eventvwr"], note: "Look in the system log."),
    CommandVariant(
      .hardwareEvents, .vista ... .windows11,
      [#"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-WHEA-Logger']]]" /f:text /c:20"#]),
    CommandVariant(.applicationEvents, .nt4 ... .server2003, ["eventvwr"], note: "Look in the application log."),
    CommandVariant(.applicationEvents, .vista ... .windows11, ["wevtutil qe Application /f:text /c:20 /rd:true"]),
    CommandVariant(.powerReport, .vista ... .vista, ["powercfg /devicequery wake_armed"]),
    CommandVariant(.powerReport, .windows7 ... .windows11, ["powercfg /energy", "powercfg /devicequery wake_armed"]),
    CommandVariant(.systemFiles, .windows2000 ... .windows11, ["sfc /scannow"]),

    CommandVariant(
      .terminalServer, .nt4 ... .nt4,
      [#"regedit /e product.reg HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\ProductOptions"#],
      note: "On the Terminal Server Edition the value ProductSuite names it."),
  ]

  /// Which Windows has a tool, by the command's first word. For commands that articles and the catalogue give verbatim; what
  /// is not listed is taken to be there.
  private static let tools: [String: ClosedRange<WindowsGeneration>] = [
    "reg": .xp ... .windows11, "systeminfo": .xp ... .windows11, "wmic": .xp ... .windows10,
    "driverquery": .xp ... .windows11, "verifier": .windows2000 ... .windows11, "mdsched": .vista ... .windows11,
    "mdsched.exe": .vista ... .windows11, "wevtutil": .vista ... .windows11, "powershell": .windows7 ... .windows11,
    "winmsd": .nt4 ... .server2003,
  ]

  /// Those of the commands given verbatim that the machine's Windows has. Where that is not known all of them, under a line
  /// that names the versions that have every one.
  static func typed(_ commands: [String], on machine: Machine) -> [String] {
    func systems(_ command: String) -> ClosedRange<WindowsGeneration> {
      command.split(separator: " ").first.flatMap { tools[$0.lowercased()] } ?? .nt4 ... .windows11
    }
    if let generation = WindowsGeneration(machine) { return commands.filter { systems($0).contains(generation) } }
    let first = commands.map { systems($0).lowerBound }.max() ?? .nt4
    let last = commands.map { systems($0).upperBound }.min() ?? .windows11
    if first > last || first == .nt4 && last == .windows11 { return commands }
    return ["rem \(WindowsGeneration.span(first...last)):"] + commands
  }

  /// Commands and notes for one machine; where its Windows is not known those of every version, each under a line that names
  /// the versions. nil where that Windows has nothing for the purpose.
  static func advice(
    _ purpose: CommandPurpose, _ machine: Machine, _ values: [String: String] = [:]
  ) -> (note: String?, commands: [String])? {
    let fitting = variants.filter { $0.purpose == purpose }
    func filled(_ text: String) -> String {
      values.sorted { $0.key < $1.key }.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) }
    }
    if let generation = WindowsGeneration(machine) {
      guard let variant = fitting.first(where: { $0.systems.contains(generation) }) else { return nil }
      return (variant.note.map(filled), variant.commands.map(filled))
    }
    // The newest first: it is what most machines run.
    var spans: [(systems: ClosedRange<WindowsGeneration>, commands: [String])] = []
    for variant in fitting where !variant.commands.isEmpty {
      let commands = variant.commands.map(filled)
      if let last = spans.last, last.commands == commands {
        spans[spans.count - 1].systems = last.systems.lowerBound...variant.systems.upperBound
      } else {
        spans.append((variant.systems, commands))
      }
    }
    let notes = fitting.reversed().compactMap { variant in
      variant.note.map { "\(WindowsGeneration.span(variant.systems)): \(filled($0))" }
    }
    let everywhere = spans.count == 1 && spans[0].systems == .nt4 ... .windows11
    let commands = spans.reversed().flatMap { span in
      (everywhere ? [] : ["rem \(WindowsGeneration.span(span.systems)):"]) + span.commands
    }
    return (notes.isEmpty ? nil : notes.joined(separator: " "), commands)
  }
}

extension PlanStep {
  /// A step whose commands and notes come from the table.
  init(
    _ kind: Kind, _ text: String, restart: Bool = false, by purposes: [CommandPurpose], on machine: Machine,
    with values: [String: String] = [:]
  ) {
    let advice = purposes.compactMap { CommandTable.advice($0, machine, values) }
    self.init(
      kind, ([text] + advice.compactMap(\.note)).joined(separator: " "), restart: restart,
      commands: advice.flatMap(\.commands))
  }
}

/// Names that may stand in a command line: nothing that a shell or the tool could read as anything else.
func isPlainFileName(_ name: String) -> Bool {
  guard let first = name.utf8.first, name.utf8.count <= 64 else { return false }
  func isWord(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
      || byte == UInt8(ascii: "_")
  }
  return isWord(first)
    && name.utf8.allSatisfy { isWord($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "-") }
}
