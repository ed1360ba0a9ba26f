extension CodeFlow {
  enum Step {
    case next
    /// Both to the next instruction and to this one.
    case both(UInt64)
    case ends
    case isFound
  }

  mutating func step(_ i: X86Instruction, _ path: inout Path, _ isFound: (Call) -> Bool) -> Step {
    let next = (path.place &+ UInt64(i.length)) & mask
    let from = path.place
    path.place = next
    if i.isVector { return .next }
    switch i.map {
    case .two: return stepTwo(i, next, &path)
    case .three38, .three3A:
      return .next
    case .one: break
    }
    switch i.opcode {
    case 0xE8:
      return call(next &+ UInt64(bitPattern: i.immediate), slot: nil, from: from, &path, isFound)
    case 0xE9, 0xEB:
      return jump((next &+ UInt64(bitPattern: i.immediate)) & mask, slot: nil, from: from, &path, isFound)
    case 0x70...0x7F: return .both((next &+ UInt64(bitPattern: i.immediate)) & mask)
    case 0xE0...0xE3:
      path.registers[1] = nil
      return .both((next &+ UInt64(bitPattern: i.immediate)) & mask)
    case 0xC2, 0xC3: return leave(&path, cleaning: i.opcode == 0xC2 ? UInt64(i.immediate & 0xFFFF) : 0)
    case 0xC9:
      path.registers[4] = path.registers[5]
      path.registers[5] = pop(&path)
    case 0xFF where i.reg & 7 == 2 || i.reg & 7 == 4:
      let slot = i.mod == 3 ? nil : address(i, next, path)
      let target = i.mod == 3 ? path.registers[i.rm] : slot.flatMap { load($0, width: width, path) }
      if i.reg & 7 == 2 { return call(target, slot: slot, from: from, &path, isFound) }
      return jump(target, slot: slot, from: from, &path, isFound)
    case 0xFF where i.reg & 7 == 3 || i.reg & 7 == 5: return .ends
    case 0xCC, 0xCD, 0xCF, 0xF4, 0x9A, 0xEA, 0xCA, 0xCB: return .ends
    default: stepPlain(i, next, &path)
    }
    return .next
  }

  private func stepTwo(_ i: X86Instruction, _ next: UInt64, _ path: inout Path) -> Step {
    switch i.opcode {
    case 0x0B, 0x05, 0x07, 0x34, 0x35: return .ends
    case 0x80...0x8F: return .both((next &+ UInt64(bitPattern: i.immediate)) & mask)
    case 0x40...0x4F:
      let value = operand(i, next, path, bytes: bytes(i))
      if path.registers[i.reg] != value { path.registers[i.reg] = nil }
    case 0xB6, 0xB7, 0xBE, 0xBF, 0xAF, 0xBC, 0xBD, 0x02, 0x03, 0x50, 0x2C, 0x2D, 0xD7: path.registers[i.reg] = nil
    case 0x90...0x9F, 0xA4, 0xA5, 0xAB, 0xAC, 0xAD, 0xB3, 0xBA, 0xBB, 0x7E: store(nil, i, next, &path, bytes: bytes(i))
    case 0xB0, 0xB1, 0xC0, 0xC1, 0xC7:
      store(nil, i, next, &path, bytes: bytes(i))
      for register in [0, 2] { path.registers[register] = nil }
      if i.opcode == 0xC0 || i.opcode == 0xC1 { path.registers[i.reg] = nil }
    case 0xA2, 0x31, 0x32, 0x33: for register in [0, 1, 2, 3] { path.registers[register] = nil }
    case 0xC8...0xCF: path.registers[i.opcodeRegister] = nil
    // Stores of vector registers.
    case 0x11, 0x13, 0x17, 0x29, 0x2B, 0x7F, 0xD6, 0xE7:
      if i.mod != 3, let at = address(i, next, path) { path.memory.forget(at, count: 16) }
    default: break
    }
    return .next
  }

  private func bytes(_ i: X86Instruction) -> Int { i.rexW ? 8 : i.operandSize16 ? 2 : 4 }

  // MARK: Moves and arithmetic

  private func stepPlain(_ i: X86Instruction, _ next: UInt64, _ path: inout Path) {
    let size = bytes(i)
    switch i.opcode {
    // 0x40 to 0x4F are prefixes on x64, which the decoder takes.
    case 0x40...0x4F:
      let value = path.registers[i.opcodeRegister]
      set(i.opcodeRegister, value.map { i.opcode < 0x48 ? $0 &+ 1 : $0 &- 1 }, bytes: size, &path)
    case 0x50...0x57: push(path.registers[i.opcodeRegister], &path)
    case 0x58...0x5F: path.registers[i.opcodeRegister] = pop(&path)
    case 0x68, 0x6A: push(UInt64(bitPattern: i.immediate) & mask, &path)
    case 0x8F: store(pop(&path), i, next, &path, bytes: width)
    case 0xFF where i.reg & 7 == 6: push(operand(i, next, path, bytes: width), &path)
    case 0xFF:
      let value = operand(i, next, path, bytes: size)
      store(value.map { i.reg & 7 == 0 ? $0 &+ 1 : $0 &- 1 }, i, next, &path, bytes: size)
    case 0x9C: push(nil, &path)
    case 0x9D: _ = pop(&path)
    case 0x89: store(path.registers[i.reg], i, next, &path, bytes: size)
    case 0x8B: set(i.reg, operand(i, next, path, bytes: size), bytes: size, &path)
    case 0x8D: set(i.reg, address(i, next, path), bytes: size, &path)
    case 0xC7: store(UInt64(bitPattern: i.immediate), i, next, &path, bytes: size)
    case 0xB8...0xBF: set(i.opcodeRegister, UInt64(bitPattern: i.immediate), bytes: size, &path)
    case 0xA1: set(0, load(UInt64(bitPattern: i.immediate) & mask, width: size, path), bytes: size, &path)
    case 0xA3: write(path.registers[0], at: UInt64(bitPattern: i.immediate) & mask, bytes: size, &path)
    case 0x87:
      let value = operand(i, next, path, bytes: size)
      store(path.registers[i.reg], i, next, &path, bytes: size)
      set(i.reg, value, bytes: size, &path)
    case 0x91...0x97:
      path.registers.swapAt(0, i.opcodeRegister)
    case 0x00...0x3F: arithmetic(i, next, &path, size)
    case 0x81, 0x83:
      let value = UInt64(bitPattern: i.immediate)
      guard i.reg & 7 != 7 else { return }
      store(Self.result(i.reg & 7, operand(i, next, path, bytes: size), value), i, next, &path, bytes: size)
    case 0x80, 0x82: if i.reg & 7 != 7 { store(nil, i, next, &path, bytes: 1) }
    case 0x84, 0x85, 0xA8, 0xA9, 0x90, 0x9B, 0x9E: break
    case 0xF6, 0xF7:
      switch i.reg & 7 {
      case 0, 1: break
      case 2, 3: store(nil, i, next, &path, bytes: size)
      default: for register in [0, 2] { path.registers[register] = nil }
      }
    case 0xFE, 0x88, 0xC6, 0xC0, 0xD0, 0xD2: store(nil, i, next, &path, bytes: 1)
    case 0x8A: forgetByte(i.reg, &path)
    case 0xB0...0xB7: forgetByte(i.opcodeRegister, &path)
    case 0x86:
      store(nil, i, next, &path, bytes: 1)
      forgetByte(i.reg, &path)
    case 0xC1, 0xD1, 0xD3: store(nil, i, next, &path, bytes: size)
    case 0x63, 0x69, 0x6B: path.registers[i.reg] = nil
    case 0x98, 0xA0, 0x9F, 0xD6, 0xD7, 0xE4, 0xE5, 0xEC, 0xED: path.registers[0] = nil
    case 0x99: path.registers[2] = nil
    case 0xA4...0xA7, 0xAA...0xAF: strings(i, &path)
    case 0x60, 0x61, 0xC8:
      // Rare, and each moves the stack: what is on it is not known any more.
      for register in path.registers.indices { path.registers[register] = nil }
    default: break
    }
  }

  private func arithmetic(_ i: X86Instruction, _ next: UInt64, _ path: inout Path, _ size: Int) {
    let kind = Int(i.opcode >> 3)
    guard kind != 7, i.opcode & 7 < 6 else { return }
    switch i.opcode & 7 {
    case 0: store(nil, i, next, &path, bytes: 1)
    case 2: forgetByte(i.reg, &path)
    case 4: path.registers[0] = nil
    case 5: set(0, Self.result(kind, path.registers[0], UInt64(bitPattern: i.immediate)), bytes: size, &path)
    default:
      // A register with itself.
      if i.mod == 3, i.reg == i.rm, kind == 5 || kind == 6 { return set(i.reg, 0, bytes: size, &path) }
      let other = operand(i, next, path, bytes: size)
      let own = path.registers[i.reg]
      if i.opcode & 7 == 1 {
        store(Self.result(kind, other, own), i, next, &path, bytes: size)
      } else {
        set(i.reg, Self.result(kind, own, other), bytes: size, &path)
      }
    }
  }

  /// By the encoding's number: add, or, adc, sbb, and, sub, xor.
  private static func result(_ kind: Int, _ a: UInt64?, _ b: UInt64?) -> UInt64? {
    if kind == 4, a == 0 || b == 0 { return 0 }
    guard let a, let b else { return nil }
    switch kind {
    case 0: return a &+ b
    case 1: return a | b
    case 4: return a & b
    case 5: return a &- b
    case 6: return a ^ b
    default: return nil
    }
  }

  private func strings(_ i: X86Instruction, _ path: inout Path) {
    let stores = [0xA4, 0xA5, 0xAA, 0xAB].contains(i.opcode)
    let unit = i.opcode & 1 == 0 ? 1 : bytes(i)
    let count = i.repeats ? path.registers[1] : 1
    if stores, let to = path.registers[7], let count, count <= 0x400 {
      path.memory.forget(to, count: Int(count) * unit)
    }
    for register in [6, 7] { path.registers[register] = nil }
    if i.repeats { path.registers[1] = 0 }
    if i.opcode >= 0xAC { path.registers[0] = nil }
  }

  // MARK: Operands

  func address(_ i: X86Instruction, _ next: UInt64, _ path: Path) -> UInt64? {
    guard !i.hasSegment else { return nil }
    var sum = UInt64(bitPattern: i.displacement)
    if i.ripRelative { return next &+ sum }
    if let base = i.base {
      guard let value = path.registers[base] else { return nil }
      sum &+= value
    }
    if let index = i.index {
      guard let value = path.registers[index] else { return nil }
      sum &+= value &* i.scale
    }
    return sum & mask
  }

  func load(_ address: UInt64, width: Int, _ path: Path) -> UInt64? {
    if let stored = path.memory.load(address, width: width) { return stored }
    guard width >= 4, !Self.isOwn(address) else { return nil }
    return source.load(address, width)
  }

  private func operand(_ i: X86Instruction, _ next: UInt64, _ path: Path, bytes: Int) -> UInt64? {
    guard bytes >= 4 else { return nil }
    if i.mod == 3 { return path.registers[i.rm].map { bytes == 4 ? $0 & 0xFFFF_FFFF : $0 } }
    return address(i, next, path).flatMap { load($0, width: bytes, path) }
  }

  private func set(_ register: Int, _ value: UInt64?, bytes: Int, _ path: inout Path) {
    path.registers[register] = bytes < 4 ? nil : value.map { bytes == 4 ? $0 & 0xFFFF_FFFF : $0 }
  }

  /// A byte of a register: without a prefix 4 to 7 are the second bytes of the first four.
  private func forgetByte(_ register: Int, _ path: inout Path) {
    path.registers[register] = nil
    if (4...7).contains(register) { path.registers[register - 4] = nil }
  }

  private func store(_ value: UInt64?, _ i: X86Instruction, _ next: UInt64, _ path: inout Path, bytes: Int) {
    if i.mod == 3 {
      bytes == 1 ? forgetByte(i.rm, &path) : set(i.rm, value, bytes: bytes, &path)
    } else if let at = address(i, next, path) {
      write(value, at: at, bytes: bytes, &path)
    }
  }

  private func write(_ value: UInt64?, at address: UInt64, bytes: Int, _ path: inout Path) {
    path.memory.store(value, at: address, width: bytes)
  }

  private func push(_ value: UInt64?, _ path: inout Path) {
    guard let top = path.registers[4] else { return }
    let place = top &- UInt64(width)
    path.registers[4] = place
    path.memory.store(value, at: place, width: width)
  }

  private func pop(_ path: inout Path) -> UInt64? {
    guard let top = path.registers[4] else { return nil }
    path.registers[4] = top &+ UInt64(width)
    return load(top, width: width, path)
  }

  // MARK: Calls

  /// What a call's arguments are, `behind` words above the stack pointer on x86.
  private func arguments(_ path: Path, behind: UInt64) -> [UInt64?] {
    if isWide { return Self.argumentRegisters.map { path.registers[$0] } }
    guard let top = path.registers[4] else { return [UInt64?](repeating: nil, count: 5) }
    return (0..<5).map { load(top &+ 4 * (behind &+ $0), width: 4, path) }
  }

  private mutating func call(
    _ target: UInt64?, slot: UInt64?, from: UInt64, _ path: inout Path, _ isFound: (Call) -> Bool
  ) -> Step {
    let target = target.map { $0 & mask }
    let routine = target.flatMap(source.routine) ?? slot.flatMap(source.imported)
    let arguments = arguments(path, behind: 0)
    if isFound(Call(address: from, routine: routine, arguments: arguments)) { return .isFound }
    if routine == nil, let target, path.returns.count < limits.depth, source.follows(target) {
      path.returns.append(path.place)
      push(path.place, &path)
      path.place = target
      return .next
    }
    if routine == nil { isWhole = false }
    returned(from: target, routine, arguments, &path)
    return .next
  }

  /// What is known after a routine that was not followed.
  private mutating func returned(
    from target: UInt64?, _ routine: KernelRoutine?, _ arguments: [UInt64?], _ path: inout Path
  ) {
    for register in isWide ? [0, 1, 2, 8, 9, 10, 11] : [0, 1, 2] { path.registers[register] = nil }
    switch routine?.effect {
    case .allocates(let argument):
      // On x86 the flags of ExAllocatePool2 are two words.
      let place = !isWide && routine?.name == "ExAllocatePool2" ? argument + 1 : argument
      path.registers[0] = allocate(tag: place < arguments.count ? arguments[place] : nil)
    case .describes: path.registers[0] = allocate(tag: nil)
    default: break
    }
    guard let top = path.registers[4] else { return }
    if isWide {
      // The room for four arguments is the routine's own.
      path.memory.forget(top, count: 32)
    } else if let bytes = routine?.argumentBytes ?? target.flatMap({ cleanup(of: $0) }) {
      path.registers[4] = top &+ UInt64(bytes)
    } else {
      // How much of the stack the routine took is not known: what follows is pushed on another one.
      path.lostStacks += 1
      path.registers[4] = Self.stackTop &- 0x10_0000 &* (path.lostStacks % 0x40)
    }
  }

  /// A jump, which is a call at a routine's end where it leaves the code that is followed.
  private mutating func jump(
    _ target: UInt64?, slot: UInt64?, from: UInt64, _ path: inout Path, _ isFound: (Call) -> Bool
  ) -> Step {
    let target = target.map { $0 & mask }
    let routine = target.flatMap(source.routine) ?? slot.flatMap(source.imported)
    if routine == nil, let target, source.follows(target) {
      path.place = target
      return .next
    }
    let arguments = arguments(path, behind: 1)
    if isFound(Call(address: from, routine: routine, arguments: arguments)) { return .isFound }
    if routine == nil { isWhole = false }
    // It returns to this routine's caller, with this routine's arguments taken from the stack.
    guard let back = path.returns.popLast() else { return .ends }
    _ = pop(&path)
    path.place = back
    returned(from: target, routine, arguments, &path)
    return .next
  }

  private func leave(_ path: inout Path, cleaning bytes: UInt64) -> Step {
    guard let back = path.returns.popLast() else { return .ends }
    _ = pop(&path)
    if let top = path.registers[4] { path.registers[4] = top &+ bytes }
    path.place = back
    return .next
  }
}
