import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import KernelLayouts
import Symbols
import TestSupport
import Testing
import WindowsKernel

/// Whole machines: what was described is read again from every container, and damage takes nothing but what it hit.
@Suite struct WholeMachineTests {
  static let kernels = (SynthesizedKernel.named + SynthesizedKernel.unnamed).map(\.name)

  private func whole(_ name: String, seed: UInt64, paging: SynthesizedPaging? = nil) throws -> WholeMachine {
    WholeMachine.sample(
      try #require(SynthesizedKernel.find(name)), paging: paging, memoryBytes: 8 << 20, seed: seed)
  }

  private func read(_ bytes: [UInt8]) throws -> KernelDump {
    let file = MappedFile(bytes: bytes, path: "whole.dmp")
    if CrashDump.matches(firstBytes: file.bytes) { return KernelDump(try CrashDump(parsing: file)) }
    if ElfCore.matches(firstBytes: file.bytes) {
      var problems: [ReadError] = []
      let (memory, _, container) = try ElfCore.read(file, problems: &problems)
      return KernelDump(try KernelSearch.dump(memory, container: container, problems: problems))
    }
    return KernelDump(try KernelSearch.dump(.raw(file), container: .raw))
  }

  private func expect(_ dump: KernelDump, _ machine: SynthesizedMachine, _ whole: WholeMachine, _ note: String) {
    #expect(dump.modules.modules.map(\.name) == machine.modules.map(\.name), "\(note)")
    #expect(dump.modules.modules.map(\.path) == machine.modules.map(\.path), "\(note)")
    #expect(dump.modules.modules.map { $0.base?.rawValue } == machine.modules.map(\.base), "\(note)")
    #expect(dump.modules.modules.map(\.size) == machine.modules.map { UInt64($0.size) }, "\(note)")
    #expect(dump.modules.modules.map(\.timestamp) == machine.modules.map(\.timestamp), "\(note)")
    #expect(dump.modules.modules.map(\.checksum) == machine.modules.map(\.checksum), "\(note)")
    #expect(dump.modulesAreComplete, "\(note)")
    #expect(dump.modules.kernel?.image?.debugIdentity?.guid == whole.kernel.pdbGUID, "\(note)")
    #expect(dump.unloadedModules.map(\.name) == machine.unloadedModules.map(\.name), "\(note)")
    #expect(dump.servicePack?.number == UInt8(whole.kernel.version.servicePack >> 8), "\(note)")
    #expect(dump.process?.name == machine.process.map { String($0.name.prefix(14)) }, "\(note)")
    #expect(dump.process?.id == machine.process?.id, "\(note)")
    #expect(dump.header.build == whole.kernel.version.build, "\(note)")
    #expect(dump.header.bugcheck == machine.stop.code, "\(note)")
    #expect(dump.header.parameters == machine.stop.parameters, "\(note)")
    let (list, missing) = dump.processes()
    #expect(missing.isEmpty, "\(note)")
    #expect(list?.isWhole == true, "\(note)")
    let rows = list?.processes ?? []
    #expect(rows.map(\.name) == whole.processes.map { String($0.name.prefix(14)) }, "\(note)")
    #expect(rows.map(\.id) == whole.processes.map(\.id), "\(note)")
    #expect(rows.map(\.parent) == whole.processes.map(\.parentID), "\(note)")
    #expect(rows.map(\.session) == whole.processes.map(\.session), "\(note)")
    #expect(rows.map(\.threads) == whole.processes.map(\.threads), "\(note)")
    #expect(rows.map { $0.created?.rawValue ?? 0 } == whole.processes.map(\.created), "\(note)")
    let frames = dump.stack.map(\.address.rawValue)
    #expect(frames.first == machine.stack.frames.first?.address, "\(note)")
    for frame in machine.stack.frames { #expect(frames.contains(frame.address), "\(note): \(frame.name)") }
  }

  @Test(arguments: kernels, [1, 2, 5] as [UInt32])
  func everyKernel(name: String, type: UInt32) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let whole = try whole(name, seed: seed)
      let writer = MemoryDump(whole, .dump(.init(rawValue: type)))
      let dump = try read(writer.encoded())
      #expect(dump.dump.problems.isEmpty)
      expect(dump, writer.machine, whole, "\(name), type \(type), seed \(seed)")
    }
  }

  @Test(arguments: SynthesizedKernel.named.map(\.name)) func buildIsKnown(name: String) throws {
    let whole = try whole(name, seed: 4)
    let dump = try read(MemoryDump(whole, .dump(.bitmapKernel)).encoded())
    #expect(dump.buildMatch?.isUnique == true)
    #expect(dump.buildMatch?.build.pdbGUID == whole.kernel.pdbGUID)
  }

  /// The header states neither five levels nor, in old ones, PAE: the list of modules decides.
  @Test(arguments: [("19041", SynthesizedPaging.x64FiveLevels), ("3790", .x86), ("3790", .x86PAE), ("2600", .x86)])
  func otherPageTables(name: String, paging: SynthesizedPaging) throws {
    let whole = try whole(name, seed: 6, paging: paging)
    for type in [DumpType.full, .unwritten] {
      let writer = MemoryDump(whole, .dump(.init(rawValue: type.rawValue)))
      var bytes = writer.encoded()
      // An old header: the byte that states PAE was never written.
      if paging == .x86PAE { bytes[0x5C] = 0x50 }
      let dump = try read(bytes)
      expect(dump, writer.machine, whole, "\(paging), \(type)")
    }
  }

  /// No header: page tables, kernel and lists are found by what they look like.
  @Test(arguments: kernels) func rawAndElf(name: String) throws {
    let whole = try whole(name, seed: 8)
    for container in [MemoryDump.Container.raw, .elf] {
      let writer = MemoryDump(whole, container)
      let dump = try read(writer.encoded())
      expect(dump, writer.machine, whole, "\(name), \(container)")
      #expect(dump.header.processors == writer.machine.processors)
      #expect(dump.header.systemTime?.rawValue == writer.machine.systemTime)
    }
  }

  /// Running kernels from Windows 8 on hide the debugger data block; the module list is found all the same, and with
  /// symbols the block as well.
  @Test(arguments: ["9600", "17763", "19041"]) func hiddenDebuggerData(name: String) throws {
    var whole = try whole(name, seed: 12)
    whole.debuggerDataIsPlain = false
    let writer = MemoryDump(whole, .raw)
    let dump = try read(writer.encoded())
    #expect(dump.modules.modules.map(\.name) == writer.machine.modules.map(\.name))
    #expect(dump.header.build == whole.kernel.version.build)
    #expect(dump.space?.debuggerData == nil)
    #expect(dump.missing.contains { $0.what == "debuggerData" })
    #expect(dump.processes().list?.processes.map(\.id) == whole.processes.map(\.id))
    let folder = try TemporaryFolder()
    let table = SynthesizedSymbolTable(
      module: "ntoskrnl.exe", database: whole.kernel.pdbName, guid: whole.kernel.pdbGUID, machineType: 0x8664,
      symbols: whole.kernel.symbols)
    try folder.write(table.relativePath, table.json().utf8)
    let file = MappedFile(bytes: writer.encoded(), path: "hidden.raw")
    let uncovered = KernelDump(
      try KernelSearch.dump(.raw(file), container: .raw), symbols: SymbolFolder(paths: [folder.path]))
    #expect(uncovered.space?.debuggerData?[.kernBase]?.rawValue == writer.machine.kernelBase)
    #expect(uncovered.process?.id == writer.machine.process?.id)
    #expect(uncovered.unloadedModules.map(\.name) == writer.machine.unloadedModules.map(\.name))
  }

  @Test func nothingOfWindows() {
    var random = SplitMix64(seed: 1)
    #expect(throws: ReadError.self) { try self.read(random.bytes(1 << 20)) }
  }

  /// A file cut behind its header still gives what stands before the cut, and says what does not.
  @Test func truncation() throws {
    let whole = try whole("17763", seed: 9)
    let bytes = MemoryDump(whole, .dump(.bitmapFull)).encoded()
    for cut in stride(from: 0x3000, to: bytes.count, by: 0x1_3579) {
      let dump = try read(Array(bytes[..<cut]))
      #expect(dump.header.bugcheck == whole.machine.stop.code)
      #expect(dump.dump.missing.contains { $0.what == "memory" }, "cut at \(cut)")
      if !dump.modulesAreComplete { #expect(dump.missing.contains { $0.what == "modules" }, "cut at \(cut)") }
    }
  }

  /// The seed stands in the message; `Mutator(headBytes:).mutate(bytes, seed:)` makes the same bytes again.
  @Test(.timeLimit(.minutes(5)), arguments: ["7601", "3790"], [1, 2, 5, 8] as [UInt32])
  func mutations(name: String, type: UInt32) throws {
    guard name != "3790" || type < 8 else { return }
    let whole = try whole(name, seed: 10)
    let bytes = MemoryDump(whole, .dump(.init(rawValue: type))).encoded()
    for seed in 0..<40 as Range<UInt64> {
      let damaged = Mutator(changes: 1...40, headBytes: bytes.count / 2).mutate(bytes, seed: seed)
      guard let dump = try? read(damaged) else { continue }
      #expect(dump.stack.count <= StackWalker.maximumFrames, "seed \(seed)")
      #expect(dump.modules.entries.count <= LoadedModuleList.maximumModules, "seed \(seed)")
      _ = dump.processes()
    }
  }

  /// Lists that lead in circles, leave the dump or never come back.
  @Test func brokenLists() throws {
    var whole = try whole("7601", seed: 11)
    let entry = MemoryDump(whole, .dump(.full))
    let dump = try read(entry.encoded())
    let space = try #require(dump.space)
    let entries = space.list(head: space.psLoadedModuleList, limit: 4096).entries
    let middle = entries[entries.count / 2]
    func pointing(to target: UInt64) -> SynthesizedMemory {
      SynthesizedMemory(address: middle, bytes: (0..<8).map { UInt8(truncatingIfNeeded: target >> UInt64(8 * $0)) })
    }
    for target in [middle, entries[0], 0, 0xFFFF_FA7F_0000_0000, 0x1234] {
      whole.contents = [pointing(to: target)]
      let broken = try read(MemoryDump(whole, .dump(.full)).encoded())
      #expect(!broken.modulesAreComplete)
      // From the other end the rest is found as well.
      #expect(broken.modules.entries.count == entries.count, "\(target)")
      #expect(broken.missing.contains { $0.what == "modules" })
    }
  }
}
