import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing

/// Field by field: what the reader says against what the machine was described as, over every scenario and several seeds.
@Suite struct AgreementTests {
  static let cases: [(String, UInt64)] = Scenario.all.flatMap { scenario in
    DescribedMachines.seeds.map { (scenario.id, $0) }
  }

  private func read(_ id: String, _ seed: UInt64) throws -> (SynthesizedCase, CrashDump) {
    let made = try #require(Scenario.named(id)).callAsFunction(seed: seed)
    return (made, try DescribedMachines.read(made.dump()))
  }

  @Test(arguments: cases)
  func header(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    try expectHeader(dump, of: made.machine)
    #expect(dump.problems.isEmpty)
  }

  @Test func headerOfARM64() throws {
    let machine = DescribedMachines.arm64
    let dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine).encoded())
    try expectHeader(dump, of: machine)
    try expectTriage(dump, of: machine)
  }

  private func expectHeader(_ dump: CrashDump, of machine: SynthesizedMachine) throws {
    let (header, kernel) = (dump.header, KernelAddresses(machine))
    #expect(header.is64Bit == (machine.pointerWidth == 8))
    #expect(header.majorVersion == 15)
    #expect(header.build == machine.version.build)
    #expect(header.architecture == machine.architecture)
    #expect(header.processors == machine.processors)
    #expect(header.directoryTableBase.rawValue == machine.directoryTableBase)
    #expect(header.pfnDatabase.rawValue == kernel.address(of: "MmPfnDatabase"))
    #expect(header.psLoadedModuleList.rawValue == kernel.address(of: "PsLoadedModuleList"))
    #expect(header.psActiveProcessHead.rawValue == kernel.address(of: "PsActiveProcessHead"))
    #expect(header.kdDebuggerDataBlock?.rawValue == kernel.address(of: "KdDebuggerDataBlock"))
    #expect(header.bugcheck == machine.stop.code)
    let mask: UInt64 = machine.pointerWidth == 4 ? 0xFFFF_FFFF : .max
    #expect(header.parameters == machine.stop.parameters.map { $0 & mask })
    #expect(header.paeEnabled == (machine.pointerWidth == 4 ? machine.paeEnabled : nil))
    #expect(header.productType == machine.productType.rawValue)
    #expect(header.suiteMask == machine.suiteMask)
    #expect(header.systemTime?.rawValue == machine.systemTime)
    #expect(header.upTime == machine.upTime)
    #expect(header.comment == machine.comment)
    #expect(header.writerStatus == 0)
    #expect(header.secondaryDataState == 0)
    #expect(header.physicalRuns.isEmpty)
    // The record in a header is a placeholder: a breakpoint in KeBugCheckEx.
    #expect(header.exception?.code == .breakpoint)
    #expect(header.exception?.address.rawValue == kernel.address(of: "KeBugCheckEx"))
    #expect(header.exception?.parameters.isEmpty == true)
    try expect(try #require(dump.context), machine.registers)
  }

  private func expect(
    _ found: CrashDumpFormat.RegisterContext, _ described: EvidenceSynthesis.RegisterContext
  ) throws {
    #expect(found.instructionPointer == described.instructionPointer)
    #expect(found.stackPointer == described.stackPointer)
    switch described {
    case .x86(let r):
      #expect(found.general == [r.eax, r.ecx, r.edx, r.ebx, r.esp, r.ebp, r.esi, r.edi].map(UInt64.init))
      #expect(found.framePointer == UInt64(r.ebp))
      #expect(found.flags == r.eflags)
    case .x64(let r):
      #expect(
        found.general
          == [
            r.rax, r.rcx, r.rdx, r.rbx, r.rsp, r.rbp, r.rsi, r.rdi, r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14,
            r.r15,
          ])
      #expect(found.framePointer == r.rbp)
      #expect(found.flags == r.eflags)
    case .arm64(let r):
      #expect(found.general == r.x)
      #expect(found.framePointer == r.fp)
      #expect(found.linkRegister == r.lr)
      #expect(found.flags == r.cpsr)
    }
  }

  @Test(arguments: cases)
  func triage(id: String, seed: UInt64) throws {
    let (made, dump) = try read(id, seed)
    guard made.headerOnly == nil else {
      #expect(dump.triage == nil)
      return
    }
    try expectTriage(dump, of: made.machine)
  }

  private func expectTriage(_ dump: CrashDump, of machine: SynthesizedMachine) throws {
    let triage = try #require(dump.triage)
    #expect(triage.servicePackBuild == machine.version.servicePack)
    #expect(triage.driversAreComplete)
    #expect(triage.drivers.map(\.name) == machine.modules.map(\.name))
    #expect(triage.drivers.map(\.base.rawValue) == machine.modules.map(\.base))
    #expect(triage.drivers.map(\.size) == machine.modules.map(\.size))
    #expect(triage.drivers.map(\.timestamp) == machine.modules.map(\.timestamp))
    #expect(triage.drivers.map(\.checksum) == machine.modules.map(\.checksum))
    #expect(triage.drivers.map(\.entryPoint.rawValue) == machine.modules.map(\.entryPoint))
    #expect(triage.unloadedDrivers.map(\.name) == machine.unloadedModules.map { String($0.name.prefix(12)) })
    #expect(triage.unloadedDrivers.map(\.start.rawValue) == machine.unloadedModules.map(\.start))
    #expect(triage.unloadedDrivers.map(\.end.rawValue) == machine.unloadedModules.map(\.end))
    #expect(triage.topOfStack.rawValue == machine.stack.top)
    #expect(triage.callStack?.count == machine.stack.bytes.count)
    #expect(triage.brokenDriver == nil)
    #expect(triage.secondaryData.isEmpty)
    let stack = triage.memory.bytes(at: VirtualAddress(machine.stack.top), count: machine.stack.bytes.count)
    #expect(stack == machine.stack.bytes)
    for block in machine.memory {
      #expect(triage.memory.bytes(at: VirtualAddress(block.address), count: block.bytes.count) == block.bytes)
    }
    if let lab = machine.version.buildLab {
      let address = KernelAddresses(machine).address(of: "NtBuildLab")
      #expect(triage.memory.bytes(at: VirtualAddress(address), count: lab.utf8.count) == Array(lab.utf8))
    }
    try expectDebuggerData(try #require(triage.debuggerData), of: machine)
    if let layout = machine.layout {
      #expect(triage.prcb?.count == layout.prcb.size)
      #expect(triage.process?.count == layout.process.size)
      #expect(triage.thread?.count == layout.thread.size)
    } else {
      #expect(triage.prcb == nil && triage.process == nil && triage.thread == nil)
    }
  }

  private func expectDebuggerData(_ data: DebuggerData, of machine: SynthesizedMachine) throws {
    let kernel = KernelAddresses(machine)
    #expect(data.size == machine.debuggerDataSize)
    #expect(data[.kernBase]?.rawValue == machine.kernelBase)
    for (field, symbol) in [
      (.psLoadedModuleList, "PsLoadedModuleList"), (.psActiveProcessHead, "PsActiveProcessHead"),
      (.pspCidTable, "PspCidTable"), (.expSystemResourcesList, "ExpSystemResourcesList"),
      (.mmPfnDatabase, "MmPfnDatabase"), (.poolTrackTable, "PoolTrackTable"),
      (.mmSystemRangeStart, "MmSystemRangeStart"), (.ntBuildLab, "NtBuildLab"), (.kiProcessorBlock, "KiProcessorBlock"),
      (.mmUnloadedDrivers, "MmUnloadedDrivers"), (.mmLastUnloadedDriver, "MmLastUnloadedDriver"),
      (.cmNtCSDVersion, "CmNtCSDVersion"),
    ] as [(DebuggerData.Field, String)] {
      // The block of an older system ends before the newer fields.
      let isThere = field.rawValue + 8 <= machine.debuggerDataSize
      #expect(data[field]?.rawValue == (isThere ? kernel.address(of: symbol) : nil), "\(symbol)")
    }
    guard let layout = machine.layout else { return }
    for (offset, value) in [
      (.eprocessSize, layout.process.size), (.prcbSize, layout.prcb.size), (.ethreadSize, layout.thread.size),
      (.prcbCurrentThread, layout.prcb.currentThread), (.threadApcProcess, layout.thread.apcProcess),
      (.threadInitialStack, layout.thread.initialStack),
    ] as [(DebuggerData.StructureOffset, Int)] {
      #expect(data[offset] == value, "\(offset)")
    }
  }

  /// Names in the string pool are file names as kernels write them, or paths as debuggers do.
  @Test func namesWithPaths() throws {
    for (id, machine) in DescribedMachines.triage {
      var writer = EvidenceSynthesis.TriageDump(machine)
      writer.namesArePaths = true
      let drivers = try DescribedMachines.read(writer.encoded()).triage?.drivers ?? []
      #expect(drivers.map(\.path) == machine.modules.map(\.path), "\(id)")
      #expect(drivers.map(\.name) == machine.modules.map { String($0.path.split(separator: "\\").last ?? "") }, "\(id)")
    }
  }
}
