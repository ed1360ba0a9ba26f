import ByteReading
import CrashDumpFormat
import Facts
import Testing

@testable import Symbols
@testable import WindowsKernel

/// Dumps that lie about their memory must cost no more than honest ones.
@Suite struct StackLimitsTests {
  /// Data blocks that all point at the same bytes make a stack of 256 MiB out of a file of 256 bytes.
  @Test(.timeLimit(.minutes(1))) func aStackThatNeverEnds() {
    let pieces = (0..<1_000_000).map {
      DumpMemory.Piece(address: 0xFFFF_8000_0000_0000 + 256 * UInt64($0), count: 256, offset: 0)
    }
    let memory = DumpMemory(file: MappedFile(bytes: [UInt8](repeating: 0, count: 256), path: "memory"), pieces: pieces)
    #expect(StackRecords(from: 0xFFFF_8000_0000_0000, memory: memory).ranges.isEmpty)
    for architecture in [Architecture.x64, .arm64, .x86] {
      let stack = StackWalker(memory: memory, modules: ModuleMap([], memory: memory)).walk(
        RegisterContext(
          architecture: architecture, instructionPointer: 0x1000, stackPointer: 0xFFFF_8000_0000_0000,
          framePointer: 0xFFFF_8000_0000_0000, general: [UInt64](repeating: 0, count: 32), flags: 0))
      #expect(stack.count == 1)
    }
  }

  /// Addresses at either end of the address space: sums wrap, nothing traps.
  @Test(
    arguments: [0, 1, 7, 8, .max, .max - 1, .max - 7, .max - 15, .max - 0x4_0000, 0x7FFF_FFFF_FFFF_FFFF] as [UInt64])
  func pointersAtTheEnds(pointer: UInt64) {
    let pieces = [
      DumpMemory.Piece(address: 0, count: 4096, offset: 0),
      DumpMemory.Piece(address: .max - 4096, count: 4096, offset: 0),
    ]
    for byte in [0x00, 0x10, 0x33, 0xFF] as [UInt8] {
      let file = MappedFile(bytes: [UInt8](repeating: byte, count: 4096), path: "memory")
      let memory = DumpMemory(file: file, pieces: pieces)
      let modules = ModuleMap(
        [
          ModuleIdentity(name: "a.sys", base: VirtualAddress(.max - 0x4000), size: .max),
          ModuleIdentity(name: "b.sys", base: VirtualAddress(0), size: 0x10_0000),
        ], memory: memory)
      for architecture in [Architecture.x64, .arm64, .x86] {
        let context = RegisterContext(
          architecture: architecture, instructionPointer: pointer, stackPointer: pointer, framePointer: pointer,
          linkRegister: pointer, general: [UInt64](repeating: pointer, count: 32), flags: 0)
        let stack = StackWalker(memory: memory, modules: modules, contexts: [context]).walk(context)
        #expect(stack.count <= StackWalker.maximumFrames)
      }
    }
  }

  /// A chain of frame pointers as long as the stack is cut at the limit.
  @Test func frameLimit() {
    var bytes: [UInt8] = []
    let base: UInt64 = 0xFFFF_8000_0000_0000
    for index in 0..<1000 as Range<UInt64> {
      for word in [base + 16 * (index + 1), 0xFFFF_F800_0000_1234] {
        for shift in stride(from: 0, to: 64, by: 8) { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
      }
    }
    let memory = DumpMemory(
      file: MappedFile(bytes: bytes, path: "memory"), pieces: [.init(address: base, count: bytes.count, offset: 0)])
    let modules = ModuleMap(
      [ModuleIdentity(name: "ntoskrnl.exe", base: VirtualAddress(0xFFFF_F800_0000_0000), size: 0x10000)], memory: nil)
    let context = RegisterContext(
      architecture: .arm64, instructionPointer: 0xFFFF_F800_0000_2000, stackPointer: base, framePointer: base,
      general: [],
      flags: 0)
    #expect(StackWalker(memory: memory, modules: modules).walk(context).count == StackWalker.maximumFrames)
  }

  /// A return address right at an image's base, where the dump's own headers call the first page code.
  @Test func returnAddressAtTheBase() {
    var image = [UInt8](repeating: 0, count: 0x400)
    func put(_ value: UInt64, _ count: Int, at offset: Int) {
      for index in 0..<count { image[offset + index] = UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) }
    }
    put(0x5A4D, 2, at: 0)
    put(0x80, 4, at: 0x3C)
    put(0x4550, 4, at: 0x80)
    put(1, 2, at: 0x86)
    put(0x20B, 2, at: 0x98)
    put(0x1000, 4, at: 0xA0)
    put(UInt64(LoadedImage.executable), 4, at: 0x98 + 36)
    let base: UInt64 = 0xFFFF_F800_0000_0000
    let memory = DumpMemory(
      file: MappedFile(bytes: image, path: "memory"), pieces: [.init(address: base, count: image.count, offset: 0)])
    var modules = ModuleMap([ModuleIdentity(name: "a.sys", base: VirtualAddress(base), size: 0x1000)], memory: memory)
    modules.setSymbols(
      SymbolTable(identity: nil, symbols: [.init(offset: 0, name: "Start")]), match: .identity, at: 0)
    #expect(modules.isCode(base))
    #expect(modules.frame(base, stackPointer: nil, trust: .scan).symbol == nil)
    #expect(modules.frame(base, stackPointer: nil, trust: .context).symbol == "a!Start")
  }

  /// Code made to be followed for long: every second word on the stack leads through 1,200 instructions to a `ret` whose
  /// slot holds no code, so that each is followed and refused; the last word of each 24 KiB is taken.
  @Test(.timeLimit(.minutes(1))) func codeThatIsFollowedForLong() {
    // `nop`, then `add rsp, 0x10; ret`.
    let code = [UInt8](repeating: 0x90, count: 1200) + [0x48, 0x83, 0xC4, 0x10, 0xC3]
    let base: UInt64 = 0xFFFF_F800_0000_0000
    let stack: UInt64 = 0xFFFF_A000_0000_0000
    var words: [UInt8] = []
    for index in 0..<0xC00 as Range<UInt64> {
      let word = index & 1 == 0 ? 0 : index == 0xBFF ? base + 0x8004 : base + 0x1004
      for shift in stride(from: 0, to: 64, by: 8) { words.append(UInt8(truncatingIfNeeded: word >> UInt64(shift))) }
    }
    let pieces =
      (0..<400).map {
        DumpMemory.Piece(address: stack + 0x6000 * UInt64($0), count: words.count, offset: code.count)
      } + [DumpMemory.Piece(address: base + 0x1000, count: code.count, offset: 0)]
    let memory = DumpMemory(file: MappedFile(bytes: code + words, path: "memory"), pieces: pieces)
    let modules = ModuleMap(
      [ModuleIdentity(name: "ntoskrnl.exe", base: VirtualAddress(base), size: 0x10_0000)], memory: memory)
    let context = RegisterContext(
      architecture: .x64, instructionPointer: base + 0x8000, stackPointer: stack, framePointer: stack,
      general: [UInt64](repeating: stack, count: 16), flags: 2)
    let frames = StackWalker(memory: memory, modules: modules).walk(context)
    #expect(frames.allSatisfy { $0.trust == .context || $0.trust == .scan })
  }
}
