/// A program database made of what it is told, written block by block as a linker lays it down.
public struct SynthesizedDatabase: Sendable {
  public struct Symbol: Sendable {
    public var name: String
    /// Counted from one.
    public var section: UInt16
    public var offset: UInt32
    /// Of procedures; zero for public symbols.
    public var size: UInt32
    public var isFunction: Bool

    public init(_ name: String, section: UInt16, offset: UInt32, size: UInt32 = 0, isFunction: Bool = true) {
      self.name = name
      self.section = section
      self.offset = offset
      self.size = size
      self.isFunction = isFunction
    }
  }

  public struct Section: Sendable {
    public var offset: UInt32
    public var size: UInt32
    public var isExecutable: Bool

    public init(offset: UInt32, size: UInt32, isExecutable: Bool) {
      self.offset = offset
      self.size = size
      self.isExecutable = isExecutable
    }
  }

  public var blockSize = 1024
  /// Sixteen bytes in the order of the file.
  public var guid: [UInt8] = (0..<16).map { UInt8($0 * 17) }
  public var age: UInt32 = 3
  public var writes: UInt32 = 5
  public var machine: UInt16 = 0x8664
  public var sections = [
    Section(offset: 0x1000, size: 0x4000, isExecutable: true),
    Section(offset: 0x5000, size: 0x2000, isExecutable: false),
  ]
  public var publics: [Symbol] = []
  public var procedures: [Symbol] = []
  /// Pairs of addresses before and after code was moved; the sections are then those before.
  public var moves: [(source: UInt32, target: UInt32)] = []
  /// How x86 functions keep their frames, in the newer form: numbers and a program.
  public struct FrameData: Sendable {
    public var start, size, locals, parameters: UInt32
    public var prologue, savedRegisters: UInt16
    public var program: String

    public init(
      start: UInt32, size: UInt32, locals: UInt32 = 0, parameters: UInt32 = 0, prologue: UInt16 = 0,
      savedRegisters: UInt16 = 0, program: String
    ) {
      (self.start, self.size, self.locals, self.parameters) = (start, size, locals, parameters)
      (self.prologue, self.savedRegisters, self.program) = (prologue, savedRegisters, program)
    }
  }

  /// In the older form (FPO_DATA): counts of 32-bit words; kinds 0 no frame pointer, 1 trap, 2 task segment, 3 frame pointer.
  public struct FramePointerOmission: Sendable {
    public var start, size, localWords: UInt32
    public var parameterWords: UInt16
    public var prologue, registers: UInt8
    public var usesFramePointer: Bool
    public var kind: UInt8

    public init(
      start: UInt32, size: UInt32, localWords: UInt32 = 0, parameterWords: UInt16 = 0, prologue: UInt8 = 0,
      registers: UInt8 = 0, usesFramePointer: Bool = false, kind: UInt8 = 0
    ) {
      (self.start, self.size, self.localWords, self.parameterWords) = (start, size, localWords, parameterWords)
      (self.prologue, self.registers, self.usesFramePointer, self.kind) = (prologue, registers, usesFramePointer, kind)
    }
  }

  public var frameData: [FrameData] = []
  public var omissions: [FramePointerOmission] = []
  /// Type records without their lengths, numbered from 0x1000 on.
  public var types: [[UInt8]] = []

  public init() {}

  /// Record by record: length, kind, content, filled up to a multiple of four.
  private static func record(_ kind: UInt16, _ content: [UInt8]) -> [UInt8] {
    var out = ByteBuilder()
    let size = (content.count + 4 + 3) & ~3
    out.append(UInt16(size - 2))
    out.append(kind)
    out.append(content)
    out.grow(to: size)
    return out.bytes
  }

  private var symbolRecords: [UInt8] {
    publics.flatMap { symbol in
      var content = ByteBuilder()
      content.append(UInt32(symbol.isFunction ? 2 : 0))
      content.append(symbol.offset)
      content.append(symbol.section)
      content.append(Array(symbol.name.utf8) + [0])
      return Self.record(0x110E, content.bytes)
    }
  }

  private var moduleSymbols: [UInt8] {
    var out: [UInt8] = [4, 0, 0, 0]
    for symbol in procedures {
      var content = ByteBuilder(zeros: 12)
      content.append(symbol.size)
      content.grow(to: 28)
      content.append(symbol.offset)
      content.append(symbol.section)
      content.append(UInt8(0))
      content.append(Array(symbol.name.utf8) + [0])
      out += Self.record(0x1110, content.bytes)
    }
    return out
  }

  private var sectionHeaders: [UInt8] {
    var out = ByteBuilder()
    for (index, section) in sections.enumerated() {
      let start = out.count
      out.put(Array(".s\(index)".utf8), at: start)
      out.put(section.size, at: start + 8)
      out.put(section.offset, at: start + 12)
      out.put(UInt32(section.isExecutable ? 0x6000_0020 : 0x4000_0040), at: start + 36)
    }
    return out.bytes
  }

  private var information: [UInt8] {
    var out = ByteBuilder()
    out.append(UInt32(20_000_404))
    out.append(UInt32(0x5A5A_5A5A))
    out.append(writes)
    out.append(guid)
    // One named stream, `/names`, number 9.
    let name = Array("/names".utf8) + [0]
    out.append(UInt32(name.count))
    out.append(name)
    for word in [1, 1, 1, 1, 0, 0, 9] as [UInt32] { out.append(word) }
    return out.bytes
  }

  private var typeStream: [UInt8] {
    var records: [UInt8] = []
    for type in types {
      let size = (type.count + 2 + 3) & ~3
      records += [UInt8((size - 2) & 0xFF), UInt8((size - 2) >> 8)] + type
      // Pads say how many they are.
      var left = size - type.count - 2
      while left > 0 {
        records.append(UInt8(0xF0 + left))
        left -= 1
      }
    }
    var out = ByteBuilder(zeros: 56)
    out.put(UInt32(20_040_203), at: 0)
    out.put(UInt32(56), at: 4)
    out.put(UInt32(0x1000), at: 8)
    out.put(UInt32(0x1000 + types.count), at: 12)
    out.put(UInt32(records.count), at: 16)
    out.append(records)
    return out.bytes
  }

  private var debugStream: [UInt8] {
    var module = ByteBuilder(zeros: 64)
    let symbols = moduleSymbols
    module.put(UInt16(procedures.isEmpty ? 0xFFFF : 7), at: 34)
    module.put(UInt32(procedures.isEmpty ? 0 : symbols.count), at: 36)
    module.append(Array("acme.obj".utf8) + [0])
    module.append(Array("acme.lib".utf8) + [0])
    module.align(to: 4)
    var contributions = ByteBuilder()
    contributions.append(UInt32(0xF12E_BA2D))
    contributions.grow(to: 4 + 28)
    contributions.put(UInt16(1), at: 4)
    contributions.put(UInt32(0x100), at: 4 + 8)
    var streams = [UInt16](repeating: 0xFFFF, count: 11)
    streams[5] = 6
    if !omissions.isEmpty { streams[0] = 10 }
    if !frameData.isEmpty { streams[9] = 11 }
    if !moves.isEmpty {
      streams[3] = 12
      streams[4] = 8
      streams[10] = 6
    }
    var out = ByteBuilder(zeros: 64)
    out.put(UInt32.max, at: 0)
    out.put(UInt32(19_990_903), at: 4)
    out.put(age, at: 8)
    out.put(UInt16(0xFFFF), at: 12)
    out.put(UInt16(0xFFFF), at: 16)
    out.put(UInt16(5), at: 20)
    out.put(UInt32(module.count), at: 24)
    out.put(UInt32(contributions.count), at: 28)
    out.put(UInt32(2 * streams.count), at: 48)
    out.put(machine, at: 58)
    out.append(module.bytes)
    out.append(contributions.bytes)
    for stream in streams { out.append(stream) }
    return out.bytes
  }

  /// The strings of `/names`: a signature, a version, bytes, then the strings, the first of them empty; a hash table behind.
  private var nameTable: [UInt8] {
    guard !frameData.isEmpty else { return [1, 2, 3] }
    let strings: [UInt8] = [0] + frameData.flatMap { frame -> [UInt8] in Array(frame.program.utf8) + [0] }
    var out = ByteBuilder()
    for word in [0xEFFE_EFFE, 1, UInt32(strings.count)] { out.append(word) }
    out.append(strings)
    out.align(to: 4)
    for word in [0, 0] as [UInt32] { out.append(word) }
    return out.bytes
  }

  private var frameRecords: [UInt8] {
    var out = ByteBuilder()
    var place: UInt32 = 1
    for frame in frameData {
      for word in [frame.start, frame.size, frame.locals, frame.parameters, 0x40, place] { out.append(word) }
      out.append(frame.prologue)
      out.append(frame.savedRegisters)
      out.append(UInt32(4))
      place += UInt32(frame.program.utf8.count + 1)
    }
    return out.bytes
  }

  private var omissionRecords: [UInt8] {
    var out = ByteBuilder()
    for record in omissions {
      for word in [record.start, record.size, record.localWords] { out.append(word) }
      out.append(record.parameterWords)
      let bits = UInt16(record.prologue) | UInt16(record.registers) << 8 | (record.usesFramePointer ? 1 << 12 : 0)
      out.append(bits | UInt16(record.kind) << 14)
    }
    return out.bytes
  }

  /// Streams' blocks lie backwards and the directory last, so that a reader that takes them in order fails.
  public func encoded() -> [UInt8] {
    var moved = ByteBuilder()
    for pair in moves {
      moved.append(pair.source)
      moved.append(pair.target)
    }
    var back = ByteBuilder()
    for pair in moves.filter({ $0.target != 0 }).sorted(by: { $0.target < $1.target }) {
      back.append(pair.target)
      back.append(pair.source)
    }
    let streams: [[UInt8]?] =
      [
        [], information, typeStream, debugStream, nil, symbolRecords, sectionHeaders, moduleSymbols, moved.bytes,
        nameTable, omissionRecords, frameRecords,
      ] + (moves.isEmpty ? [] : [back.bytes])
    var out = ByteBuilder(zeros: 3 * blockSize)
    var directory = ByteBuilder()
    directory.append(UInt32(streams.count))
    for stream in streams { directory.append(stream.map { UInt32($0.count) } ?? .max) }
    for stream in streams.compactMap({ $0 }) {
      let count = (stream.count + blockSize - 1) / blockSize
      let first = out.count / blockSize
      out.grow(to: out.count + count * blockSize)
      for index in 0..<count {
        let block = first + count - 1 - index
        directory.append(UInt32(block))
        out.put(stream[(index * blockSize)..<min(stream.count, (index + 1) * blockSize)], at: block * blockSize)
      }
    }
    let map = out.count / blockSize
    out.grow(to: out.count + blockSize)
    let start = out.count / blockSize
    let blocks = (directory.count + blockSize - 1) / blockSize
    out.append(directory.bytes)
    out.align(to: blockSize)
    for index in 0..<blocks { out.put(UInt32(start + index), at: map * blockSize + 4 * index) }
    out.put(Array("Microsoft C/C++ MSF 7.00\r\n\u{1A}DS\0\0\0".utf8), at: 0)
    out.put(UInt32(blockSize), at: 32)
    out.put(UInt32(1), at: 36)
    out.put(UInt32(out.count / blockSize), at: 40)
    out.put(UInt32(directory.count), at: 44)
    out.put(UInt32(map), at: 52)
    return out.bytes
  }
}
