import ByteReading
import EvidenceSynthesis
import Facts
import TestSupport
import Testing

@testable import Symbols

/// The database most tests look at.
func sampleDatabase() -> SynthesizedDatabase {
  var database = SynthesizedDatabase()
  database.publics = [
    .init("KeBugCheckEx", section: 1, offset: 0x100), .init("AcmeTable", section: 2, offset: 0x10, isFunction: false),
    .init("??_C@_0M@text", section: 1, offset: 0x180, isFunction: false), .init("AliasB", section: 1, offset: 0x200),
    .init("AliasA", section: 1, offset: 0x200), .init("Absolute", section: 3, offset: 7),
    .init("?Method@Class@Space@@QEAAXXZ", section: 1, offset: 0x300),
  ]
  database.procedures = [.init("static_helper", section: 1, offset: 0x400, size: 0x40)]
  database.types = TypeBytes.sample
  return database
}

func pdb(_ bytes: [UInt8]) throws(ReadError) -> PDBFile {
  try PDBFile(parsing: MappedFile(bytes: bytes, path: "folder/acme.pdb"))
}

/// Type records as a compiler writes them.
enum TypeBytes {
  static func half(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }
  static func word(_ value: UInt32) -> [UInt8] { half(UInt16(value & 0xFFFF)) + half(UInt16(value >> 16)) }
  static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }

  static func structure(_ name: String, fields: UInt32, size: UInt16, forward: Bool = false) -> [UInt8] {
    half(0x1505) + half(0) + half(forward ? 0x80 : 0) + word(fields) + word(0) + word(0) + half(size) + text(name)
  }

  /// A member, filled up as compilers do.
  static func member(_ name: String, type: UInt32, offset: [UInt8]) -> [UInt8] {
    var bytes = half(0x150D) + half(3) + word(type) + offset + text(name)
    while bytes.count % 4 != 0 { bytes.append(UInt8(0xF0 + 4 - bytes.count % 4)) }
    return bytes
  }

  static let sample: [[UInt8]] = [
    // 0x1000: a forward declaration, 0x1001: a pointer to it.
    structure("_NODE", fields: 0, size: 0, forward: true),
    half(0x1002) + word(0x1000) + word(8 << 13 | 0xC),
    // 0x1002: char[24]; 0x1003: three bits from the fourth on.
    half(0x1503) + word(0x70) + word(0x23) + half(24) + text(""),
    half(0x1205) + word(0x75) + [3, 4],
    // 0x1004: the list's second part; 0x1005: its first.
    half(0x1203) + member("far", type: 0x22, offset: half(0x8004) + word(0x1_2345)),
    half(0x1203) + member("next", type: 0x1001, offset: half(0)) + member("name", type: 0x1002, offset: half(8))
      + member("flags", type: 0x1003, offset: half(32)) + member("inner", type: 0x1008, offset: half(40)) + half(0x1404)
      + half(0) + word(0x1004),
    // 0x1006: the definition.
    structure("_NODE", fields: 0x1005, size: 0x1234),
    // 0x1007, 0x1008: a structure within.
    half(0x1203) + member("x", type: 0x74, offset: half(0)) + member("y", type: 0x77, offset: half(8)),
    structure("_INNER", fields: 0x1007, size: 16),
    // 0x1009, 0x100A: an enumeration.
    half(0x1203) + half(0x1502) + half(3) + half(5) + text("Five") + half(0x1502) + half(3) + half(0x8000) + [0xFF]
      + text("Less"),
    half(0x1507) + half(2) + half(0) + word(0x74) + word(0x1009) + text("_KIND"),
    // 0x100B, 0x100C: a union.
    half(0x1203) + member("a", type: 0x20, offset: half(0)) + member("b", type: 0x23, offset: half(0)),
    half(0x1506) + half(2) + half(0) + word(0x100B) + half(8) + text("_BOTH"),
  ]
}

@Suite struct PDBTests {
  @Test func identity() throws {
    let database = try pdb(sampleDatabase().encoded())
    #expect(database.container.version == .seven)
    #expect(database.container.blockSize == 1024)
    #expect(database.container.streamCount == 12)
    #expect(database.identity == DebugIdentity(name: "acme.pdb", guid: "33221100554477668899AABBCCDDEEFF", age: 3))
    #expect(database.writes == 5)
    #expect(database.namedStreams == ["/names": 9])
    #expect(try database.container.stream(9) == [1, 2, 3])
    #expect(try database.container.stream(4) == nil)
    #expect(try database.container.stream(77) == nil)
    #expect(database.architecture == .x64)
    #expect(database.debug?.modules.map(\.name) == ["acme.obj"])
    #expect(database.debug?.contributions.map(\.size) == [0x100])
    #expect(database.problems.isEmpty)
  }

  /// Streams of many blocks, which lie backwards.
  @Test(arguments: [512, 1024, 4096, 65536]) func blockSizes(size: Int) throws {
    var database = sampleDatabase()
    database.blockSize = size
    database.publics = (0..<3000).map { .init("Function\($0)", section: 1, offset: UInt32($0 * 4)) }
    let table = try SymbolTable(pdb: try pdb(database.encoded()))
    #expect(table.function(at: 0x1000 + 4 * 2999) == "Function2999")
    #expect(table.offset(of: "Function17") == 0x1044)
  }

  @Test func names() throws {
    let table = try SymbolTable(pdb: try pdb(sampleDatabase().encoded()))
    #expect(table.identity?.age == 3)
    #expect(table.function(at: 0x1100) == "KeBugCheckEx")
    #expect(table.function(at: 0x1169) == "KeBugCheckEx+0x69")
    #expect(table.function(at: 0x1181) == nil, "a string names no function")
    #expect(table.function(at: 0x5010) == nil, "data names no function")
    #expect(table.nearest(to: 0x5011)?.name == "AcmeTable")
    #expect(table.offset(of: "AcmeTable") == 0x5010)
    #expect(table.offset(of: "Absolute") == nil)
    #expect(table.function(at: 0x1200) == "AliasA")
    #expect(table.offset(of: "AliasB") == 0x1200)
    #expect(table.function(at: 0x1301) == "Space::Class::Method+0x1")
    #expect(table.function(at: 0x143F) == "static_helper+0x3f")
    #expect(table.function(at: 0x1440) == nil, "a stated length ends a function")
    #expect(table.function(at: 0xFFF) == nil)
  }

  /// A jump table within a procedure hides the procedure from what lies behind it.
  @Test func dataWithinCode() throws {
    var database = sampleDatabase()
    database.publics = [.init("$$jump", section: 1, offset: 0x420, isFunction: false)]
    let table = try SymbolTable(pdb: try pdb(database.encoded()))
    #expect(table.function(at: 0x1430) == "static_helper+0x30")
  }

  /// 32-bit names lose the marks of their calling convention.
  @Test func x86Names() throws {
    var database = sampleDatabase()
    database.machine = 0x14C
    database.procedures = []
    database.publics = [
      ("_KeBugCheckEx@20", 0), ("@ObfDereferenceObject@4", 0x10), ("_main", 0x20), ("@odd", 0x30), ("_", 0x40),
      ("?f@@YAXXZ", 0x50), ("__imp__Data@4", 0x60),
    ].map { .init($0.0, section: 1, offset: $0.1) }
    let table = try SymbolTable(pdb: try pdb(database.encoded()))
    #expect(
      table.symbols.map(\.name) == [
        "KeBugCheckEx", "ObfDereferenceObject", "main", "@odd", "_", "?f@@YAXXZ", "_imp__Data",
      ])
    #expect(table.function(at: 0x1050) == "f")
  }

  @Test(arguments: [
    ("?Method@Class@Space@@QEAAXXZ", "Space::Class::Method"), ("??0Class@@QEAA@XZ", "Class::Class"),
    ("??1Class@@UEAA@XZ", "Class::~Class"), ("?f@@YAXXZ", "f"), ("?data@@3HA", "?data@@3HA"),
    ("??_7Class@@6B@", "??_7Class@@6B@"), ("?f@?$T@H@@QEAAXXZ", "?f@?$T@H@@QEAAXXZ"), ("??", "??"), ("?", "?"),
    ("?a", "?a"), ("?a@", "?a@"), ("?abc@@", "?abc@@"), ("plain", "plain"), ("", ""), ("?f@1@@YAXXZ", "?f@1@@YAXXZ"),
  ])
  func undecoration(name: String, expected: String) { #expect(Undecoration.function(name) == expected) }

  /// Code moved after linking: addresses go through the pairs; what was left out has none.
  @Test func movedCode() throws {
    var database = sampleDatabase()
    database.moves = [(0x1000, 0x9000), (0x1180, 0), (0x1200, 0x2000), (0x5000, 0xA000)]
    let file = try pdb(database.encoded())
    let map = try SectionMap(file)
    #expect(map.isMoved)
    #expect(map.offset(section: 1, offset: 0x100) == 0x9100)
    #expect(map.offset(section: 1, offset: 0x190) == nil)
    #expect(map.offset(section: 1, offset: 0x204) == 0x2004)
    #expect(map.offset(section: 2, offset: 0x10) == 0xA010)
    #expect(map.offset(section: 0, offset: 0) == nil)
    let table = try SymbolTable(pdb: file)
    #expect(table.offset(of: "KeBugCheckEx") == 0x9100)
    #expect(table.offset(of: "??_C@_0M@text") == nil)
    #expect(table.function(at: 0x2005) == "AliasA+0x5")
  }

  @Test func types() throws {
    let types = try #require(try pdb(sampleDatabase().encoded()).types())
    #expect(types.count == TypeBytes.sample.count)
    let node = try #require(try types.layout(named: "_NODE"))
    #expect(node.size == 0x1234)
    #expect(node.fields.map(\.name) == ["next", "name", "flags", "inner", "far"])
    #expect(node.fields.map(\.offset) == [0, 8, 32, 40, 0x12345])
    #expect(node.fields[2].bits?.position == 4)
    #expect(node.fields[2].bits?.count == 3)
    #expect(
      node.fields.map { types.description(of: $0.type) } == [
        "_NODE *", "char [24]", "unsigned int", "_INNER", "unsigned long",
      ])
    #expect(node.fields.map { types.size(of: $0.type) } == [8, 24, 4, 16, 4])
    #expect(types.size(of: 0x1000) == 0x1234, "a forward declaration has its definition's size")
    let kind = try #require(try types.layout(named: "_KIND"))
    #expect(kind.kind == .enumeration)
    #expect(kind.size == 4)
    #expect(kind.fields.map { Int64(bitPattern: $0.offset) } == [5, -1])
    #expect(try types.layout(named: "_BOTH")?.fields.map(\.offset) == [0, 0])
    #expect(try types.layout(named: "_NONE") == nil)
    #expect(types.type(named: "_INNER") == 0x1008)
  }

  @Test func fieldsOfFields() throws {
    let table = try SymbolTable(pdb: try pdb(sampleDatabase().encoded()))
    let source = try #require(table.types)
    #expect(try source.offset(of: "name", in: "_NODE") == 8)
    #expect(try source.offset(of: "inner.y", in: "_NODE") == 48)
    #expect(try source.offset(of: "inner.z", in: "_NODE") == nil)
    #expect(try source.offset(of: "x", in: "_NONE") == nil)
    #expect(try source.offset(of: "", in: "_NODE") == nil)
  }

  /// A list that goes on in itself ends.
  @Test func endlessFieldList() throws {
    var database = sampleDatabase()
    database.types = [
      TypeBytes.half(0x1203) + TypeBytes.half(0x1404) + TypeBytes.half(0) + TypeBytes.word(0x1000),
      TypeBytes.structure("_LOOP", fields: 0x1000, size: 4),
    ]
    let types = try #require(try pdb(database.encoded()).types())
    #expect(throws: ReadError.self) { try types.layout(named: "_LOOP") }
  }

  @Test func everyCut() throws {
    let bytes = sampleDatabase().encoded()
    // The directory lies in the last block, whose end is padding.
    for end in stride(from: 0, to: bytes.count - 1024, by: 7) {
      let error = #expect(throws: ReadError.self, "cut at \(end)") { try pdb(Array(bytes.prefix(end))) }
      #expect(error?.kind == .malformed)
    }
  }

  /// The older container: 16-bit page numbers in a directory that the header names.
  @Test func version2() throws {
    var file = [UInt8](repeating: 0, count: 4 * 1024)
    func put(_ bytes: [UInt8], _ at: Int) { file.replaceSubrange(at..<(at + bytes.count), with: bytes) }
    put(Array("Microsoft C/C++ program database 2.00\r\n\u{1A}JG\0\0".utf8), 0)
    put(TypeBytes.word(1024) + TypeBytes.half(1) + TypeBytes.half(4) + TypeBytes.word(22), 44)
    put(TypeBytes.half(2), 60)
    // Two streams: one empty, one of twelve bytes on page 3.
    put(TypeBytes.half(2) + TypeBytes.half(0) + TypeBytes.word(0) + TypeBytes.word(0) + TypeBytes.word(12), 2048)
    put(TypeBytes.word(0) + TypeBytes.half(3), 2064)
    put(TypeBytes.word(19_970_604) + TypeBytes.word(0x3B7D_84A0) + TypeBytes.word(9), 3072)
    let found = try pdb(file)
    #expect(found.container.version == .two)
    #expect(found.guid == nil)
    #expect(found.identity == DebugIdentity(name: "acme.pdb", guid: "3B7D84A0", age: 9))
    #expect(throws: ReadError.self) { try SymbolTable(pdb: found) }
  }

  /// Nothing traps and nothing takes long, whatever the bytes.
  @Test func mutations() {
    var database = sampleDatabase()
    database.blockSize = 512
    var moved = database
    moved.moves = [(0x1000, 0x9000), (0x1200, 0x2000)]
    let originals = [database.encoded(), moved.encoded()]
    // Changes all over the file: what matters lies in its last blocks too.
    let mutators = [Mutator(changes: 1...4, headBytes: 64), Mutator(changes: 1...8, headBytes: originals[0].count)]
    var read = 0
    for seed in 0..<10_000 as Range<UInt64> {
      let bytes = mutators[Int(seed >> 1 & 1)].mutate(originals[Int(seed & 1)], seed: seed)
      guard let file = try? pdb(bytes) else { continue }
      if let table = try? SymbolTable(pdb: file) {
        read += 1
        for offset in [0, 0x1000, 0x1181, 0x1430, 0xFFFF_FFFF, .max] as [UInt64] { _ = table.function(at: offset) }
        _ = table.offset(of: "AliasB")
      }
      guard let types = try? file.types() else { continue }
      for index in 0..<min(types.count, 64) {
        let type = types.firstIndex &+ UInt32(index)
        _ = try? types.layout(of: type)
        _ = types.description(of: type)
        _ = types.size(of: type)
      }
    }
    #expect(read > 1_000)
  }
}
