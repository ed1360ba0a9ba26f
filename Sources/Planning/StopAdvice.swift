import Facts

/// General advice for a class of stops, for evidence that no known issue explains.
struct StopAdvice: Sendable {
  enum Class: Sendable {
    case hardware, poolExhaustion, verifier, power, disk, bootDisk, display, longInterrupt, endedProcess, damagedMemory
  }

  let kind: Class
  let codes: Set<UInt32>

  /// First class that lists the code wins. Codes by their base form (public header bugcodes.h).
  static let classes: [StopAdvice] = [
    StopAdvice(kind: .hardware, codes: [0x9C, 0x124, 0x7F, 0x2E, 0x101, 0x12B, 0x127]),
    StopAdvice(kind: .poolExhaustion, codes: [0x41, 0x3F, 0x2D, 0xDB, 0x13F]),
    StopAdvice(kind: .verifier, codes: [0xC4, 0xC9, 0xE6, 0xC6]),
    StopAdvice(kind: .power, codes: [0x9F, 0xA0, 0x15F]),
    StopAdvice(kind: .bootDisk, codes: [0x7B, 0xED, 0xC000_0218]),
    StopAdvice(kind: .disk, codes: [0x24, 0x77, 0x7A, 0xF4, 0x154]),
    StopAdvice(kind: .display, codes: [0x116, 0x117, 0x119, 0xEA, 0x113, 0x141]),
    StopAdvice(kind: .longInterrupt, codes: [0x133, 0x1CA]),
    StopAdvice(kind: .endedProcess, codes: [0xEF, 0xC000_021A]),
    // Last: memory that somebody else damaged shows in many ways.
    StopAdvice(
      kind: .damagedMemory,
      codes: [
        0x0A, 0x18, 0x19, 0x1A, 0x1E, 0x3B, 0x4E, 0x50, 0x7E, 0x8E, 0xBE, 0xC1, 0xC2, 0xC5, 0xD1, 0xFC, 0x109, 0x139,
      ]),
  ]

  static func kind(of code: UInt32) -> Class? { classes.first { $0.codes.contains(code) }?.kind }

  /// Stops that people ask for to look at a hung machine; they say nothing by their code.
  static let forced: Set<UInt32> = [0xE2, 0x80, 0x1C8, 0x161]
}

extension StopAdvice.Class {
  func steps(_ facts: [Fact], _ machine: Machine) -> [PlanStep] {
    switch self {
    case .hardware:
      [
        PlanStep(
          .collectEvidence,
          "The stop points to hardware. Read the event log for corrected errors, and look at temperatures and the power supply.",
          by: [.hardwareEvents], on: machine),
        .memoryTest(machine),
        PlanStep(
          .configure, "Set processor and memory to their specified clocks, and update the firmware.", restart: true),
      ]
    case .poolExhaustion:
      [
        PlanStep(
          .collectEvidence,
          "Log the pool by tag, at least five times while it grows, to see which tag it is. Who asked last when nothing was left is a victim and need not be the one that holds it.",
          by: [.poolLog], on: machine)
      ]
    case .verifier:
      [
        PlanStep(
          .upgrade,
          "Driver Verifier stopped the machine on purpose and caught a driver in the act. Update or remove the driver it names.",
          restart: true),
        PlanStep(
          .configure, "Afterwards switch Driver Verifier off again.", restart: true, by: [.verifierOff], on: machine),
      ]
    case .power:
      [
        PlanStep(
          .collectEvidence, "A device did not finish a change of power state. Find out which.", by: [.powerReport],
          on: machine),
        PlanStep(.upgrade, "Update the drivers of the device named, and the machine's firmware.", restart: true),
      ]
    case .disk:
      [
        PlanStep(
          .collectEvidence,
          "The stop points to the disk or the path to it. Check the volume and the disk's own record.",
          by: [.checkVolume, .diskRecord], on: machine),
        Self.storage,
      ]
    case .bootDisk:
      [
        PlanStep(
          .collectEvidence, "Windows could not read the disk or volume it starts from. Check that volume.",
          by: [.checkBootVolume], on: machine),
        PlanStep(
          .configure,
          "Undo what changed last: the controller's mode in the firmware (IDE, AHCI, RAID), a new storage driver, the disk's place."
        ),
      ]
    case .display:
      [
        PlanStep(
          .upgrade, "Update the display driver, or go back to the version before the failures began.", restart: true)
      ]
    case .longInterrupt:
      [
        PlanStep(
          .upgrade,
          "A driver held a processor for too long. Update storage, network and display drivers, which do most of the work at that level.",
          restart: true)
      ]
    case .endedProcess:
      [
        PlanStep(
          .collectEvidence,
          "A process that Windows cannot do without ended. Check its files and read the application log.",
          by: [.systemFiles, .applicationEvents], on: machine)
      ]
    case .damagedMemory:
      [.driverVerifier(facts, machine), .memoryTest(machine)].compactMap { $0 }
    }
  }

  private static let storage = PlanStep(
    .upgrade, "Update the storage controller's driver and firmware, and look at its cables.", restart: true)
}

extension PlanStep {
  static func memoryTest(_ machine: Machine) -> PlanStep {
    PlanStep(.collectEvidence, "Test the memory for some hours.", restart: true, by: [.memoryTest], on: machine)
  }

  /// At most as many as one can watch without slowing the machine to a halt.
  static let verifiedDrivers = 12

  /// nil on a Windows that has no Driver Verifier.
  static func driverVerifier(_ facts: [Fact], _ machine: Machine) -> PlanStep? {
    var drivers: [String] = []
    for fact in facts where (fact.kind == .culprit || fact.kind == .module) && fact["inbox"] == .flag(false) {
      guard let name = fact["module"]?.description, name.lowercased().hasSuffix(".sys"), isPlainFileName(name),
        !drivers.contains(where: { $0.lowercased() == name.lowercased() }), drivers.count < verifiedDrivers
      else { continue }
      drivers.append(name)
    }
    guard CommandTable.advice(.verifierWindow, machine) != nil else { return nil }
    let text =
      "Let Driver Verifier watch the drivers that do not come with Windows, so that the one that damages memory is stopped in the act."
    let after = " It slows the machine; switch it off afterwards with verifier /reset."
    if !drivers.isEmpty, CommandTable.advice(.driverVerifier, machine) != nil {
      return PlanStep(
        .configure, text + after, restart: true, by: [.driverVerifier], on: machine,
        with: ["drivers": drivers.joined(separator: " ")])
    }
    let names = drivers.isEmpty ? "those whose provider is not Microsoft" : drivers.joined(separator: ", ")
    return PlanStep(
      .configure, "\(text) In its window choose the standard settings, then select from the list \(names).\(after)",
      restart: true, by: [.verifierWindow], on: machine)
  }

  /// What the machine is and has installed.
  static func inventory(_ machine: Machine) -> PlanStep {
    PlanStep(
      .collectEvidence,
      "Collect what the machine is and what is installed on it: product, service pack, updates and versions of the files.",
      by: [.inventory], on: machine)
  }

  /// So that the next failure leaves a dump with every thread's stack; nil where the evidence holds such a dump already.
  static func kernelDump(_ facts: [Fact], _ machine: Machine) -> PlanStep? {
    if facts.holdKernelDump { return nil }
    return PlanStep(
      .configure,
      WindowsGeneration(machine) == .nt4
        ? "Have the next failure write a memory dump."
        : "Have the next failure write a kernel memory dump; a minidump holds one thread's stack and little else.",
      restart: true, by: [.kernelDump], on: machine)
  }
}

extension [Fact] {
  /// Whether a dump at hand holds more than one thread: every kind but triage dumps and bare headers.
  var holdKernelDump: Bool {
    contains { fact in
      guard fact.kind == FactKind(rawValue: "dump"), let type = fact["type"]?.description.lowercased() else {
        return false
      }
      return !["triage", "header", "mini", "minidump"].contains(type)
    }
  }
}
