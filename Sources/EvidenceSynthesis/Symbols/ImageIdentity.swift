/// The front of an image in memory: DOS and PE headers and the debug directory that names its PDB. Dumps written by
/// debuggers hold such pages (two of the three real dumps hold the kernel's); kernels do not add them.
///
/// Offsets: Microsoft, "PE Format": DOS header's e_lfanew, file header, optional header, debug directory; the CodeView
/// record `RSDS` (GUID, age, path).
enum ImageIdentity {
  /// Where the debug directory and the CodeView record stand: after the headers, in the same page.
  private static let debugDirectory: UInt32 = 0x300
  private static let codeView: UInt32 = 0x320

  /// Where the export directory stands, where there is one.
  private static let exportDirectory: UInt32 = 0x400

  /// - Parameter exports: relative to the base.
  static func memory(
    _ module: SynthesizedModule, _ table: SynthesizedSymbolTable, exports: [String: UInt32] = [:]
  ) -> SynthesizedMemory {
    let wide = table.machineType != 0x014C
    var out = ByteBuilder(zeros: Int(codeView))
    out.put(Array("MZ".utf8), at: 0)
    out.put(0x80 as UInt32, at: 0x3C)
    out.put(Array("PE".utf8), at: 0x80)
    let file = 0x84
    out.put(table.machineType, at: file)
    out.put(module.timestamp, at: file + 4)
    out.put(UInt16(wide ? 0xF0 : 0xE0), at: file + 16)
    out.put(UInt16(wide ? 0x0022 : 0x010E), at: file + 18)
    let optional = 0x98
    out.put(UInt16(wide ? 0x020B : 0x010B), at: optional)
    out.putPointer(module.base, width: wide ? 8 : 4, at: optional + (wide ? 24 : 28))
    out.put(0x1000 as UInt32, at: optional + 32)
    out.put(0x200 as UInt32, at: optional + 36)
    out.put(module.size, at: optional + 56)
    out.put(0x400 as UInt32, at: optional + 60)
    out.put(module.checksum, at: optional + 64)
    // Subsystem 1: native.
    out.put(1 as UInt16, at: optional + 68)
    out.put(16 as UInt32, at: optional + (wide ? 108 : 92))
    let directory = optional + (wide ? 112 : 96) + 6 * 8
    out.put(debugDirectory, at: directory)
    out.put(28 as UInt32, at: directory + 4)
    let record = codeViewRecord(table)
    out.put(module.timestamp, at: Int(debugDirectory) + 4)
    out.put(2 as UInt32, at: Int(debugDirectory) + 12)
    out.put(UInt32(record.count), at: Int(debugDirectory) + 16)
    out.put(codeView, at: Int(debugDirectory) + 20)
    out.put(codeView, at: Int(debugDirectory) + 24)
    out.put(record, at: Int(codeView))
    if !exports.isEmpty {
      let bytes = exportBytes(module.name, exports)
      out.put(exportDirectory, at: optional + (wide ? 112 : 96))
      out.put(UInt32(bytes.count), at: optional + (wide ? 112 : 96) + 4)
      out.put(bytes, at: Int(exportDirectory))
    }
    return SynthesizedMemory(address: module.base, bytes: out.bytes)
  }

  /// IMAGE_EXPORT_DIRECTORY (PE format, "The .edata Section") with its tables: addresses, names in the alphabet's order, ordinals.
  private static func exportBytes(_ name: String, _ exports: [String: UInt32]) -> [UInt8] {
    let names = exports.keys.sorted()
    let count = names.count
    var out = ByteBuilder(zeros: 40)
    out.put(1 as UInt32, at: 16)
    for at in [20, 24] { out.put(UInt32(count), at: at) }
    let tables = [40, 40 + 4 * count, 40 + 8 * count]
    for (index, at) in tables.enumerated() { out.put(exportDirectory + UInt32(at), at: 28 + 4 * index) }
    var text = 40 + 10 * count
    out.put(exportDirectory + UInt32(text), at: 12)
    out.put(Array(name.utf8) + [0], at: text)
    text += name.utf8.count + 1
    for (index, name) in names.enumerated() {
      out.put(exports[name] ?? 0, at: tables[0] + 4 * index)
      out.put(exportDirectory + UInt32(text), at: tables[1] + 4 * index)
      out.put(UInt16(index), at: tables[2] + 2 * index)
      out.put(Array(name.utf8) + [0], at: text)
      text += name.utf8.count + 1
    }
    return out.bytes
  }

  /// A GUID's text groups its first 8, 4 and 4 digits as numbers, which are little-endian in memory; the rest is in order.
  private static func codeViewRecord(_ table: SynthesizedSymbolTable) -> [UInt8] {
    var digits: [UInt8] = []
    var rest = table.guid[...]
    while rest.count >= 2 {
      digits.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    digits += [UInt8](repeating: 0, count: max(0, 16 - digits.count))
    let guid = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15].map { digits[$0] }
    var out = ByteBuilder()
    out.append(Array("RSDS".utf8))
    out.append(guid)
    out.append(table.age)
    out.append(Array(table.database.utf8) + [0])
    return out.bytes
  }
}
