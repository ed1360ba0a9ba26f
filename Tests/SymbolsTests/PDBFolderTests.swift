import ByteReading
import EvidenceSynthesis
import Facts
import TestSupport
import Testing

@testable import Symbols

@Suite struct PDBFolderTests {
  static let identity = DebugIdentity(name: "acme.pdb", guid: "33221100554477668899AABBCCDDEEFF", age: 3)

  /// Links to folders may lead in circles, and every file would be there as often as the limit of depth allows.
  @Test func linksAreNotFollowed() throws {
    let folder = try TemporaryFolder()
    try folder.folder("store")
    try folder.link("store/again", to: folder.path)
    try folder.write("store/a.pdb", SynthesizedDatabase().encoded())
    let symbols = SymbolFolder(paths: [folder.path])
    #expect(symbols.loose.count + symbols.entries.count == 1)
  }

  /// As symbol stores are laid out, in any case of letters.
  @Test(arguments: [
    "acme.pdb/33221100554477668899AABBCCDDEEFF3/acme.pdb", "deep/ACME.PDB/33221100554477668899aabbccddeeff3/acme.pdb",
    "flat/acme.pdb", "Acme.Pdb",
  ])
  func found(path: String) throws {
    let folder = try TemporaryFolder()
    try folder.write(path, sampleDatabase().encoded())
    let symbols = SymbolFolder(paths: [folder.path])
    let entry = try #require(symbols.find(Self.identity))
    let table = try symbols.load(entry)
    #expect(table.function(at: 0x1100) == "KeBugCheckEx")
    #expect(symbols.findByName("ACME.pdb")?.path == entry.path)
    var other = Self.identity
    other.age = 4
    #expect(symbols.find(other) == nil)
    other = Self.identity
    other.name = "other.pdb"
    #expect(symbols.find(other) == nil)
  }

  /// A file in another build's folder is not taken for that build's.
  @Test func wrongFolder() throws {
    let folder = try TemporaryFolder()
    try folder.write("acme.pdb/33221100554477668899AABBCCDDEEFF4/acme.pdb", sampleDatabase().encoded())
    let symbols = SymbolFolder(paths: [folder.path])
    var identity = Self.identity
    identity.age = 4
    let entry = try #require(symbols.find(identity))
    #expect(throws: ReadError.self) { try symbols.load(entry) }
  }

  /// A cabinet of one stored file is unpacked; one that says it is compressed, and is not, or in a way that nothing reads, is
  /// refused with a reason.
  @Test(arguments: [0, 1, 2, 3] as [UInt8]) func cabinets(method: UInt8) throws {
    let database = sampleDatabase().encoded()
    var bytes = Array("MSCF".utf8) + [UInt8](repeating: 0, count: 32)
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    let blocks = (database.count + 0x7FFF) / 0x8000
    bytes[26] = 1
    bytes[28] = 1
    bytes.replaceSubrange(16..<20, with: word(44))
    bytes += word(44 + 16 + 9) + [UInt8(blocks), 0, method, 0]
    bytes += word(database.count) + word(0) + [UInt8](repeating: 0, count: 8) + Array("acme.pdb\0".utf8)
    for block in 0..<blocks {
      let part = database[(block * 0x8000)..<min(database.count, (block + 1) * 0x8000)]
      bytes += word(0) + word(part.count | part.count << 16) + part
    }
    let folder = try TemporaryFolder()
    try folder.write("acme.pdb/33221100554477668899AABBCCDDEEFF3/acme.pd_", bytes)
    let symbols = SymbolFolder(paths: [folder.path])
    let entry = try #require(symbols.find(Self.identity))
    if method == 0 {
      #expect(try symbols.load(entry).offset(of: "KeBugCheckEx") == 0x1100)
    } else {
      let error = #expect(throws: ReadError.self) { try symbols.load(entry) }
      #expect(error?.kind == (method == 2 ? .unsupported : .malformed))
      if method == 2 { #expect(error?.found == "quantum compression") }
    }
    for end in stride(from: 0, to: bytes.count, by: 97) {
      _ = try? Cabinet(parsing: MappedFile(bytes: Array(bytes.prefix(end)), path: "")).firstMember()
    }
  }

  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) func realDatabases() throws {
    for entry in try SharedEvidence.entries() where entry.kind == "pdb" {
      let file = try MappedFile(path: SharedEvidence.path(entry))
      guard let database = try? PDBFile(parsing: file) else {
        // The one that was damaged on purpose.
        #expect(entry.file.contains("fuzzed"))
        continue
      }
      let table = try SymbolTable(pdb: database)
      #expect(table.count > 0, "\(entry.file)")
      let types = try #require(try database.types())
      for index in 0..<types.count { _ = try? types.layout(of: types.firstIndex + UInt32(index)) }
    }
  }
}
