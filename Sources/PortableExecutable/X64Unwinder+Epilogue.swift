import ByteReading

extension X64Unwinder {
  enum Epilogue {
    case left(X64Registers, isMachineFrame: Bool)
    case body
    /// The code's bytes are not there.
    case unknown
  }

  /// Runs an epilogue forward where the instruction is part of one. Version 2 lists all of them, size and places including the
  /// return (seen in every one of 445 in amdppm.sys 10.0.19041.1110); else an epilogue is what the convention allows one to
  /// be: `add rsp` or `lea rsp`, pops, and a return or a jump out of the function (same source, "Epilog code").
  func epilogue(
    at place: UInt32, _ function: RuntimeFunction, _ info: X64UnwindInfo, _ registers: X64Registers,
    _ stack: (UInt64) -> UInt64?
  ) throws(ReadError) -> Epilogue {
    if info.version == 2, !isListed(place, function, info) { return .body }
    let code = image.available(at: place, limit: Self.maximumEpilogueBytes)
    if code.isEmpty { return .unknown }
    var state = registers
    var index = 0
    func byte(_ at: Int) -> UInt8? { code.indices.contains(index + at) ? code[index + at] : nil }
    func word(_ at: Int) -> UInt32? { code.span.bytes.loadIfPresent(at: index + at, as: UInt32.self) }
    // The stack's release, at most once and first.
    if byte(0) == 0x48, byte(1) == 0x83, byte(2) == 0xC4, let amount = byte(3), let sp = state.stackPointer {
      state.stackPointer = sp &+ UInt64(bitPattern: Int64(Int8(bitPattern: amount)))
      index += 4
    } else if byte(0) == 0x48, byte(1) == 0x81, byte(2) == 0xC4, let amount = word(3), let sp = state.stackPointer {
      state.stackPointer = sp &+ UInt64(bitPattern: Int64(Int32(bitPattern: amount)))
      index += 7
    } else if let (pointer, length) = loadedFrame(code, info, state) {
      state.stackPointer = pointer
      index += length
    }
    while let first = byte(0) {
      let hasPrefix = first & 0xF0 == 0x40
      guard let opcode = hasPrefix ? byte(1) : first else { return .unknown }
      switch opcode {
      case 0x58...0x5F:
        guard let sp = state.stackPointer else { return .body }
        let register = Int(opcode & 7) | (hasPrefix && first & 1 != 0 ? 8 : 0)
        if register == X64Registers.stackPointerIndex { return .body }
        state.general[register] = stack(sp)
        state.stackPointer = sp &+ 8
        index += hasPrefix ? 2 : 1
      case 0xCF where first & 0xF8 == 0x48:
        guard let sp = state.stackPointer else { return .body }
        try interrupted(&state, at: sp, stack)
        return .left(state, isMachineFrame: true)
      case 0xC3, 0xC2:
        try leave(&state, stack)
        return .left(state, isMachineFrame: false)
      case 0xF3 where byte(1) == 0xC3, 0xF2 where byte(1) == 0xC3:
        try leave(&state, stack)
        return .left(state, isMachineFrame: false)
      case 0xEB, 0xE9:
        let length: Int
        let distance: Int64
        if opcode == 0xEB, let value = byte(1) {
          (length, distance) = (2, Int64(Int8(bitPattern: value)))
        } else if opcode == 0xE9, let value = word(1) {
          (length, distance) = (5, Int64(Int32(bitPattern: value)))
        } else {
          return .unknown
        }
        let target = Int64(place) + Int64(index + length) + distance
        guard try leavesFunction(target, function) else { return .body }
        try leave(&state, stack)
        return .left(state, isMachineFrame: false)
      case 0xFF:
        // A jump through memory without base register or displacement, as the convention asks: `jmp [rip+x]`, `jmp [rax]`; and
        // with a REX.W prefix `jmp rax`, which marks a tail call.
        guard let modrm = byte(hasPrefix ? 2 : 1), modrm >> 3 & 7 == 4,
          modrm >> 6 == 0 || (modrm >> 6 == 3 && hasPrefix && first & 8 != 0)
        else { return .body }
        try leave(&state, stack)
        return .left(state, isMachineFrame: false)
      default:
        return .body
      }
    }
    return .unknown
  }

  private func isListed(_ place: UInt32, _ function: RuntimeFunction, _ info: X64UnwindInfo) -> Bool {
    info.epilogues.contains { distance in
      guard distance <= function.end else { return false }
      let start = function.end - distance
      // From the first pop to the return; the stack's release before it is undone as well as run.
      return place >= start && place - start < info.epilogueSize
    }
  }

  /// `lea rsp, [frame register + displacement]`: the new RSP and the instruction's length.
  private func loadedFrame(_ code: [UInt8], _ info: X64UnwindInfo, _ state: X64Registers) -> (UInt64, Int)? {
    guard let register = info.frameRegister, code.count >= 4, code[0] & 0xFE == 0x48, code[1] == 0x8D,
      code[2] >> 3 & 7 == 4, code[2] & 7 == UInt8(register & 7), (code[0] & 1 != 0) == (register > 7),
      let value = state.general[register]
    else { return nil }
    // R12 as base takes one more byte.
    let sib = register & 7 == 4 ? 1 : 0
    if sib == 1, code[3] != 0x24 { return nil }
    switch code[2] >> 6 {
    case 0 where register & 7 != 5: return (value, 3 + sib)
    case 1:
      guard code.indices.contains(3 + sib) else { return nil }
      return (value &+ UInt64(bitPattern: Int64(Int8(bitPattern: code[3 + sib]))), 4 + sib)
    case 2:
      guard let distance = code.span.bytes.loadIfPresent(at: 3 + sib, as: UInt32.self) else { return nil }
      return (value &+ UInt64(bitPattern: Int64(Int32(bitPattern: distance))), 7 + sib)
    default: return nil
    }
  }

  /// A jump to the function's own beginning is a tail call of itself; any other place of the same function is not left.
  private func leavesFunction(_ target: Int64, _ function: RuntimeFunction) throws(ReadError) -> Bool {
    guard let target = UInt32(exactly: target) else { return true }
    let own = try primary(function)
    if target == own.begin { return true }
    if function.contains(target) { return false }
    guard let other = try table.lookup(target) else { return true }
    return try primary(other).begin != own.begin
  }

  /// The entry that a chain of continued ones ends in.
  private func primary(_ function: RuntimeFunction) throws(ReadError) -> RuntimeFunction {
    var function = function
    for _ in 0..<Self.maximumChain {
      guard let next = try X64UnwindInfo(at: function.unwindInfo, in: image).chained else { break }
      function = next
    }
    return function
  }
}
