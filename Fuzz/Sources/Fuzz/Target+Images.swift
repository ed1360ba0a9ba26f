import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import PortableExecutable
import Symbols
import WindowsKernel

extension Target {
  /// Every part of an image, from a file and as if the bytes were memory, with one step of unwinding.
  static let image = Target(name: "image") {
    var image = SynthesizedImage()
    image.debug = ([UInt8](repeating: 7, count: 16), 1, "acme.pdb")
    image.version = ([5, 2, 3790, 71], [5, 2, 3790, 0])
    image.strings = [("FileVersion", "5.2.3790.71 (srv03_qfe.030716-1500)")]
    image.exports = [("Alpha", 0x1010), ("Gone", 0)]
    image.functions = [
      .init(begin: 0x1000, end: 0x1080, unwindInfo: [1, 8, 4, 0, 8, 0x32, 4, 0xC0, 2, 0x70, 1, 0x50])
    ]
    var arm = image
    arm.machine = 0xAA64
    arm.functions = [.init(begin: 0x1000, end: 0, unwindInfo: [0x21, 0, 0x83, 0x01])]
    return [image.file(), image.memory(), arm.file()]
  } run: { bytes in
    let memory = ImageMemoryReader { offset, count in
      guard let start = Int(exactly: offset), count >= 0, start <= bytes.count, bytes.count - start >= count else {
        return nil
      }
      return Array(bytes[start..<(start + count)])
    }
    let images = [
      try? PEImage(parsing: MappedFile(bytes: bytes, path: "input")),
      try? PEImage(loaded: memory, base: VirtualAddress(0xFFFF_F800_0000_0000)),
    ]
    for case let image? in images {
      _ = image.timestampMeaning
      _ = try? image.codeView()
      _ = try? image.splitDebugFile()
      _ = try? image.exports()
      _ = try? image.versionInformation()
      _ = image.computedChecksum()
      if let table = image.arm64FunctionTable { for index in 0..<min(8, table.count) { _ = try? table.entry(index) } }
      if let unwinder = ARM64Unwinder(image) {
        for place in [0, 0x1000, 0x1004, 0x1010, 0x1040] as [UInt64] {
          let registers = ARM64Registers(
            instructionPointer: image.base.rawValue &+ place, stackPointer: 0x1000,
            general: (0..<31).map { 0x2000 + 8 * $0 })
          for isReturn in [false, true] { _ = try? unwinder.caller(of: registers, isReturnAddress: isReturn) { $0 } }
        }
      }
      guard let unwinder = X64Unwinder(image) else { continue }
      for place in [0, 0x1000, 0x1004, 0x1010, 0x1040] as [UInt64] {
        let registers = X64Registers(
          instructionPointer: image.base.rawValue &+ place, general: (0..<16).map { 0x1000 + 8 * $0 })
        _ = try? unwinder.caller(of: registers) { $0 }
      }
    }
  }

  /// A database: its symbols, and every type.
  static let pdb = Target(name: "pdb") {
    var database = SynthesizedDatabase()
    database.blockSize = 512
    database.publics = [
      .init("KeBugCheckEx", section: 1, offset: 0x100), .init("Table", section: 2, offset: 0, isFunction: false),
    ]
    database.procedures = [.init("helper", section: 1, offset: 0x200, size: 0x40)]
    database.types = [
      [0x03, 0x12, 0x0D, 0x15, 3, 0, 0x74, 0, 0, 0, 8, 0, 0x78, 0],
      [0x05, 0x15, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0x58, 0],
    ]
    var moved = database
    moved.moves = [(0x1000, 0x9000)]
    var frames = database
    frames.machine = 0x14C
    frames.frameData = [
      .init(
        start: 0x1000, size: 0x80, locals: 8, program: "$T0 .raSearch = $eip $T0 ^ = $esp $T0 4 + = $20 $T0 8 - ^ =")
    ]
    frames.omissions = [.init(start: 0x1100, size: 0x80, localWords: 2, registers: 1, usesFramePointer: true)]
    return [database.encoded(), moved.encoded(), frames.encoded()]
  } run: { bytes in
    guard let file = try? PDBFile(parsing: MappedFile(bytes: bytes, path: "input")) else { return }
    if let table = try? SymbolTable(pdb: file) {
      for offset in [0, 0x1000, 0x1200, .max] as [UInt64] { _ = table.function(at: offset) }
      walkX86(table)
    }
    guard let types = try? file.types() else { return }
    for index in 0..<min(64, types.count) {
      _ = try? types.layout(of: types.firstIndex &+ UInt32(index))
      _ = types.description(of: types.firstIndex &+ UInt32(index))
    }
  }

  /// A stack of addresses in the image, walked by the table's frame records.
  private static func walkX86(_ table: SymbolTable) {
    guard table.frames != nil else { return }
    let (base, stack) = (0xF780_0000 as UInt64, 0xF790_0000 as UInt64)
    var words: [UInt8] = []
    for index in 0..<256 as Range<UInt32> {
      let word = index % 3 == 0 ? UInt32(stack) + 4 * index : UInt32(base) + 0x1000 + 0x20 * index
      for shift in stride(from: 0 as UInt32, to: 32, by: 8) { words.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    let memory = DumpMemory(
      file: MappedFile(bytes: words, path: "stack"), pieces: [.init(address: stack, count: words.count, offset: 0)])
    var modules = ModuleMap(
      [ModuleIdentity(name: "acme.sys", base: VirtualAddress(base), size: 0x1_0000)], memory: memory)
    modules.setSymbols(table, match: .identity, at: 0)
    let frames = StackWalker(memory: memory, modules: modules).walk(
      RegisterContext(
        architecture: .x86, instructionPointer: base + 0x1020, stackPointer: stack, framePointer: stack + 0x40,
        general: [0, 0, 0, 0, stack, stack + 0x40, 0, 0], flags: 2))
    precondition(frames.count <= StackWalker.maximumFrames)
  }

  /// Cabinets: the directory here, what libarchive unpacks, and the limits around it.
  static let cabinet = Target(name: "cabinet") {
    // One file of four bytes, stored, and the same in an MSZIP block that DEFLATE stores.
    func cabinet(_ method: UInt8, _ data: [UInt8], unpacked: UInt8) -> [UInt8] {
      let head: [UInt8] = [
        0x4D, 0x53, 0x43, 0x46, 0, 0, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0, 44, 0, 0, 0, 0, 0, 0, 0, 3, 1, 1, 0, 1, 0, 0, 0,
        0,
        0, 0, 0,
      ]
      return head + [62, 0, 0, 0, 1, 0, method, 0] + [
        unpacked, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0x61, 0,
      ]
        + [0, 0, 0, 0, UInt8(data.count), 0, unpacked, 0] + data
    }
    return [
      cabinet(0, [1, 2, 3, 4], unpacked: 4),
      cabinet(1, [0x43, 0x4B, 1, 4, 0, 0xFB, 0xFF, 1, 2, 3, 4], unpacked: 4),
    ]
  } run: { bytes in
    _ = try? Cabinet.firstMember(of: MappedFile(bytes: bytes, path: "input"))
  }
}
