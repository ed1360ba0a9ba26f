import ByteReading
import Facts

/// An image's version resource: VS_VERSIONINFO (learn.microsoft.com/windows/win32/menurc/vs-versioninfo).
public struct VersionInformation: Hashable, Sendable {
  public struct StringTable: Hashable, Sendable {
    public var language: UInt16
    public var codePage: UInt16
    /// In the resource's order.
    public var strings: [Entry]
  }

  public struct Entry: Hashable, Sendable {
    public var key: String
    public var value: String
  }

  public struct Translation: Hashable, Sendable {
    public var language: UInt16
    public var codePage: UInt16
  }

  /// Of the resource itself.
  public var language: UInt16
  /// VS_FIXEDFILEINFO; nil where the resource has none.
  public var fileVersion: FileVersion?
  public var productVersion: FileVersion?
  /// VS_FF_* bits that are set and meant: 1 debug, 2 prerelease, 4 patched, 8 private build, 0x20 special build.
  public var flags: UInt32 = 0
  /// VFT_*: 1 program, 2 library, 3 driver.
  public var fileType: UInt32 = 0
  public var fileSubtype: UInt32 = 0
  public var stringTables: [StringTable] = []
  public var translations: [Translation] = []

  /// A string of the first table that has it (`CompanyName`, `ProductName`, `OriginalFilename`).
  public func string(_ key: String) -> String? {
    for table in stringTables {
      if let entry = table.strings.first(where: { $0.key == key }) { return entry.value }
    }
    return nil
  }

  /// As people read it: `5.1.2600.2622 (xpsp_sp2_gdr.050301-1519)`.
  public var fileVersionText: String? { string("FileVersion") }

  /// `xpsp_sp2_gdr.050301-1519`: on XP and Server 2003 only this tells the servicing branch.
  public var branchSuffix: String? {
    guard let text = fileVersionText, let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"),
      open < close
    else { return nil }
    let suffix = text[text.index(after: open)..<close]
    return suffix.isEmpty ? nil : String(suffix)
  }

  static let signature: UInt32 = 0xFEEF_04BD
  /// Strings of all tables together; wLength allows hardly more.
  static let maximumStrings = 4096

  init(_ bytes: [UInt8], language: UInt16) throws(ReadError) {
    self.language = language
    guard let root = VersionNode(bytes, at: 0, end: bytes.count), root.key == "VS_VERSION_INFO" else {
      throw ReadError(
        .malformed, reading: "VS_VERSIONINFO", expected: "the key VS_VERSION_INFO", found: "\(bytes.count) other bytes",
        trail: ["version resource"])
    }
    let span = bytes.span.bytes
    func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: root.value + at, as: UInt32.self) ?? 0 }
    var children = root.value
    if root.valueLength >= 52, word(0) == Self.signature {
      func version(_ at: Int) -> FileVersion {
        FileVersion(
          UInt16(truncatingIfNeeded: word(at) >> 16), UInt16(truncatingIfNeeded: word(at)),
          UInt16(truncatingIfNeeded: word(at + 4) >> 16), UInt16(truncatingIfNeeded: word(at + 4)))
      }
      fileVersion = version(8)
      productVersion = version(16)
      flags = word(28) & word(24)
      fileType = word(36)
      fileSubtype = word(40)
    }
    children += (root.valueLength + 3) & ~3
    var count = 0
    for child in VersionNode.list(bytes, from: children, to: root.end) {
      switch child.key {
      case "StringFileInfo":
        for table in VersionNode.list(bytes, from: child.value, to: child.end) {
          stringTables.append(Self.table(bytes, table, &count))
        }
      case "VarFileInfo":
        for variable in VersionNode.list(bytes, from: child.value, to: child.end) where variable.key == "Translation" {
          for index in 0..<(min(variable.valueLength, variable.end - variable.value) / 4) {
            guard let language = span.loadIfPresent(at: variable.value + 4 * index, as: UInt16.self),
              let page = span.loadIfPresent(at: variable.value + 4 * index + 2, as: UInt16.self)
            else { break }
            translations.append(Translation(language: language, codePage: page))
          }
        }
      default: break
      }
    }
  }

  private static func table(_ bytes: [UInt8], _ node: VersionNode, _ count: inout Int) -> StringTable {
    // `040904B0`: language and code page in hexadecimal.
    let key = parseHexadecimal(node.key).map { UInt32(truncatingIfNeeded: $0) } ?? 0
    var table = StringTable(
      language: UInt16(truncatingIfNeeded: key >> 16), codePage: UInt16(truncatingIfNeeded: key), strings: [])
    for entry in VersionNode.list(bytes, from: node.value, to: node.end) where count < maximumStrings {
      count += 1
      // The length counts 16-bit units with some compilers and bytes with others: the terminator decides.
      let value =
        entry.valueLength == 0 ? "" : decodeUTF16(units(bytes, from: entry.value, to: entry.end))
      table.strings.append(Entry(key: entry.key, value: value))
    }
    return table
  }

  /// Bytes of the UTF-16 units up to a zero one.
  static func units(_ bytes: [UInt8], from start: Int, to end: Int) -> ArraySlice<UInt8> {
    var index = start
    while index + 1 < end, bytes[index] != 0 || bytes[index + 1] != 0 { index += 2 }
    return bytes[min(start, end)..<min(index, end)]
  }
}

/// One block of the resource: length, value's length, type, key, padding, value, padding, children.
struct VersionNode {
  var key: String
  var valueLength: Int
  /// Where value or children begin, and where the block ends.
  var value: Int
  var end: Int

  /// nil where no block of at least its own header begins there.
  init?(_ bytes: [UInt8], at offset: Int, end limit: Int) {
    let span = bytes.span.bytes
    guard offset + 6 <= limit, let length = span.loadIfPresent(at: offset, as: UInt16.self), length >= 6,
      let valueLength = span.loadIfPresent(at: offset + 2, as: UInt16.self)
    else { return nil }
    let end = min(limit, offset + Int(length))
    let name = VersionInformation.units(bytes, from: offset + 6, to: end)
    key = decodeUTF16(name)
    self.valueLength = Int(valueLength)
    value = min(end, (offset + 6 + name.count + 2 + 3) & ~3)
    self.end = end
  }

  /// Blocks one behind the other, each on a multiple of four bytes.
  static func list(_ bytes: [UInt8], from start: Int, to end: Int) -> [VersionNode] {
    var nodes: [VersionNode] = []
    var offset = start
    while let node = VersionNode(bytes, at: offset, end: end) {
      nodes.append(node)
      offset = (node.end + 3) & ~3
    }
    return nodes
  }
}

extension PEImage {
  /// RT_VERSION.
  static let versionType: UInt32 = 16
  /// wLength has 16 bits.
  static let maximumVersionBytes = 0x1_0000

  /// The first version resource that can be read; nil where the image has none.
  public func versionInformation() throws(ReadError) -> VersionInformation? {
    var failure: ReadError?
    for leaf in try resources(type: Self.versionType) {
      let bytes = available(at: leaf.offset, limit: Int(min(leaf.size, UInt32(Self.maximumVersionBytes))))
      guard !bytes.isEmpty else {
        failure = failure ?? missing("version resource", at: leaf.offset, "\(leaf.size) bytes")
        continue
      }
      do {
        return try VersionInformation(bytes, language: leaf.language)
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return nil
  }
}
