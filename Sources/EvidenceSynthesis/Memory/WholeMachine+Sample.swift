import Facts

extension WholeMachine {
  /// A machine of one kernel whose drivers, processes, addresses, times and stop the seed decides.
  public static func sample(
    _ kernel: SynthesizedKernel, paging: SynthesizedPaging? = nil, memoryBytes: UInt64 = 16 << 20, seed: UInt64
  ) -> WholeMachine {
    var random = SplitMix64(seed: seed)
    let wide = kernel.architecture != .x86
    let modules = modules(kernel, wide: wide, &random)
    let driver = modules[2 + random.index(below: modules.count - 2)]
    let stackBase: UInt64 =
      (wide ? 0xFFFF_F880_0300_0000 : 0xF770_0000) + 0x8000 * random.below(0x40)
    let kernelBase = modules[0].base
    let stop = kernelBase + UInt64(kernel.symbols["KeBugCheckEx"] ?? 0x2_1120)
    func locals() -> [UInt8] { [UInt8](repeating: 0, count: 16 * (1 + random.index(below: 6))) }
    let stack = SynthesizedStack(
      frames: [
        SynthesizedFrame("nt!KeBugCheckEx", at: stop, isAtEntry: wide),
        SynthesizedFrame(
          driver.name, at: driver.base + 0x1000 + random.below(UInt64(driver.size) - 0x1000), locals: locals()),
        SynthesizedFrame(
          "nt!ExpWorkerThread", at: kernelBase + UInt64(kernel.symbols["ExpWorkerThread"] ?? 0x3_3000) + 0x111,
          locals: locals()),
      ], architecture: kernel.architecture, base: stackBase)
    let registers: RegisterContext
    switch kernel.architecture {
    case .x86:
      registers = .x86(
        X86Registers(
          ebp: UInt32(truncatingIfNeeded: stack.framePointers[0]),
          esp: UInt32(truncatingIfNeeded: stack.stackPointers[0]), eip: UInt32(truncatingIfNeeded: stop)))
    case .arm64:
      registers = .arm64(ARM64Registers(fp: stack.framePointers[0], sp: stack.stackPointers[0], pc: stop))
    default:
      registers = .x64(X64Registers(rcx: 0xD1, rsp: stack.stackPointers[0], rbp: random.next() >> 20, rip: stop))
    }
    // Between the years 2010 and 2020.
    let time = 129_067_776_000_000_000 + random.below(3_150_000_000_000_000)
    var machine = SynthesizedMachine(
      architecture: kernel.architecture, version: kernel.version,
      productType: random.pick([.workstation, .server]) ?? .server,
      processors: 1 + UInt32(random.below(8)), systemTime: time, upTime: random.below(1 << 43), modules: modules,
      stop: SynthesizedStop(
        StopCode(0xD1), [0x20 + random.below(0x100), 2, 0, driver.base + 0x1000 + random.below(0x800)]),
      registers: registers, stack: stack, layout: synthesisLayout(kernel))
    machine.unloadedModules = (0..<random.index(below: 8)).map { index in
      let start = (wide ? 0xFFFF_F880_0900_0000 : 0xF900_0000) + 0x2_0000 * UInt64(index)
      return SynthesizedUnloadedModule(
        name: word(&random) + ".sys", start: start, end: start + 0x1000 * (1 + random.below(16)))
    }
    let processes = processes(time, &random)
    machine.process = processes[random.index(below: processes.count)]
    var whole = WholeMachine(
      machine, kernel: kernel, paging: paging, processes: processes, memoryBytes: memoryBytes, seed: seed)
    whole.machine.layout = machine.layout
    return whole
  }

  /// Offsets in the debugger data block, where they were taken down for the build; others leave them zero.
  private static func synthesisLayout(_ kernel: SynthesizedKernel) -> SynthesisLayout? {
    // No offsets of the first release of Server 2003 were taken down.
    if kernel.version.build == 3790, kernel.version.servicePack == 0 { return nil }
    return switch (kernel.version.build, kernel.architecture) {
    case (2600, .x86): .xpSP3x86
    case (3790, .x86): .server2003SP2x86
    case (6001, .x86): .vistaSP1x86
    case (6001, .x64): .vistaSP1x64
    case (7601, .x64): .windows7SP1x64
    case (19041, .x64): .windows10x64
    default: nil
    }
  }

  private static let drivers = [
    "tcpip.sys", "NETIO.SYS", "ndis.sys", "Ntfs.sys", "volsnap.sys", "fltmgr.sys", "disk.sys", "CLASSPNP.SYS",
    "partmgr.sys", "storport.sys", "afd.sys", "netbt.sys", "rdbss.sys", "mup.sys", "http.sys", "srv.sys", "null.sys",
    "usbport.sys", "usbhub.sys", "dxgkrnl.sys", "watchdog.sys", "msrpc.sys", "cng.sys", "ksecdd.sys", "acpi.sys",
  ]

  private static func word(_ random: inout SplitMix64) -> String {
    let letters = Array("abcdefghiklmnoprstuvwz")
    return String((0..<(3 + random.index(below: 6))).map { _ in letters[random.index(below: letters.count)] })
  }

  private static func modules(
    _ kernel: SynthesizedKernel, wide: Bool, _ random: inout SplitMix64
  ) -> [SynthesizedModule] {
    // On x64 at any 4 KB since Windows 7 (seen in real dumps); on x86 near 0x804D7000.
    var next: UInt64 = wide ? 0xFFFF_F800_0280_0000 + 0x1000 * random.below(0x800) : 0x804D_7000
    func module(_ name: String, _ path: String, pages: UInt64) -> SynthesizedModule {
      let base = next
      next += 0x1000 * (pages + 1 + random.below(64))
      return SynthesizedModule(
        name: name, path: path, base: base, size: UInt32(pages * 0x1000),
        timestamp: 1_200_000_000 + UInt32(random.below(60_000_000)), checksum: UInt32(random.below(1 << 22)),
        entryPoint: base + 0x1000 + random.below(0x1000))
    }
    let image = kernel.symbols.values.max().map { UInt64($0) / 0x1000 + 0x20 } ?? 0x215
    var result = [
      module("ntoskrnl.exe", "\\SystemRoot\\system32\\ntoskrnl.exe", pages: max(0x215, image)),
      module("hal.dll", "\\SystemRoot\\system32\\hal.dll", pages: 0x49),
    ]
    var names = random.shuffled(drivers).prefix(6 + random.index(below: drivers.count - 6)).map { $0 }
    for _ in 0..<(2 + random.index(below: 4)) { names.append(word(&random) + ".sys") }
    for name in random.shuffled(names) {
      result.append(module(name, "\\SystemRoot\\System32\\drivers\\" + name, pages: 4 + random.below(0x60)))
    }
    return result
  }

  private static func processes(_ time: UInt64, _ random: inout SplitMix64) -> [SynthesizedProcess] {
    var result = [SynthesizedProcess(name: "System", id: 4, parentID: 0, address: 0, threads: 80)]
    var id: UInt64 = 0x100
    func add(_ name: String, parent: UInt64, session: UInt32?) {
      id += 4 * (1 + random.below(40))
      result.append(
        SynthesizedProcess(
          name: name, id: id, parentID: parent, session: session, address: 0,
          peb: 0x7FF0_0000 + 0x1000 * random.below(0x8000),
          created: time - 36_000_000_000 + UInt64(result.count) * 10_000_000 + random.below(9_000_000),
          threads: 1 + UInt32(random.below(60))))
    }
    add("smss.exe", parent: 4, session: nil)
    let smss = id
    for session in 0..<(1 + UInt32(random.below(3))) {
      add("csrss.exe", parent: smss, session: session)
      add(session == 0 ? "wininit.exe" : "winlogon.exe", parent: smss, session: session)
    }
    let parent = id
    for _ in 0..<(3 + random.index(below: 12)) {
      add(
        random.pick(["svchost.exe", "lsass.exe", "services.exe", "spoolsv.exe", word(&random) + ".exe"]) ?? "a.exe",
        parent: parent, session: UInt32(random.below(2)))
    }
    return result
  }
}
