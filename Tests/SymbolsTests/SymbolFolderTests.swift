import ByteReading
import Facts
import Foundation
import Symbols
import Testing

@Suite struct XZTests {
  static let json = """
    {"symbols": {"KeBugCheckEx": {"address": 4096}}, "metadata": {"windows": {"pdb": {"GUID": \
    "00112233445566778899AABBCCDDEEFF", "age": 2, "database": "acme.pdb"}}}}
    """
  /// The same, by `xz -9`.
  static let packed = [UInt8](
    Data(
      base64Encoded: """
        /Td6WFoAAATm1rRGAgAhARwAAAAQz1jM4AChAIVdAD2IimfTzmwbgAHQUhlyc2Yivhd8BFnpgrZTDWLSeC8Srbml6gOy2Jlg\
        S9RxTSZ45sikv9IRGmyOCPyORu+mgH128WljqotLg9MuxhMfs+2JutcphR3tBbzQRUTqvwvDBsnli8EzM53dajYztaqTElyy\
        RkeGHqsmX0pIamwHEJQqkry2tBUAAAAAu1UO3KryCNQAAaEBogEAAJ+E1cqxxGf7AgAAAAAEWVo=
        """) ?? Data())

  private func matches(_ bytes: [UInt8]) -> Bool { XZ.matches(bytes.span.bytes) }

  @Test func decompresses() throws {
    #expect(matches(Self.packed))
    #expect(!matches(Array(Self.json.utf8)))
    #expect(!matches(Array(Self.packed.prefix(5))))
    #expect(try XZ.decompress(Self.packed) == Array(Self.json.utf8))
  }

  @Test func everyCutIsRefused() {
    for end in 0..<Self.packed.count {
      let error = #expect(throws: ReadError.self, "cut at \(end)") { try XZ.decompress(Array(Self.packed.prefix(end))) }
      #expect(error?.kind == .malformed)
    }
  }

  /// The format checks itself (CRC32 and CRC64): no changed byte goes through.
  @Test func everyChangedByteIsRefusedOrHarmless() {
    for index in Self.packed.indices {
      var changed = Self.packed
      changed[index] ^= 0x10
      if let bytes = try? XZ.decompress(changed) { #expect(bytes == Array(Self.json.utf8), "byte \(index)") }
    }
  }
}

@Suite struct SymbolFolderTests {
  /// A folder that goes away with the test.
  private func withFolder(_ files: [String: [UInt8]], _ body: (String) throws -> Void) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "faultline-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (path, bytes) in files {
      let url = folder.appending(path: path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(bytes).write(to: url)
    }
    try body(folder.path(percentEncoded: false))
  }

  static let guid = "00112233445566778899AABBCCDDEEFF"

  @Test func findsTablesAtAnyDepth() throws {
    let files: [String: [UInt8]] = [
      "windows/acme.pdb/\(Self.guid)-2.json.xz": XZTests.packed,
      "deep/er/NTKRNLMP.pdb/\(Self.guid.lowercased())-1.json": Array(XZTests.json.utf8),
      "acme.pdb/readme.json": [], "acme.pdb/123-1.json": [], "acme.pdb/\(Self.guid)-2.pdb": [],
    ]
    try withFolder(files) { path in
      let folder = SymbolFolder(paths: [path])
      #expect(folder.entries.map(\.identity.name) == ["NTKRNLMP.pdb", "acme.pdb"])
      let acme = try #require(folder.find(DebugIdentity(name: "ACME.PDB", guid: Self.guid.lowercased(), age: 2)))
      let table = try folder.load(acme)
      #expect(table.offset(of: "KeBugCheckEx") == 4096)
      #expect(table.identity?.age == 2)
      #expect(folder.find(DebugIdentity(name: "acme.pdb", guid: Self.guid, age: 3)) == nil)
      #expect(folder.findByName("ntkrnlmp.PDB")?.identity.guid == Self.guid)
    }
  }

  /// Two tables of one name: the name alone does not decide.
  @Test func ambiguousNamesAreNotChosen() throws {
    let other = String(Self.guid.reversed())
    try withFolder(["acme.pdb/\(Self.guid)-1.json": [], "acme.pdb/\(other)-1.json": []]) { path in
      let folder = SymbolFolder(paths: [path])
      #expect(folder.entries.count == 2)
      #expect(folder.findByName("acme.pdb") == nil)
    }
  }

  @Test func brokenTablesAreErrors() throws {
    let files = ["a.pdb/\(Self.guid)-1.json": [], "b.pdb/\(Self.guid)-1.json.xz": [UInt8](XZTests.packed.dropLast(9))]
    try withFolder(files) {
      path in
      let folder = SymbolFolder(paths: [path, path + "/absent"])
      #expect(folder.entries.count == 2)
      for entry in folder.entries { #expect(throws: ReadError.self) { try folder.load(entry) } }
    }
  }
}
