/// Code of a driver in memory, as compilers write it for x86 and x64, with the table that the loader filled with the addresses of the
/// kernel's routines.
///
/// Encodings: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2.
struct DriverCode {
  /// Where a work routine's parameter has the event: by a pointer in its structure, in it, or by a pointer in a structure it points to.
  enum Way: Hashable {
    case pointer(UInt8)
    case embedded(UInt8)
    case through(UInt8, UInt8)
  }

  let isWide: Bool
  /// Address of the next function.
  private(set) var place: UInt64
  private(set) var memory: [SynthesizedMemory] = []
  private var slots: [String: UInt64] = [:]

  /// - Parameters:
  ///   - table: where the routines' addresses stand, in the order of their names.
  ///   - routines: of the kernel, by name.
  init(isWide: Bool, at place: UInt64, table: UInt64, routines: [String: UInt64]) {
    self.isWide = isWide
    self.place = place
    let width = isWide ? 8 : 4
    var out = ByteBuilder()
    for (index, routine) in routines.sorted(by: { $0.key < $1.key }).enumerated() {
      slots[routine.key] = table + UInt64(index * width)
      out.putPointer(routine.value, width: width, at: index * width)
    }
    memory.append(SynthesizedMemory(address: table, bytes: out.bytes))
  }

  private mutating func add(_ bytes: [UInt8]) -> UInt64 {
    defer { place = (place + UInt64(bytes.count) + 15) & ~15 }
    memory.append(SynthesizedMemory(address: place, bytes: bytes))
    return place
  }

  private static func word(_ value: UInt64) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }

  /// `call [slot]`, `behind` bytes into the function.
  private func call(_ routine: String, behind: Int) -> [UInt8] {
    let slot = slots[routine] ?? 0
    return [0xFF, 0x15] + Self.word(isWide ? slot &- (place + UInt64(behind + 6)) : slot)
  }

  private func call(_ function: UInt64, behind: Int) -> [UInt8] {
    [0xE8] + Self.word(function &- (place + UInt64(behind + 5)))
  }

  /// A routine of a work item that works for a while, may fail, and then tells who waits.
  ///
  /// - Parameter sets: false clears the event, for the work to begin again.
  mutating func workRoutine(_ way: Way, sets: Bool, _ random: inout SplitMix64) -> UInt64 {
    isWide ? wideWorkRoutine(way, sets: sets, &random) : narrowWorkRoutine(way, sets: sets, &random)
  }

  private mutating func narrowWorkRoutine(_ way: Way, sets: Bool, _ random: inout SplitMix64) -> UInt64 {
    // push ebp; mov ebp, esp; mov eax, [ebp+8]; mov eax, [eax+4]; pop ebp; ret 8
    let helper = add([0x8B, 0xFF, 0x55, 0x8B, 0xEC, 0x8B, 0x45, 0x08, 0x8B, 0x40, 0x04, 0x5D, 0xC2, 0x08, 0x00])
    let framed = random.below(2) == 0
    // mov esi, the parameter.
    var out: [UInt8] =
      framed ? [0x8B, 0xFF, 0x55, 0x8B, 0xEC, 0x56, 0x8B, 0x75, 0x08] : [0x56, 0x8B, 0x74, 0x24, 0x08]
    out += [0x6A, 0x01, 0x56]
    out += call(helper, behind: out.count)
    // Where it went well: and dword [esi+10h], 0.
    out += [0x85, 0xC0, 0x7C, 0x04, 0x83, 0x66, 0x10, 0x00]
    if sets { out += [0x6A, 0x00, 0x6A, 0x00] }
    switch way {
    case .pointer(let at): out += [0xFF, 0x76, at]
    case .embedded(let at): out += [0x8D, 0x46, at, 0x50]
    case .through(let outer, let inner): out += [0x8B, 0x46, outer, 0xFF, 0x70, inner]
    }
    out += call(sets ? "KeSetEvent" : "KeClearEvent", behind: out.count)
    return add(out + (framed ? [0x5E, 0x5D, 0xC2, 0x04, 0x00] : [0x5E, 0xC2, 0x04, 0x00]))
  }

  private mutating func wideWorkRoutine(_ way: Way, sets: Bool, _ random: inout SplitMix64) -> UInt64 {
    // mov eax, [rcx+4]; ret
    let helper = add([0x8B, 0x41, 0x04, 0xC3])
    // rbx or rdi keeps the parameter.
    let kept: UInt8 = random.below(2) == 0 ? 3 : 7
    var out: [UInt8] = [0x50 + kept, 0x48, 0x83, 0xEC, 0x20, 0x48, 0x8B, 0xC1 | kept << 3, 0xBA, 1, 0, 0, 0]
    out += call(helper, behind: out.count)
    out += [0x85, 0xC0, 0x78, 0x04, 0x83, 0x60 | kept, 0x10, 0x00, 0x45, 0x33, 0xC0, 0x33, 0xD2]
    switch way {
    case .pointer(let at): out += [0x48, 0x8B, 0x48 | kept, at]
    case .embedded(let at): out += [0x48, 0x8D, 0x48 | kept, at]
    case .through(let outer, let inner): out += [0x48, 0x8B, 0x40 | kept, outer, 0x48, 0x8B, 0x48, inner]
    }
    out += call(sets ? "KeSetEvent" : "KeClearEvent", behind: out.count)
    return add(out + [0x48, 0x83, 0xC4, 0x20, 0x58 + kept, 0xC3])
  }

  /// x86: makes a descriptor of a buffer of the image, `bytes` long, and gives it to the caller.
  mutating func describes(_ buffer: UInt64) -> UInt64 {
    // push ebp; mov ebp, esp; push esi; three zeros, the length and the buffer.
    var out: [UInt8] = [0x55, 0x8B, 0xEC, 0x56, 0x6A, 0, 0x6A, 0, 0x6A, 0, 0xFF, 0x75, 0x08, 0x68] + Self.word(buffer)
    out += call("IoAllocateMdl", behind: out.count)
    out += [0x8B, 0xF0, 0x85, 0xF6, 0x74, 0x07, 0x56]
    out += call("MmBuildMdlForNonPagedPool", behind: out.count)
    return add(out + [0x8B, 0xC6, 0x5E, 0x5D, 0xC2, 0x04, 0x00])
  }
}
