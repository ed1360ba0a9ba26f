/// Follows x86 or x64 code as a processor would, as far as its bytes, memory and the arguments tell, to the calls it makes.
///
/// What is not known stays unknown, and both ways of every condition are followed. Two things are taken for granted: what a
/// routine that is not followed changes in memory is nothing that the calls in question depend on, and neither is what is stored
/// through an address that is not known.
///
/// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2; Microsoft's pages of the x64 calling convention
/// and of `__stdcall`: which registers a call keeps, where arguments are.
struct CodeFlow {
  /// A call with its first arguments as far as they are known: four by registers on x64, five from the stack on x86.
  struct Call {
    /// Of the instruction.
    var address: UInt64
    var routine: KernelRoutine?
    var arguments: [UInt64?]
  }

  /// What is run, and where its bytes and its memory are.
  struct Source {
    var isWide: Bool
    /// Up to this many bytes of code, fewer where they end.
    var code: (UInt64, Int) -> [UInt8]
    /// 4 or 8 bytes of memory.
    var load: (UInt64, Int) -> UInt64?
    /// A kernel routine by its address.
    var routine: (UInt64) -> KernelRoutine?
    /// A kernel routine by the place that the call takes its address from, where that tells it.
    var imported: (UInt64) -> KernelRoutine? = { _ in nil }
    /// Whether the code at an address is followed, rather than taken to return.
    var follows: (UInt64) -> Bool
  }

  /// How often one instruction is met within the same calls.
  static let maximumVisits = 6

  struct Limits {
    /// Instructions of one run; calls within calls.
    var steps = 20_000
    var depth = 4
  }
  /// Instructions read for the end of a routine that is not followed.
  static let cleanupSteps = 400

  /// Addresses that stand for the run's own stack and for what it allocates: none of the system's half.
  static let stackTop: UInt64 = 0x6FFF_0000
  static let firstAllocation: UInt64 = 0x1000_0000
  static let allocationBytes: UInt64 = 0x1_0000

  let source: Source
  let limits: Limits
  let isWide: Bool
  let width: Int
  let mask: UInt64
  /// Blocks that were allocated, by the order of their addresses, with the tags.
  private(set) var allocations: [UInt64?] = []
  private var decoded: [UInt64: X86Instruction?] = [:]
  private var cleanups: [UInt64: Int?] = [:]
  private(set) var steps = 0
  /// Whether the last run followed every way to its end: no code was missing, every call was followed or to a known routine of the
  /// kernel, and no limit was reached.
  var isWhole = true

  init(_ source: Source, limits: Limits = Limits()) {
    self.source = source
    self.limits = limits
    isWide = source.isWide
    width = source.isWide ? 8 : 4
    mask = source.isWide ? .max : 0xFFFF_FFFF
  }

  /// One way through the code.
  struct Path {
    var place: UInt64
    /// In the encoding's order: ax, cx, dx, bx, sp, bp, si, di, r8 to r15.
    var registers: [UInt64?]
    var memory = FlowMemory()
    /// Where the followed calls return to.
    var returns: [UInt64] = []
    /// Stacks whose distance to the first one is not known.
    var lostStacks: UInt64 = 0
  }

  private struct Place: Hashable {
    var address: UInt64
    var returns: [UInt64]
  }

  /// Follows a routine until `isFound` says so of a call; true where it did.
  mutating func run(_ routine: UInt64, arguments: [UInt64?], isFound: (Call) -> Bool) -> Bool {
    var start = Path(place: routine, registers: [UInt64?](repeating: nil, count: 16))
    start.registers[4] = Self.stackTop
    for (index, argument) in arguments.enumerated() {
      if isWide {
        if index < Self.argumentRegisters.count { start.registers[Self.argumentRegisters[index]] = argument }
      } else if let argument {
        start.memory.store(argument, at: Self.stackTop + UInt64(4 + 4 * index), width: 4)
      }
    }
    var paths = [start]
    var visits: [Place: Int] = [:]
    steps = 0
    isWhole = true
    while var path = paths.popLast() {
      following: while true {
        steps += 1
        let visit = visits[Place(address: path.place, returns: path.returns), default: 0]
        guard steps <= limits.steps, visit < Self.maximumVisits, let instruction = instruction(at: path.place)
        else {
          isWhole = false
          if steps > limits.steps { return false }
          break
        }
        visits[Place(address: path.place, returns: path.returns)] = visit + 1
        switch step(instruction, &path, isFound) {
        case .next: continue
        case .both(let other):
          var branch = path
          branch.place = other
          paths.append(branch)
        case .ends: break following
        case .isFound: return true
        }
      }
    }
    return false
  }

  static let argumentRegisters = [1, 2, 8, 9]

  /// Whether the run has its own idea of an address: its stack or what it allocated.
  static func isOwn(_ address: UInt64) -> Bool { address >= firstAllocation && address < 0x7000_0000 }

  /// Tag of the allocation that an address lies in; nil outside, and where the tag is not known.
  func tag(ofAllocation address: UInt64) -> UInt32? {
    guard address >= Self.firstAllocation, address < Self.stackTop else { return nil }
    let index = Int((address - Self.firstAllocation) / Self.allocationBytes)
    return index < allocations.count ? allocations[index].map { UInt32(truncatingIfNeeded: $0) } : nil
  }

  mutating func allocate(tag: UInt64?) -> UInt64? {
    guard allocations.count < 0x4000 else { return nil }
    allocations.append(tag)
    return Self.firstAllocation + UInt64(allocations.count - 1) * Self.allocationBytes
  }

  private mutating func instruction(at address: UInt64) -> X86Instruction? {
    if let known = decoded[address] { return known }
    let bytes = source.code(address, X86Instruction.maximumLength)
    let found = X86Instruction(bytes[...], isWide: isWide)
    decoded[address] = .some(found)
    return found
  }

  /// Bytes of arguments that a routine takes from an x86 stack: those of the first return behind its beginning.
  mutating func cleanup(of routine: UInt64) -> Int? {
    if let known = cleanups[routine] { return known }
    var place = routine
    var found: Int?
    for _ in 0..<Self.cleanupSteps {
      guard let i = instruction(at: place), i.map == .one || i.opcode != 0x0B else { break }
      if i.map == .one, i.opcode == 0xC3 || i.opcode == 0xC2 {
        found = i.opcode == 0xC3 ? 0 : Int(i.immediate & 0xFFFF)
        break
      }
      if i.map == .one, i.opcode == 0xCC { break }
      place = (place &+ UInt64(i.length)) & mask
    }
    cleanups[routine] = .some(found)
    return found
  }
}

/// What a run stored, in words of four bytes.
struct FlowMemory {
  /// nil inside: stored, but what is not known.
  private var words: [UInt64: UInt32?] = [:]

  /// Outer nil: nothing was stored there.
  func load(_ address: UInt64, width: Int) -> UInt64?? {
    guard !words.isEmpty else { return .none }
    let first = address & ~3
    let last = (address &+ UInt64(width) &- 1) & ~3
    guard address == first, width == 4 || width == 8 else {
      return words[first] != nil || words[last] != nil ? .some(nil) : .none
    }
    guard let low = words[first] else {
      return width == 8 && words[last] != nil ? .some(nil) : .none
    }
    guard width == 8 else { return .some(low.map(UInt64.init)) }
    guard let high = words[last], let low, let high else { return .some(nil) }
    return .some(UInt64(high) << 32 | UInt64(low))
  }

  mutating func store(_ value: UInt64?, at address: UInt64, width: Int) {
    let first = address & ~3
    guard address == first, width == 4 || width == 8 else {
      return forget(address, count: width)
    }
    words[first] = .some(value.map { UInt32(truncatingIfNeeded: $0) })
    if width == 8 { words[first &+ 4] = .some(value.map { UInt32(truncatingIfNeeded: $0 >> 32) }) }
  }

  mutating func forget(_ address: UInt64, count: Int) {
    var place = address & ~3
    var left = count + Int(address & 3)
    while left > 0 {
      words[place] = .some(nil)
      place &+= 4
      left -= 4
    }
  }
}
