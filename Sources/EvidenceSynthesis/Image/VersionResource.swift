/// A `.rsrc` section that holds a version resource and nothing else.
struct VersionResource {
  var version: (file: [UInt16], product: [UInt16])?
  var strings: [(key: String, value: String)]

  func section(at address: UInt32) -> [UInt8] {
    var out = ByteBuilder(zeros: 0x58)
    // Type 16, name 1, language 0x409: three directories of one entry, then the leaf.
    for (place, number, target) in [(0, 16, 0x8000_0018), (0x18, 1, 0x8000_0030), (0x30, 0x409, 0x48)] {
      out.put(UInt16(1), at: place + 14)
      out.put(UInt32(number), at: place + 16)
      out.put(UInt32(target), at: place + 20)
    }
    let bytes = block()
    out.put(address + 0x58, at: 0x48)
    out.put(UInt32(bytes.count), at: 0x4C)
    out.append(bytes)
    return out.bytes
  }

  private func block() -> [UInt8] {
    var fixed = ByteBuilder()
    if let version {
      for word in [0xFEEF_04BD, 0x1_0000] as [UInt32] { fixed.append(word) }
      for number in [version.file, version.product] {
        fixed.append(UInt32(number[0]) << 16 | UInt32(number[1]))
        fixed.append(UInt32(number[2]) << 16 | UInt32(number[3]))
      }
      for word in [0x3F, 0, 0x4_0004, 3, 7, 0, 0] as [UInt32] { fixed.append(word) }
    }
    let table = Self.node(
      "040904B0", value: [], isText: true, valueUnits: 0,
      children: strings.map {
        Self.node($0.key, value: Self.utf16($0.value), isText: true, valueUnits: $0.value.utf16.count + 1, children: [])
      })
    let info = Self.node("StringFileInfo", value: [], isText: true, valueUnits: 0, children: [table])
    let translation = Self.node(
      "Translation", value: [0x09, 0x04, 0xB0, 0x04], isText: false, valueUnits: 4, children: [])
    let variables = Self.node("VarFileInfo", value: [], isText: true, valueUnits: 0, children: [translation])
    return Self.node(
      "VS_VERSION_INFO", value: fixed.bytes, isText: false, valueUnits: fixed.count, children: [info, variables])
  }

  private static func utf16(_ text: String) -> [UInt8] {
    (Array(text.utf16) + [0]).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  private static func node(
    _ key: String, value: [UInt8], isText: Bool, valueUnits: Int, children: [[UInt8]]
  ) -> [UInt8] {
    var out = ByteBuilder(zeros: 6)
    out.put(UInt16(valueUnits), at: 2)
    out.put(UInt16(isText ? 1 : 0), at: 4)
    out.append(utf16(key))
    out.align(to: 4)
    out.append(value)
    for child in children {
      out.align(to: 4)
      out.append(child)
    }
    out.put(UInt16(out.count), at: 0)
    return out.bytes
  }
}
