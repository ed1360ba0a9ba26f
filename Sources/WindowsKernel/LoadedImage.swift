import ByteReading
import CrashDumpFormat
import Facts
import PortableExecutable
import Symbols

/// What the dump's memory holds of a loaded image's own headers: often nothing, sometimes the sections, seldom the debug identity.
public struct LoadedImage: Hashable, Sendable {
  public struct Section: Hashable, Sendable {
    public var name: String
    public var offset: UInt32
    public var size: UInt32
    public var isExecutable: Bool
  }

  public var timestamp: UInt32
  public var sizeOfImage: UInt32
  public var sections: [Section]
  public var debugIdentity: DebugIdentity?

  /// What an image's file says, where it is the module's own.
  init(_ image: PEImage) {
    timestamp = image.header.timestamp
    sizeOfImage = image.header.imageSize
    sections = image.sections.map {
      Section(name: $0.name, offset: $0.offset, size: $0.extent, isExecutable: $0.isExecutable)
    }
    debugIdentity = (try? image.codeView()).flatMap(DebugIdentity.init)
  }

  /// PE format, "File headers" and "Section table". IMAGE_SCN_MEM_EXECUTE.
  static let executable: UInt32 = 0x2000_0000
  /// The loader refuses more than 96 sections.
  static let maximumSections = 96

  /// nil where the headers are not in the dump.
  public init?(at base: VirtualAddress, in memory: any MemoryReading) {
    func at(_ offset: UInt64) -> VirtualAddress { VirtualAddress(base.rawValue &+ offset) }
    guard memory.load(at: base, as: UInt16.self) == 0x5A4D, let newHeader = memory.load(at: at(0x3C), as: UInt32.self),
      newHeader < 0x1000
    else { return nil }
    let pe = UInt64(newHeader)
    guard memory.load(at: at(pe), as: UInt32.self) == 0x0000_4550,
      let count = memory.load(at: at(pe + 6), as: UInt16.self),
      let stamp = memory.load(at: at(pe + 8), as: UInt32.self),
      let optionalSize = memory.load(at: at(pe + 20), as: UInt16.self),
      let magic = memory.load(at: at(pe + 24), as: UInt16.self),
      let size = memory.load(at: at(pe + 24 + 56), as: UInt32.self)
    else { return nil }
    timestamp = stamp
    sizeOfImage = size
    sections = []
    let table = pe + 24 + UInt64(optionalSize)
    for index in 0..<min(Int(count), Self.maximumSections) {
      let entry = table + UInt64(40 * index)
      guard let name = memory.bytes(at: at(entry), count: 8),
        let virtualSize = memory.load(at: at(entry + 8), as: UInt32.self),
        let offset = memory.load(at: at(entry + 12), as: UInt32.self),
        let flags = memory.load(at: at(entry + 36), as: UInt32.self)
      else {
        // Half a table would make code outside it look like data.
        sections = []
        break
      }
      sections.append(
        Section(
          name: decodeWindows1252(name.prefix { $0 != 0 }), offset: offset, size: virtualSize,
          isExecutable: flags & Self.executable != 0))
    }
    // Data directory 6: debug. Behind 96 or 112 bytes of optional header.
    let directory = pe + 24 + (magic == 0x20B ? 112 : 96) + 6 * 8
    debugIdentity = Self.identity(directory: directory, at: at, memory)
  }

  private static func identity(
    directory: UInt64, at: (UInt64) -> VirtualAddress, _ memory: any MemoryReading
  ) -> DebugIdentity? {
    guard let offset = memory.load(at: at(directory), as: UInt32.self),
      let size = memory.load(at: at(directory + 4), as: UInt32.self), offset != 0
    else { return nil }
    for index in 0..<min(UInt64(size) / 28, 16) {
      let entry = UInt64(offset) + 28 * index
      guard memory.load(at: at(entry + 12), as: UInt32.self) == 2,
        let record = memory.load(at: at(entry + 20), as: UInt32.self),
        let length = memory.load(at: at(entry + 16), as: UInt32.self), (25...1024).contains(length),
        let bytes = memory.bytes(at: at(UInt64(record)), count: Int(length)), let identity = codeView(bytes)
      else { continue }
      return identity
    }
    return nil
  }

  /// CodeView record `RSDS`: GUID, age, zero-terminated path.
  static func codeView(_ bytes: [UInt8]) -> DebugIdentity? {
    guard bytes.count > 24, bytes.starts(with: Array("RSDS".utf8)) else { return nil }
    func hex(_ indices: [Int]) -> String {
      indices.map { String(hexadecimal(UInt64(bytes[$0]), digits: 2).dropFirst(2)) }.joined()
    }
    let guid = hex([7, 6, 5, 4, 9, 8, 11, 10]) + hex(Array(12..<20))
    let age = UInt32(bytes[20]) | UInt32(bytes[21]) << 8 | UInt32(bytes[22]) << 16 | UInt32(bytes[23]) << 24
    let path = decodeText(Array(bytes[24...].prefix { $0 != 0 })).text
    let name = path.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last.map(String.init) ?? path
    return DebugIdentity(name: name, guid: guid.uppercased(), age: age)
  }
}

extension DebugIdentity {
  init?(_ record: CodeViewRecord) { self.init(name: record.name, guid: record.identifier, age: record.age) }
}
