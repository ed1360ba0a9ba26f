import Facts

/// General advice for a class of stops, for evidence that no known issue explains.
struct StopAdvice {
  let codes: Set<UInt32>
  let steps: [PlanStep]

  /// First class that lists the code wins. Codes by their base form (public header bugcodes.h).
  static let classes: [StopAdvice] = [
    StopAdvice(
      codes: [0x9C, 0x124, 0x7F, 0x2E, 0x101, 0x12B, 0x127],
      steps: [
        PlanStep(
          .collectEvidence,
          "The stop points to hardware. Read the event log for corrected errors, and look at temperatures and the power supply.",
          commands: [
            #"wevtutil qe System /q:"*[System[Provider[@Name='Microsoft-Windows-WHEA-Logger']]]" /f:text /c:20"#
          ]),
        .memoryTest,
        PlanStep(
          .configure, "Set processor and memory to their specified clocks, and update the firmware.", restart: true),
      ]),
    StopAdvice(
      codes: [0x41, 0x3F, 0x2D, 0xDB, 0x13F],
      steps: [
        .poolLog,
        PlanStep(
          .collectEvidence, "A kernel memory dump written when the pool is nearly used up names the tags that hold it."),
      ]),
    StopAdvice(
      codes: [0xC4, 0xC9, 0xE6, 0xC6],
      steps: [
        PlanStep(
          .upgrade,
          "Driver Verifier stopped the machine on purpose and caught a driver in the act. Update or remove the driver it names.",
          restart: true),
        PlanStep(
          .configure, "Afterwards switch Driver Verifier off again.", restart: true, commands: ["verifier /reset"]),
      ]),
    StopAdvice(
      codes: [0x9F, 0xA0, 0x15F],
      steps: [
        PlanStep(
          .collectEvidence, "A device did not finish a change of power state. Find out which.",
          commands: ["powercfg /energy", "powercfg /devicequery wake_armed"]),
        PlanStep(.upgrade, "Update the drivers of the device named, and the machine's firmware.", restart: true),
      ]),
    StopAdvice(
      codes: [0x24, 0x77, 0x7A, 0x7B, 0xED, 0xF4, 0xC000_0218, 0x154],
      steps: [
        PlanStep(
          .collectEvidence,
          "The stop points to the disk or the path to it. Check the volume and the disk's own record.",
          commands: ["chkdsk C: /f", "wmic diskdrive get Model,Status"]),
        PlanStep(
          .upgrade, "Update the storage controller's driver and firmware, and look at its cables.", restart: true),
      ]),
    StopAdvice(
      codes: [0x116, 0x117, 0x119, 0xEA, 0x113, 0x141],
      steps: [
        PlanStep(
          .upgrade, "Update the display driver, or go back to the version before the failures began.", restart: true)
      ]),
    StopAdvice(
      codes: [0x133, 0x1CA],
      steps: [
        PlanStep(
          .collectEvidence,
          "A driver held a processor for too long. A kernel memory dump shows every processor's stack; a minidump shows one."
        ),
        PlanStep(
          .upgrade, "Update storage, network and display drivers, which do most of the work at that level.",
          restart: true),
      ]),
    StopAdvice(
      codes: [0xEF, 0xC000_021A],
      steps: [
        PlanStep(
          .collectEvidence,
          "A process that Windows cannot do without ended. Check its files and read the application log.",
          commands: ["sfc /scannow", "wevtutil qe Application /f:text /c:20 /rd:true"])
      ]),
    // Last: memory that somebody else damaged shows in many ways.
    StopAdvice(
      codes: [
        0x0A, 0x18, 0x19, 0x1A, 0x1E, 0x3B, 0x4E, 0x50, 0x7E, 0x8E, 0xBE, 0xC1, 0xC2, 0xC5, 0xD1, 0xFC, 0x109, 0x139,
      ],
      steps: [.driverVerifier, .memoryTest]),
  ]

  /// Stops that people ask for to look at a hung machine; they say nothing by their code.
  static let forced: Set<UInt32> = [0xE2, 0x80, 0x1C8, 0x161]
}

extension PlanStep {
  static let memoryTest = PlanStep(
    .collectEvidence,
    "Test the memory for some hours; on systems before Windows Vista start a memory test from a disc.",
    restart: true, commands: ["mdsched.exe"])

  static let driverVerifier = PlanStep(
    .configure,
    "Let Driver Verifier watch the drivers that do not come with Windows, so that the one that damages memory is stopped in the act. "
      + "It slows the machine; switch it off afterwards with verifier /reset.",
    restart: true, commands: ["verifier /standard /all"])

  static let poolLog = PlanStep(
    .collectEvidence, "Log the pool by tag, at least five times while it grows, to see which tag it is.",
    commands: ["poolmon -b -n pool1.txt"])

  /// What the machine is and has installed. NT 4.0 and 2000 have neither tool.
  static func inventory(_ machine: Machine) -> PlanStep {
    let old =
      machine.version.map { $0.hasPrefix("4.") || $0.hasPrefix("5.0") }
      ?? (machine.product?.contains("NT 4.0") ?? false)
    return PlanStep(
      .collectEvidence,
      "Collect what the machine is and what is installed on it: product, service pack, updates and versions of the files.",
      commands: old
        ? [#"dir /tw %SystemRoot%\system32\drivers > drivers.txt"#, "winmsd /a /f"]
        : ["systeminfo > systeminfo.txt", "wmic qfe list full /format:csv > qfe.csv"])
  }

  /// So that the next failure leaves a dump with every thread's stack.
  static func kernelDump(_ machine: Machine) -> PlanStep {
    let text = "Have the next failure write a kernel memory dump; a minidump holds one thread's stack and little else."
    let registry =
      #"reg add "HKLM\SYSTEM\CurrentControlSet\Control\CrashControl" /v CrashDumpEnabled /t REG_DWORD /d 2 /f"#
    switch machine.version.map({ $0.prefix { $0 != "." } }) {
    case "4":
      return PlanStep(.configure, text + " Set it under Control Panel, System, Startup/Shutdown.", restart: true)
    case "5", "6": return PlanStep(.configure, text, restart: true, commands: ["wmic recoveros set DebugInfoType=2"])
    default: return PlanStep(.configure, text, restart: true, commands: [registry])
    }
  }
}
