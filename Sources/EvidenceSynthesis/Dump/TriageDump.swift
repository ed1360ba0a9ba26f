import Facts

/// A triage dump ("small memory dump", type 4) of a described machine.
///
/// The parts stand in the order that 10.0.19041 writes: header, TRIAGE_DUMP, memory-manager data, unloaded drivers, PRCB,
/// EPROCESS, ETHREAD, call stack, debugger data, driver list, string pool, table of data blocks, data blocks, `TRGD`.
/// See Documentation/Formats/triage-dump.md.
public struct TriageDump: Sendable {
  public var machine: SynthesizedMachine
  public var damage: TriageDamage
  /// IMAGE_FILE_HEADER.Machine; nil: that of the machine's architecture.
  public var machineType: UInt32?
  /// Names in the string pool: file names, or full paths as in two of the three real dumps.
  public var namesArePaths = false
  /// Systems before Vista write small memory dumps of 64 KiB (x86) and 128 KiB (x64) whatever they hold (Microsoft,
  /// "Overview of memory dump file options").
  public var padsToFixedSize = true

  public init(_ machine: SynthesizedMachine, damage: TriageDamage = TriageDamage()) {
    self.machine = machine
    self.damage = damage
  }

  /// The file.
  public func encoded() -> [UInt8] {
    let width = machine.pointerWidth
    let headerSize = DumpHeader.size(pointerWidth: width)
    var options = HeaderOptions(type: .triage, machineType: machineType)
    options.miniDumpFields = fields
    var file = DumpHeader.encoded(machine, options)
    var triage = TriageFields(pointerWidth: width)
    file.grow(to: headerSize + triage.size)
    triage.servicePackBuild = damage.omitsServicePack ? 0 : machine.version.servicePack
    triage.contextOffset = width == 4 ? 0x320 : 0x348
    triage.exceptionOffset = width == 4 ? 0x7D0 : 0xF00
    triage.mmOffset = append(TriageParts.memoryManagerData(pointerWidth: width), to: &file)
    triage.unloadedDriversOffset = append(
      TriageParts.unloadedDrivers(machine, statedCount: damage.unloadedCount), to: &file)
    if let layout = machine.layout {
      triage.prcbOffset = append(TriageParts.processor(machine, layout.prcb), to: &file)
      triage.processOffset = append(TriageParts.process(machine, layout.process), to: &file)
      triage.threadOffset = append(TriageParts.thread(machine, layout.thread), to: &file)
    }
    appendStack(to: &file, &triage)
    if !damage.omitsDebuggerData {
      let block = DebuggerDataBlock.encoded(machine)
      triage.debuggerDataOffset = append(block, to: &file)
      triage.debuggerDataSize = UInt32(truncatingIfNeeded: block.count)
    }
    appendDrivers(to: &file, &triage)
    appendBlocks(to: &file, &triage)
    finish(&file, &triage, headerSize: headerSize)
    return file.bytes
  }

  /// TRIAGE_DUMP_* bits of MiniDumpFields: basic information 0xFF, memory manager 0x100, debugger data 0x400, data
  /// blocks 0x800. A real dump of 10.0.19041 states 0xDFF.
  private var fields: UInt32 {
    var value: UInt32 = 0xDFF
    if damage.omitsDebuggerData { value &= ~0x400 }
    if damage.omitsStack { value &= ~0x20 }
    if damage.omitsDrivers { value &= ~0x40 }
    if machine.layout == nil { value &= ~0x1C }
    if blocks.isEmpty { value &= ~0x800 }
    return value
  }

  /// Appends at the next multiple of 8 and tells where.
  private func append(_ part: [UInt8], to file: inout ByteBuilder) -> UInt32 {
    let offset = UInt32(truncatingIfNeeded: file.align(to: 8))
    file.append(part)
    return offset
  }

  private func appendStack(to file: inout ByteBuilder, _ triage: inout TriageFields) {
    guard !damage.omitsStack, !machine.stack.bytes.isEmpty else { return }
    triage.callStackOffset = append(machine.stack.bytes, to: &file)
    triage.sizeOfCallStack = damage.stackSize ?? UInt32(truncatingIfNeeded: machine.stack.bytes.count)
    triage.topOfStack = machine.stack.top
  }

  private func appendDrivers(to file: inout ByteBuilder, _ triage: inout TriageFields) {
    guard !damage.omitsDrivers, !machine.modules.isEmpty else { return }
    var modules = machine.modules
    if damage.duplicatesDrivers { modules += machine.modules }
    let list = file.align(to: 8)
    let stride = TriageParts.driverEntrySize(pointerWidth: machine.pointerWidth)
    file.grow(to: list + stride * modules.count)
    let pool = file.align(to: 8)
    for (index, module) in modules.enumerated() {
      let name = TriageParts.string(namesArePaths ? module.path : module.name)
      let place = append(name, to: &file)
      file.put(
        TriageParts.driverEntry(module, nameOffset: place, pointerWidth: machine.pointerWidth),
        at: list + stride * index)
      if index == 0, let length = damage.nameLength { file.put(length, at: Int(place)) }
    }
    file.align(to: 8)
    triage.driverListOffset = UInt32(truncatingIfNeeded: list)
    triage.driverCount = damage.driverCount ?? UInt32(truncatingIfNeeded: modules.count)
    triage.stringPoolOffset = UInt32(truncatingIfNeeded: pool)
    triage.stringPoolSize = UInt32(truncatingIfNeeded: file.count - pool)
  }

  /// The machine's extra memory, and what its other values imply: the build string and the session's number.
  private var blocks: [SynthesizedMemory] { machine.memory + TriageParts.impliedMemory(machine) }

  private func appendBlocks(to file: inout ByteBuilder, _ triage: inout TriageFields) {
    let blocks = self.blocks
    let width = machine.pointerWidth
    let entry = width + 8
    let table = file.align(to: 8)
    triage.dataBlocksOffset = UInt32(truncatingIfNeeded: blocks.isEmpty ? 0 : table)
    triage.dataBlocksCount = damage.dataBlockCount ?? UInt32(truncatingIfNeeded: blocks.count)
    file.grow(to: table + entry * blocks.count)
    for (index, block) in blocks.enumerated() {
      let place = file.align(to: 4)
      file.append(block.bytes)
      file.putPointer(block.address, width: width, at: table + entry * index)
      file.put(UInt32(truncatingIfNeeded: place), at: table + entry * index + width)
      file.put(UInt32(truncatingIfNeeded: block.bytes.count), at: table + entry * index + width + 4)
    }
  }

  private func finish(_ file: inout ByteBuilder, _ triage: inout TriageFields, headerSize: Int) {
    file.align(to: 4)
    let fixed = machine.pointerWidth == 4 ? 0x1_0000 : 0x2_0000
    if padsToFixedSize, machine.version.build < 6000, file.count + 4 < fixed { file.grow(to: fixed - 4) }
    triage.validOffset = UInt32(truncatingIfNeeded: file.count)
    file.append(Array((damage.isUnfinished ? "PAGE" : "TRGD").utf8))
    triage.sizeOfDump = UInt32(truncatingIfNeeded: file.count)
    file.put(triage.encoded(), at: headerSize)
    file.put(UInt64(file.count), at: 0xFA0)
    if let end = damage.truncatedAt { file.truncate(to: end) }
  }
}
