import Facts
import KernelLayouts

/// Processes, the current thread and the processor's control block, where the build's layout puts their fields.
extension KernelWriter {
  private func offset(_ type: String, _ field: String) -> UInt64? { layout?.offset(type, field).map { UInt64($0) } }

  private mutating func putPointer(_ value: UInt64, _ type: String, _ field: String, in address: UInt64) {
    if let place = offset(type, field) { putPointer(value, at: address + place) }
  }

  /// Every EPROCESS, linked from PsActiveProcessHead; the addresses as they then are.
  mutating func processes() -> [SynthesizedProcess] {
    guard let layout, let links = layout.offset("_EPROCESS", "ActiveProcessLinks") else { return [] }
    var list = whole.processes
    if let current = machine.process, !list.contains(where: { $0.id == current.id && $0.name == current.name }) {
      list.append(current)
    }
    let size = layout.size(of: "_EPROCESS") ?? 0xC00
    var sessions: [UInt32: UInt64] = [:]
    for index in list.indices {
      if list[index].address == 0 { list[index].address = room(size) }
      if let session = list[index].session {
        list[index].sessionSpace = sessions[session] ?? sessionSpace(session)
        sessions[session] = list[index].sessionSpace
      }
    }
    for process in list { write(process, size: size) }
    link(head: kernel.address(of: "PsActiveProcessHead"), list.map { $0.address + UInt64(links) })
    if let system = list.first(where: { $0.id == 4 }) {
      putPointer(system.address, at: kernel.address(of: "PsInitialSystemProcess"))
    }
    if let current = machine.process, let placed = list.first(where: { $0.id == current.id && $0.name == current.name })
    {
      machine.process = placed
    }
    return list
  }

  /// MM_SESSION_SPACE. Real ones stand at one address in every session; here each has its own, so that readers that do not
  /// switch address spaces see it as well.
  private mutating func sessionSpace(_ session: UInt32) -> UInt64 {
    let size = whole.sessionPools[session] == nil ? 0x40 : layout?.size(of: "_MM_SESSION_SPACE") ?? 0x40
    let place = room(max(0x200, size))
    put([UInt8](repeating: 0, count: size), at: place)
    if let field = offset("_MM_SESSION_SPACE", "SessionId") { put(session, at: place + field) }
    if let field = offset("_MM_SESSION_SPACE", "ImageList") { images(of: session, head: place + field) }
    return place
  }

  /// Entries as memory-forensics tools publish them: links, the image's first and last address, how often it is loaded.
  private mutating func images(of session: UInt32, head: UInt64) {
    let all = whole.sessionImages[session] ?? []
    for image in all {
      put([UInt8](repeating: 0, count: 8 * width), at: image.address)
      putPointer(image.base, at: image.address + UInt64(2 * width))
      putPointer(image.base + UInt64(image.size) - 1, at: image.address + UInt64(3 * width))
      put(1 as UInt32, at: image.address + UInt64(4 * width))
    }
    // Taking one out leaves its own links as they were.
    link(head: head, all.map(\.address))
    if all.contains(where: \.isTakenOut) { link(head: head, all.filter { !$0.isTakenOut }.map(\.address)) }
  }

  private mutating func write(_ process: SynthesizedProcess, size: Int) {
    let address = process.address
    put([UInt8](repeating: 0, count: size), at: address)
    // A dispatcher header: type 3 (process).
    put(3 as UInt8, at: address)
    let table = process.id == 4 || process.id == 0 ? memory.root : memory.newSpace() ?? memory.root
    if let session = process.session, table != memory.root {
      sessionSpaces[session, default: (process.sessionSpace, [])].roots.append(table)
    }
    putPointer(table, "_EPROCESS", "Pcb.DirectoryTableBase", in: address)
    putPointer(process.id, "_EPROCESS", "UniqueProcessId", in: address)
    putPointer(process.parentID, "_EPROCESS", "InheritedFromUniqueProcessId", in: address)
    putPointer(process.session == nil ? 0 : process.sessionSpace, "_EPROCESS", "Session", in: address)
    putPointer(process.peb, "_EPROCESS", "Peb", in: address)
    if let place = offset("_EPROCESS", "ImageFileName") {
      put(Array(process.name.utf8.prefix(14)) + [0], at: address + place)
    }
    if let place = offset("_EPROCESS", "CreateTime") { put(process.created, at: address + place) }
    if let place = offset("_EPROCESS", "ActiveThreads") { put(process.threads, at: address + place) }
    if let place = offset("_EPROCESS", "ThreadListHead") { link(head: address + place, []) }
  }

  /// KPRCB and the thread it runs; KiProcessorBlock leads to it. Further processors get a block of their own, idle.
  mutating func processor(_ processes: [SynthesizedProcess]) {
    let thread = machine.thread?.address ?? room(0x600)
    let current = machine.process?.address ?? processes.first?.address ?? 0
    if let size = layout?.size(of: "_ETHREAD") { put([UInt8](repeating: 0, count: size), at: thread) }
    put(6 as UInt8, at: thread)
    putPointer(current, "_KTHREAD", "ApcState.Process", in: thread)
    putPointer(current, "_KTHREAD", "Process", in: thread)
    putPointer(machine.stack.base, "_KTHREAD", "InitialStack", in: thread)
    putPointer(machine.stack.base, "_KTHREAD", "StackBase", in: thread)
    putPointer(machine.stack.limit, "_KTHREAD", "StackLimit", in: thread)
    putPointer(machine.stack.top, "_KTHREAD", "KernelStack", in: thread)
    if let place = offset("_KTHREAD", "State") { put(2 as UInt8, at: thread + place) }
    putPointer(machine.process?.id ?? 0, "_ETHREAD", "Cid.UniqueProcess", in: thread)
    putPointer(machine.thread?.id ?? 8, "_ETHREAD", "Cid.UniqueThread", in: thread)
    // The stop's processor is not always the first.
    let stopped = random.index(below: Int(machine.processors))
    let size = layout?.size(of: "_KPRCB") ?? 0x4000
    var others = whole.running.makeIterator()
    for index in 0..<Int(machine.processors) {
      let block = room(size)
      put([UInt8](repeating: 0, count: size), at: block)
      putPointer(block, at: kernel.address(of: "KiProcessorBlock") + UInt64(index * width))
      if let place = offset("_KPRCB", "Number") { put(UInt8(index), at: block + place) }
      if let place = offset("_KPRCB", "ProcessorState.SpecialRegisters.Cr3") {
        putPointer(memory.root, at: block + place)
      }
      guard index == stopped else {
        guard let other = others.next() else { continue }
        putPointer(other.thread, "_KPRCB", "CurrentThread", in: block)
        if let place = offset("_KPRCB", "ProcessorState.ContextFrame") {
          put(other.registers.encoded(), at: block + place)
        }
        continue
      }
      putPointer(thread, "_KPRCB", "CurrentThread", in: block)
      if let place = offset("_KPRCB", "ProcessorState.ContextFrame") {
        put((machine.processorRegisters ?? machine.registers).encoded(), at: block + place)
      }
    }
  }
}
