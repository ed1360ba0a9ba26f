/// The copies of kernel structures in a triage dump. Offsets come with the machine, as `SynthesisLayout`.
extension TriageParts {
  static func processor(_ machine: SynthesizedMachine, _ layout: SynthesisLayout.Processor) -> [UInt8] {
    let width = machine.pointerWidth
    var out = ByteBuilder(zeros: layout.size)
    let thread = machine.thread?.address ?? 0
    out.putPointer(thread, width: width, at: layout.currentThread)
    out.putPointer(thread &+ 0x1_0000, width: width, at: layout.idleThread)
    out.put(UInt8(6), at: layout.cpuType)
    out.put(UInt32(2394), at: layout.mhz)
    out.put(Array("GenuineIntel".utf8), at: layout.vendorString)
    out.put((machine.processorRegisters ?? machine.registers).encoded(), at: layout.contextFrame)
    out.truncate(to: layout.size)
    return out.bytes
  }

  static func process(_ machine: SynthesizedMachine, _ layout: SynthesisLayout.Process) -> [UInt8] {
    let width = machine.pointerWidth
    var out = ByteBuilder(zeros: layout.size)
    guard let process = machine.process else { return out.bytes }
    // A dispatcher header: type 3 (process), size in words.
    out.put(3 as UInt8, at: 0)
    out.putPointer(machine.directoryTableBase, width: width, at: layout.directoryTableBase)
    out.putPointer(process.id, width: width, at: layout.uniqueProcessId)
    let head = KernelAddresses(machine).address(of: "PsActiveProcessHead")
    out.putPointer(head, width: width, at: layout.activeProcessLinks)
    out.putPointer(head, width: width, at: layout.activeProcessLinks + width)
    out.putPointer(process.parentID, width: width, at: layout.inheritedFrom)
    out.putPointer(process.session == nil ? 0 : process.sessionSpace, width: width, at: layout.session)
    // The kernel's copy keeps a zero within the field: 10.0.19041 has `notmyfault64.e` in 15 bytes.
    out.put(Array(process.name.utf8.prefix(layout.imageFileNameSize - 1)), at: layout.imageFileName)
    out.putPointer(process.peb, width: width, at: layout.peb)
    return out.bytes
  }

  static func thread(_ machine: SynthesizedMachine, _ layout: SynthesisLayout.Thread) -> [UInt8] {
    let width = machine.pointerWidth
    var out = ByteBuilder(zeros: layout.size)
    guard let thread = machine.thread else { return out.bytes }
    // A dispatcher header: type 6 (thread).
    out.put(6 as UInt8, at: 0)
    for (offset, value) in [
      (layout.initialStack, machine.stack.base), (layout.stackBase, machine.stack.base),
      (layout.stackLimit, machine.stack.limit), (layout.kernelStack, machine.stack.top), (layout.teb, thread.teb),
      (layout.apcProcess, machine.process?.address ?? 0), (layout.cid, machine.process?.id ?? 0),
      (layout.cid + width, thread.id), (layout.startAddress, thread.startAddress),
      (layout.win32StartAddress, thread.startAddress),
    ] { out.putPointer(value, width: width, at: offset) }
    // KTHREAD_STATE: 2 is running.
    out.put(2 as UInt8, at: layout.state)
    return out.bytes
  }
}
