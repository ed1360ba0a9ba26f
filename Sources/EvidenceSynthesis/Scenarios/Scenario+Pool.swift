import Facts

/// Machines whose nonpaged pool ran out: the shadowing leak (article Q315817), and what looks like it.
extension Scenario {
  static let pool: [Scenario] = [
    Scenario(
      "shadow-leak", "NT 4.0 Terminal Server SP6: STOP 0x41 with tdpipe.sys loaded.", article: "Q315817"
    ) { emptyPool(.terminalServer4, seed: $0, leaking: tdpipe) },
    Scenario(
      "shadow-leak-header", "The same machine's dump as NT 4.0 writes it: no dump type in the header; without pages.",
      article: "Q315817"
    ) { seed in
      var result = emptyPool(.terminalServer4, seed: seed, leaking: tdpipe)
      result.headerOnly = .unwritten
      result.facts = result.facts.filter { $0.kind == .stop }
      return result
    },
    Scenario(
      "shadow-leak-2000",
      "Windows 2000 Server SP2: STOP 0x41 with tdpipe.sys loaded, a system the article does not name.",
      resembles: "Q315817"
    ) { emptyPool(.server2000, seed: $0, leaking: tdpipe) },
    Scenario(
      "other-leak", "NT 4.0 Terminal Server SP6: STOP 0x41, another driver's leak, no tdpipe.sys.", resembles: "Q315817"
    ) { emptyPool(.terminalServer4, seed: $0, leaking: [DriverTemplate("leakflt.sys", 0x8000, 0x3A11_2233)]) },
  ]

  /// The transport drivers of the article, older than its files of January 2002.
  static let tdpipe = [
    DriverTemplate("tdpipe.sys", 0x3000, 0x3890_1E00), DriverTemplate("tdtcp.sys", 0x5000, 0x3890_1E20),
    DriverTemplate("tdasync.sys", 0x4000, 0x3890_1E40),
  ]

  /// A machine that stopped because its nonpaged pool was empty, and what it was built with.
  static func emptyPoolMachine(
    _ profile: SystemProfile, seed: UInt64, leaking: [DriverTemplate]
  ) -> (SynthesizedMachine, CaseBuilder) {
    var builder = CaseBuilder(profile, seed: seed, drivers: leaking)
    let victim = builder.random.pick([
      "srv!SrvAllocateNonPagedPool", "afd!AfdAllocateBuffer", "Npfs!NpAddDataQueueEntry",
    ])
    let names = [victim ?? "srv!SrvAllocateNonPagedPool", "nt!IofCallDriver", "nt!NtFsControlFile"]
    let frames = names.map { builder.frame($0, words: 6 + builder.random.index(below: 8)) }
    // Parameters: size asked for, pages of nonpaged pool in use, requests larger than a page, pages available.
    var machine = builder.machine(
      .raised(StopCode(0x41), by: "nt!ExAllocatePoolWithTag"), access: Access(address: 0), in: frames,
      parameters: [
        0x40 + 8 * builder.random.below(0x40), 0x1E00 + builder.random.below(0x80), builder.random.below(4), 0,
      ])
    machine.process = builder.process("System", id: 2, session: nil)
    machine.upTime = (20 + builder.random.below(20)) * 86_400 * 10_000_000
    if profile.version.build < 2195 { machine.unloadedModules = [] }
    return (machine, builder)
  }

  private static func emptyPool(
    _ profile: SystemProfile, seed: UInt64, leaking: [DriverTemplate]
  ) -> SynthesizedCase {
    var (machine, builder) = emptyPoolMachine(profile, seed: seed, leaking: leaking)
    var result = identified(
      &builder, machine,
      facts: [CaseBuilder.stopFact(machine)] + leaking.prefix(1).flatMap { CaseBuilder.moduleFact(machine, $0.name) },
      notes: ["No structure offsets of this kernel are public: the dump has no process, thread and processor copies."])
    if profile.version.build < 2195 {
      result.notes.append("No NT 4.0 writes triage dumps: the shape is that of Windows 2000.")
    }
    return result
  }
}
