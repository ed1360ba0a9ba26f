import Facts

/// Stops in the memory manager of terminal servers (Windows Server 2008): the session image race, and what looks like it.
extension Scenario {
  static let sessions: [Scenario] = [
    Scenario(
      "session-race-x86",
      "Server 2008 (x86) terminal server: a session's image look-up yields NULL in the memory manager.",
      article: "FL-0001"
    ) { race(.server2008x86, seed: $0, shapes: [.unhandledException, .pageFault]) },
    Scenario(
      "session-race-x64",
      "Server 2008 (x64) terminal server: a session's image look-up yields NULL in the memory manager.",
      article: "FL-0001"
    ) { race(.server2008x64, seed: $0, shapes: [.systemThreadException, .pageFault]) },
    Scenario(
      "win32k-stop", "0x50 in win32k.sys on a terminal server that has viphook.dll loaded.", resembles: "FL-0001"
    ) { seed in
      var builder = CaseBuilder(.server2008x86, seed: seed, drivers: [viphook])
      let names = ["win32k!GreDeleteObject", "win32k!NtGdiDeleteObjectApp", "nt!KiFastCallEntry"]
      let frames = names.map { builder.frame($0, words: 8) }
      var machine = builder.machine(.pageFault, access: Access(address: 0xFE7A_3010), in: frames)
      machine.process = builder.process("explorer.exe", id: 0xB3C, session: 2)
      return identified(
        &builder, machine,
        facts: [CaseBuilder.stopFact(machine)] + CaseBuilder.topFact(machine, names[0])
          + CaseBuilder.moduleFact(machine, "viphook.dll"))
    },
  ]

  private static let viphook = DriverTemplate(
    "viphook.dll", 0x1A000, 0x47D0_3300, isSessionImage: true, path: "\\SystemRoot\\System32\\viphook.dll")

  private static func race(_ profile: SystemProfile, seed: UInt64, shapes: [StopShape]) -> SynthesizedCase {
    var builder = CaseBuilder(profile, seed: seed, drivers: [viphook])
    let shape = shapes[builder.random.index(below: shapes.count)]
    let top = "nt!MiSessionLookupImage"
    let names = [
      top, "nt!MmLoadSystemImage", "nt!NtSetSystemInformation",
      profile.isWide ? "nt!KiSystemServiceCopyEnd" : "nt!KiFastCallEntry",
    ]
    let frames = names.map { builder.frame($0, words: 6 + builder.random.index(below: 12)) }
    let access = Access(address: [0x10, 0x14, 0x18, 0x1C][builder.random.index(below: 4)])
    let session = UInt32(1 + builder.random.below(40))
    var machine = builder.machine(shape, access: access, in: frames)
    machine.processors = max(2, machine.processors)
    machine.process = builder.process("csrss.exe", id: 0x400 + 4 * builder.random.below(0x300), session: session)
    machine.upTime = (8 * 3600 + builder.random.below(3600)) * 10_000_000
    return identified(
      &builder, machine,
      facts: [
        CaseBuilder.stopFact(machine), CaseBuilder.nullFact(machine, top, access),
      ] + CaseBuilder.topFact(machine, top) + CaseBuilder.moduleFact(machine, "viphook.dll"),
      notes: [
        "A triage dump holds one thread: the other session's thread in the removal path cannot be in it.",
        "The first bytes of the session's MM_SESSION_SPACE are added; real triage dumps lack them.",
      ])
  }
}
