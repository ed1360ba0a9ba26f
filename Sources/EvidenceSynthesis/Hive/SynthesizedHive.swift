/// A registry hive to be written: keys and values as they are to be found again.
public struct SynthesizedHive: Sendable {
  public struct Value: Sendable {
    public var name: String
    /// 1 text, 3 bytes, 4 a number of 32 bits.
    public var type: UInt32
    public var data: [UInt8]

    public init(_ name: String, type: UInt32, _ data: [UInt8]) {
      self.name = name
      self.type = type
      self.data = data
    }

    public static func text(_ name: String, _ text: String) -> Value {
      Value(name, type: 1, (Array(text.utf16) + [0]).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] })
    }

    public static func number(_ name: String, _ number: UInt32) -> Value {
      Value(name, type: 4, (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })
    }
  }

  public struct Key: Sendable {
    public var name: String
    public var values: [Value]
    public var subkeys: [Key]

    public init(_ name: String, _ values: [Value] = [], _ subkeys: [Key] = []) {
      self.name = name
      self.values = values
      self.subkeys = subkeys
    }

    /// A chain of keys that ends in this one.
    public func under(_ names: String...) -> Key { names.reversed().reduce(self) { Key($1, [], [$0]) } }
  }

  /// How a key lists its subkeys.
  public enum ListForm: String, Sendable, CaseIterable { case lf, lh, li, ri }

  public var root: Key
  public var listForm: ListForm
  public var minorVersion: UInt32
  public var primarySequence: UInt32
  public var secondarySequence: UInt32
  public var fileName: String

  public init(
    _ root: Key, listForm: ListForm = .lh, minorVersion: UInt32 = 5, primarySequence: UInt32 = 7,
    secondarySequence: UInt32 = 7, fileName: String = ""
  ) {
    self.root = root
    self.listForm = listForm
    self.minorVersion = minorVersion
    self.primarySequence = primarySequence
    self.secondarySequence = secondarySequence
    self.fileName = fileName
  }

  /// The file: a block of 4096 bytes and one bin that holds every cell.
  public func encoded() -> [UInt8] {
    var bin = ByteBuilder(zeros: 32)
    let rootCell = write(root, parent: .max, isRoot: true, &bin)
    let used = bin.count
    bin.grow(to: (used + 8 + 4095) / 4096 * 4096)
    bin.put(Int32(bin.count - used), at: used)
    bin.put("hbin".utf8, at: 0)
    bin.put(UInt32(bin.count), at: 8)
    return base(type: 0, rootCell: rootCell, binsSize: UInt32(bin.count)).bytes + bin.bytes
  }

  /// The base block; a log repeats its first 512 bytes.
  func base(type: UInt32, rootCell: UInt32, binsSize: UInt32) -> ByteBuilder {
    var block = ByteBuilder(zeros: 4096)
    block.put("regf".utf8, at: 0)
    block.put(primarySequence, at: 4)
    block.put(secondarySequence, at: 8)
    block.put(UInt32(1), at: 20)
    block.put(minorVersion, at: 24)
    block.put(type, at: 28)
    block.put(UInt32(1), at: 32)
    block.put(rootCell, at: 36)
    block.put(binsSize, at: 40)
    block.put(UInt32(1), at: 44)
    block.put(fileName.utf16.suffix(31).flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }, at: 48)
    Self.seal(&block)
    return block
  }

  /// Sets the checksum: all 32-bit words before it, combined bit by bit.
  static func seal(_ block: inout ByteBuilder) {
    var sum: [UInt8] = [0, 0, 0, 0]
    for (index, byte) in block.bytes.prefix(508).enumerated() { sum[index % 4] ^= byte }
    if sum == [0, 0, 0, 0] { sum = [1, 0, 0, 0] }
    if sum == [255, 255, 255, 255] { sum = [254, 255, 255, 255] }
    block.put(sum, at: 508)
  }

  // MARK: Cells

  /// Puts a cell behind the others; its place, counted from the bin.
  private func cell(_ content: [UInt8], _ bin: inout ByteBuilder) -> UInt32 {
    let place = bin.count
    let size = (content.count + 4 + 7) / 8 * 8
    bin.append(Int32(-size))
    bin.append(content)
    bin.grow(to: place + size)
    return UInt32(place)
  }

  private func write(_ key: Key, parent: UInt32, isRoot: Bool = false, _ bin: inout ByteBuilder) -> UInt32 {
    // The key first, so that its children can name it; their places are filled in afterwards.
    let isNarrow = key.name.unicodeScalars.allSatisfy { $0.value < 256 }
    let name =
      isNarrow
      ? key.name.unicodeScalars.map { UInt8($0.value) } : key.name.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
    var node = ByteBuilder(zeros: 76)
    node.put("nk".utf8, at: 0)
    node.put(UInt16((isRoot ? 0x0C : 0) | (isNarrow ? 0x20 : 0)), at: 2)
    node.put(parent, at: 16)
    node.put(UInt32(key.subkeys.count), at: 20)
    for field in [28, 32, 40, 44, 48] { node.put(UInt32.max, at: field) }
    node.put(UInt32(key.values.count), at: 36)
    node.put(UInt16(name.count), at: 72)
    node.append(name)
    let place = cell(node.bytes, &bin)
    if !key.values.isEmpty {
      let places = key.values.map { write($0, &bin) }
      bin.put(cell(places.flatMap(Self.bytes), &bin), at: Int(place) + 4 + 40)
    }
    if !key.subkeys.isEmpty {
      let children = key.subkeys.map { ($0.name, write($0, parent: place, &bin)) }
      bin.put(list(children, &bin), at: Int(place) + 4 + 28)
    }
    return place
  }

  private func list(_ children: [(name: String, place: UInt32)], _ bin: inout ByteBuilder) -> UInt32 {
    func plain(_ mark: String, _ children: some Collection<(name: String, place: UInt32)>, hints: Bool) -> UInt32 {
      var content = Array(mark.utf8) + [UInt8(children.count & 0xFF), UInt8(children.count >> 8)]
      for child in children {
        content += Self.bytes(child.place)
        if hints { content += [0, 0, 0, 0] }
      }
      return cell(content, &bin)
    }
    switch listForm {
    case .lf, .lh: return plain(listForm.rawValue, children, hints: true)
    case .li: return plain("li", children, hints: false)
    case .ri:
      let half = (children.count + 1) / 2
      let parts =
        [plain("lh", children.prefix(half), hints: true)]
        + (children.count > half ? [plain("lh", children.dropFirst(half), hints: true)] : [])
      return cell(Array("ri".utf8) + [UInt8(parts.count), 0] + parts.flatMap(Self.bytes), &bin)
    }
  }

  private func write(_ value: Value, _ bin: inout ByteBuilder) -> UInt32 {
    var node = ByteBuilder(zeros: 20)
    node.put("vk".utf8, at: 0)
    node.put(UInt16(value.name.utf8.count), at: 2)
    node.put(value.type, at: 12)
    node.put(UInt16(1), at: 16)
    node.append(value.name.utf8)
    if value.data.count <= 4 {
      node.put(UInt32(value.data.count) | 0x8000_0000, at: 4)
      node.put(value.data, at: 8)
    } else {
      node.put(UInt32(value.data.count), at: 4)
      node.put(data(value.data, &bin), at: 8)
    }
    return cell(node.bytes, &bin)
  }

  private func data(_ bytes: [UInt8], _ bin: inout ByteBuilder) -> UInt32 {
    guard bytes.count > 16_344, minorVersion > 3 else { return cell(bytes, &bin) }
    var places: [UInt32] = []
    for start in stride(from: 0, to: bytes.count, by: 16_344) {
      places.append(cell(Array(bytes[start..<min(bytes.count, start + 16_344)]), &bin))
    }
    let list = cell(places.flatMap(Self.bytes), &bin)
    return cell(Array("db".utf8) + [UInt8(places.count & 0xFF), UInt8(places.count >> 8)] + Self.bytes(list), &bin)
  }

  static func bytes(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
}
