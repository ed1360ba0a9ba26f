import Facts

/// Stops in drivers that no article knows, on systems whose kernel addresses are public.
extension Scenario {
  static let unknownDrivers: [Scenario] = [
    Scenario("unknown-driver-7601", "Windows 7 SP1 x64: 0xD1 in a third-party filter driver.") { seed in
      let access = Access(address: 0xFFFF_FA80_1234_5000, isWrite: true)
      return thirdParty(
        .windows7, seed: seed, driver: DriverTemplate("acmefltr.sys", 0x16000, 0x4F30_5A11),
        shape: .faultAtRaisedIRQL(StopCode(0xD1)), access: access,
        names: ["acmefltr!AcmeCompletion", "acmefltr!AcmeDpc", "nt!KiRetireDpcList", "nt!KiIdleLoop"],
        process: ("Idle", 0))
    },
    Scenario("unknown-driver-19041", "Windows 10 x64: 0x7E, a NULL dereference in a third-party USB driver's thread.") {
      seed in
      thirdParty(
        .windows10, seed: seed, driver: DriverTemplate("acmeusb.sys", 0x2C000, 0x9B21_77C0),
        shape: .systemThreadException, access: Access(address: 0x28),
        names: ["acmeusb!AcmePoll", "acmeusb!AcmeThread", "nt!PspSystemThreadStartup", "nt!KiStartSystemThread"],
        process: ("System", 4))
    },
  ]

  private static func thirdParty(
    _ profile: SystemProfile, seed: UInt64, driver: DriverTemplate, shape: StopShape, access: Access, names: [String],
    process: (name: String, id: UInt64)
  ) -> SynthesizedCase {
    var builder = CaseBuilder(profile, seed: seed, drivers: [driver])
    let frames = names.map { builder.frame($0, words: 6 + builder.random.index(below: 10)) }
    var machine = builder.machine(shape, access: access, in: frames)
    machine.process = builder.process(process.name, id: process.id, session: nil)
    return identified(
      &builder, machine,
      facts: [CaseBuilder.stopFact(machine)] + CaseBuilder.topFact(machine, names[0])
        + CaseBuilder.moduleFact(machine, driver.name)
        + (access.address < 0x1_0000 ? [CaseBuilder.nullFact(machine, names[0], access)] : []))
  }
}

extension Scenario {
  /// All scenarios, in a fixed order.
  public static let all: [Scenario] = network + sessions + pool + unknownDrivers
}
