/// A driver image made of what it is told: written as a file, or as the loader lays it out in memory.
///
/// Sections, each on a page of its own: `.text`, `.rdata` (debug directory, exports, unwind data), `.pdata`, `.rsrc`.
public struct SynthesizedImage: Sendable {
  public struct Function: Sendable {
    public var begin: UInt32
    public var end: UInt32
    /// UNWIND_INFO or an ARM64 `.xdata` record, as bytes.
    public var unwindInfo: [UInt8]

    public init(begin: UInt32, end: UInt32, unwindInfo: [UInt8]) {
      self.begin = begin
      self.end = end
      self.unwindInfo = unwindInfo
    }
  }

  public var is64Bit = true
  public var machine: UInt16 = 0x8664
  public var timestamp: UInt32 = 0x4B2A_0C10
  public var preferredBase: UInt64 = 0x1_4000_0000
  /// Code at 0x1000.
  public var code = [UInt8](repeating: 0xCC, count: 0x100)
  public var functions: [Function] = []
  /// The PDB the image belongs to; nil for none.
  public var debug: (guid: [UInt8], age: UInt32, path: String)?
  public var isReproducible = false
  public var version: (file: [UInt16], product: [UInt16])?
  public var strings: [(key: String, value: String)] = []
  public var exportName = "ACME.SYS"
  /// Names and addresses; an address that is zero makes the export a forwarder to `OTHER.Name`.
  public var exports: [(name: String, offset: UInt32)] = []
  public var hasChecksum = true

  public init() {}

  static let pages: [(name: String, offset: UInt32, flags: UInt32)] = [
    (".text", 0x1000, 0x6000_0020), (".rdata", 0x2000, 0x4000_0040), (".pdata", 0x4000, 0x4000_0040),
    (".rsrc", 0x5000, 0x4000_0040),
  ]
  static let imageSize = 0x7000

  /// As on disk: sections one behind the other on multiples of 512 bytes.
  public func file() -> [UInt8] {
    let parts = content()
    var out = headers(parts)
    for part in parts {
      out.align(to: 0x200)
      out.append(part)
    }
    out.align(to: 0x200)
    if hasChecksum { out.put(Self.checksum(out.bytes), at: Self.optionalHeader + 64) }
    return out.bytes
  }

  /// As in memory: sections at their addresses, with zeros between.
  public func memory() -> [UInt8] {
    let parts = content()
    var out = headers(parts)
    for (page, part) in zip(Self.pages, parts) { out.put(part, at: Int(page.offset)) }
    out.grow(to: Self.imageSize)
    return out.bytes
  }

  static let signature = 0x80
  static let optionalHeader = signature + 24

  private func headers(_ parts: [[UInt8]]) -> ByteBuilder {
    var out = ByteBuilder(zeros: 0x400)
    out.put(Array("MZ".utf8), at: 0)
    out.put(UInt32(Self.signature), at: 0x3C)
    out.put(Array("PE\0\0".utf8), at: Self.signature)
    out.put(machine, at: Self.signature + 4)
    out.put(UInt16(parts.count), at: Self.signature + 6)
    out.put(timestamp, at: Self.signature + 8)
    let optionalSize = is64Bit ? 240 : 224
    out.put(UInt16(optionalSize), at: Self.signature + 20)
    out.put(UInt16(0x22), at: Self.signature + 22)
    let optional = Self.optionalHeader
    out.put(UInt16(is64Bit ? 0x20B : 0x10B), at: optional)
    out.put(UInt32(0x1000), at: optional + 16)
    if is64Bit {
      out.put(preferredBase, at: optional + 24)
    } else {
      out.put(UInt32(truncatingIfNeeded: preferredBase), at: optional + 28)
    }
    out.put(UInt32(0x1000), at: optional + 32)
    out.put(UInt32(0x200), at: optional + 36)
    out.put(UInt32(Self.imageSize), at: optional + 56)
    out.put(UInt32(0x400), at: optional + 60)
    out.put(UInt16(1), at: optional + 68)
    let table = optional + (is64Bit ? 112 : 96)
    out.put(UInt32(16), at: table - 4)
    for (index, offset, size) in [
      (0, exports.isEmpty ? 0 : Self.exportOffset, exportBytes().count),
      (2, version == nil && strings.isEmpty ? 0 : 0x5000, parts[3].count),
      (3, functions.isEmpty ? 0 : 0x4000, functions.count * (machine == 0xAA64 ? 8 : 12)),
      (6, debug == nil && !isReproducible ? 0 : 0x2000, 28 * ((debug == nil ? 0 : 1) + (isReproducible ? 1 : 0))),
    ] where offset != 0 {
      out.put(UInt32(offset), at: table + 8 * index)
      out.put(UInt32(size), at: table + 8 * index + 4)
    }
    var place = 0x400
    for (index, part) in parts.enumerated() {
      let page = Self.pages[index]
      let entry = optional + optionalSize + 40 * index
      out.put(Array(page.name.utf8), at: entry)
      out.put(UInt32(part.count), at: entry + 8)
      out.put(page.offset, at: entry + 12)
      let size = (part.count + 0x1FF) & ~0x1FF
      out.put(UInt32(size), at: entry + 16)
      out.put(UInt32(place), at: entry + 20)
      out.put(page.flags, at: entry + 36)
      place += size
    }
    return out
  }

  // Places in `.rdata`.
  private static let codeViewOffset = 0x2040
  private static let exportOffset = 0x2200
  private static let unwindOffset = 0x3000

  private func content() -> [[UInt8]] {
    var data = ByteBuilder(zeros: 0x40)
    var entry = 0
    if let debug {
      var record = ByteBuilder()
      record.append(Array("RSDS".utf8))
      record.append(debug.guid)
      record.append(debug.age)
      record.append(Array(debug.path.utf8) + [0])
      data.put(UInt32(2), at: entry + 12)
      data.put(UInt32(record.count), at: entry + 16)
      data.put(UInt32(Self.codeViewOffset), at: entry + 20)
      data.put(UInt32(dataStart + Self.codeViewOffset - 0x2000), at: entry + 24)
      data.put(record.bytes, at: Self.codeViewOffset - 0x2000)
      entry += 28
    }
    if isReproducible { data.put(UInt32(16), at: entry + 12) }
    data.put(exportBytes(), at: Self.exportOffset - 0x2000)
    data.grow(to: Self.unwindOffset - 0x2000)
    var table = ByteBuilder()
    for function in functions {
      data.align(to: 4)
      let place = UInt32(0x2000 + data.count)
      table.append(function.begin)
      if machine == 0xAA64 {
        // Four bytes are the packed form, which stands in the table itself.
        if function.unwindInfo.count == 4 {
          table.append(function.unwindInfo)
          continue
        }
      } else {
        table.append(function.end)
      }
      table.append(place)
      data.append(function.unwindInfo)
    }
    return [code, data.bytes, table.bytes, VersionResource(version: version, strings: strings).section(at: 0x5000)]
  }

  /// Where `.rdata` begins in the file.
  private var dataStart: Int { 0x400 + (code.count + 0x1FF) & ~0x1FF }

  private func exportBytes() -> [UInt8] {
    guard !exports.isEmpty else { return [] }
    let count = exports.count
    let base = Self.exportOffset
    var out = ByteBuilder(zeros: 40 + 10 * count)
    let sorted = exports.indices.sorted { exports[$0].name < exports[$1].name }
    func text(_ text: String, _ out: inout ByteBuilder) -> UInt32 {
      let place = UInt32(base + out.count)
      out.append(Array(text.utf8) + [0])
      return place
    }
    out.put(text(exportName, &out), at: 12)
    out.put(UInt32(1), at: 16)
    out.put(UInt32(count), at: 20)
    out.put(UInt32(count), at: 24)
    out.put(UInt32(base + 40), at: 28)
    out.put(UInt32(base + 40 + 4 * count), at: 32)
    out.put(UInt32(base + 40 + 8 * count), at: 36)
    for (index, export) in exports.enumerated() {
      out.put(export.offset == 0 ? text("OTHER." + export.name, &out) : export.offset, at: 40 + 4 * index)
    }
    for (place, index) in sorted.enumerated() {
      out.put(text(exports[index].name, &out), at: 40 + 4 * count + 4 * place)
      out.put(UInt16(index), at: 40 + 8 * count + 2 * place)
    }
    return out.bytes
  }

  /// Word by word, as the format says.
  static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum: UInt32 = 0
    for index in stride(from: 0, to: bytes.count - 1, by: 2) {
      sum += UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
      sum = (sum & 0xFFFF) + (sum >> 16)
    }
    return sum + UInt32(bytes.count)
  }
}
