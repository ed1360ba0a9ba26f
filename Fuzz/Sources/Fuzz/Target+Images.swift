import ByteReading
import EvidenceSynthesis
import Facts
import PortableExecutable
import Symbols

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
    return [database.encoded(), moved.encoded()]
  } run: { bytes in
    guard let file = try? PDBFile(parsing: MappedFile(bytes: bytes, path: "input")) else { return }
    if let table = try? SymbolTable(pdb: file) {
      for offset in [0, 0x1000, 0x1200, .max] as [UInt64] { _ = table.function(at: offset) }
    }
    guard let types = try? file.types() else { return }
    for index in 0..<min(64, types.count) {
      _ = try? types.layout(of: types.firstIndex &+ UInt32(index))
      _ = types.description(of: types.firstIndex &+ UInt32(index))
    }
  }
}
