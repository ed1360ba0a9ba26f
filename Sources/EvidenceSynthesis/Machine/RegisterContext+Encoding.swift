/// CONTEXT and EXCEPTION_RECORD as bytes. Offsets: kernel structure tables `_CONTEXT` and `_EXCEPTION_RECORD` of
/// Server 2003 SP2 x86 (size 0x2CC) and Windows 7 SP1 x64 (0x4D0); ARM64_NT_CONTEXT of the public header winnt.h (0x390),
/// whose program counter and stack pointer were checked on a real dump of 10.0.22000.
extension RegisterContext {
  public func encoded() -> [UInt8] {
    switch self {
    case .x86(let registers): registers.encoded()
    case .x64(let registers): registers.encoded()
    case .arm64(let registers): registers.encoded()
    }
  }
}

extension X86Registers {
  func encoded() -> [UInt8] {
    var record = ByteBuilder(zeros: 0x2CC)
    record.put(flags, at: 0x00)
    for (offset, value) in [
      (0x8C, gs), (0x90, fs), (0x94, es), (0x98, ds), (0x9C, edi), (0xA0, esi), (0xA4, ebx), (0xA8, edx), (0xAC, ecx),
      (0xB0, eax), (0xB4, ebp), (0xB8, eip), (0xBC, cs), (0xC0, eflags), (0xC4, esp), (0xC8, ss),
    ] { record.put(value, at: offset) }
    return record.bytes
  }
}

extension X64Registers {
  func encoded() -> [UInt8] {
    var record = ByteBuilder(zeros: 0x4D0)
    record.put(flags, at: 0x30)
    record.put(mxCsr, at: 0x34)
    for (index, selector) in [cs, ds, es, fs, gs, ss].enumerated() { record.put(selector, at: 0x38 + 2 * index) }
    record.put(eflags, at: 0x44)
    let integers = [rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15, rip]
    for (index, value) in integers.enumerated() { record.put(value, at: 0x78 + 8 * index) }
    record.put(mxCsr, at: 0x118)
    return record.bytes
  }
}

extension ARM64Registers {
  func encoded() -> [UInt8] {
    var record = ByteBuilder(zeros: 0x390)
    record.put(flags, at: 0x00)
    record.put(cpsr, at: 0x04)
    for (index, value) in x.prefix(29).enumerated() { record.put(value, at: 0x08 + 8 * index) }
    for (index, value) in [fp, lr, sp, pc].enumerated() { record.put(value, at: 0xF0 + 8 * index) }
    return record.bytes
  }
}

extension SynthesizedException {
  /// 0x50 bytes for 32-bit machines, 0x98 for 64-bit ones.
  func encoded(pointerWidth: Int) -> [UInt8] {
    let wide = pointerWidth == 8
    var out = ByteBuilder(zeros: wide ? 0x98 : 0x50)
    out.put(code, at: 0)
    out.put(flags, at: 4)
    out.putPointer(record, width: pointerWidth, at: 8)
    out.putPointer(address, width: pointerWidth, at: wide ? 0x10 : 0x0C)
    out.put(UInt32(min(parameters.count, 15)), at: wide ? 0x18 : 0x10)
    for (index, parameter) in parameters.prefix(15).enumerated() {
      out.putPointer(parameter, width: pointerWidth, at: (wide ? 0x20 : 0x14) + pointerWidth * index)
    }
    return out.bytes
  }
}
