import ByteReading
import EvidenceSynthesis
import Facts
import Synchronization
import TestSupport
import Testing

@testable import Symbols

/// A symbol server on the loopback address, with what real ones answer: files, compressed files, pointers, nothing, and lies.
@Suite struct SymbolServerTests {
  static let identity = PDBFolderTests.identity
  static let key = "33221100554477668899AABBCCDDEEFF3"
  static let place = "/store/acme.pdb/\(key)/"

  private func asking(
    _ replies: [String: LoopbackServer.Reply],
    progress: @escaping @Sendable (String, Int, Int?) -> Void = { _, _, _ in },
    _ body: (SymbolServer, LoopbackServer, TemporaryFolder) throws -> Void
  ) throws {
    let server = try LoopbackServer(replies)
    defer { server.stop() }
    let folder = try TemporaryFolder()
    try body(
      try SymbolServer(
        url: server.url, cache: folder.path + "/deep/cache", transport: CurlTransport(userAgent: "faultline-test"),
        progress: progress), server, folder)
  }

  /// A cabinet whose folder is compressed by MSZIP, in blocks that DEFLATE stores.
  static func mszip(_ content: [UInt8]) -> [UInt8] {
    func word(_ value: Int) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
    func half(_ value: Int) -> [UInt8] { Array(word(value)[..<2]) }
    var bytes = Array("MSCF".utf8) + [UInt8](repeating: 0, count: 32)
    var data: [UInt8] = []
    var blocks = 0
    for start in stride(from: 0, to: content.count, by: 0x8000) {
      let part = content[start..<min(content.count, start + 0x8000)]
      let packed =
        Array("CK".utf8) + [1] + half(part.count) + half(~part.count & 0xFFFF) + part
      data += word(0) + half(packed.count) + half(part.count) + packed
      blocks += 1
    }
    let name = Array("acme.pdb\0".utf8)
    bytes.replaceSubrange(8..<12, with: word(36 + 8 + 16 + name.count + data.count))
    bytes.replaceSubrange(16..<20, with: word(44))
    bytes[24] = 3
    bytes[25] = 1
    bytes[26] = 1
    bytes[28] = 1
    bytes += word(44 + 16 + name.count) + half(blocks) + half(1)
    bytes += word(content.count) + word(0) + half(0) + [UInt8](repeating: 0, count: 4) + half(0x20) + name
    return bytes + data
  }

  @Test func aFileIsKeptAndAskedForOnce() throws {
    let seen = Mutex<[Int]>([])
    let database = sampleDatabase().encoded()
    let count = database.count
    let progress: @Sendable (String, Int, Int?) -> Void = { name, bytes, total in
      #expect(name == "acme.pdb" && total == count)
      seen.withLock { $0.append(bytes) }
    }
    try asking([Self.place + "acme.pdb": .file(database)], progress: progress) { symbols, server, folder in
      let path = "\(folder.path)/deep/cache/acme.pdb/\(Self.key)/acme.pdb"
      for _ in 0..<2 { #expect(symbols.database(Self.identity) == .found(path)) }
      #expect(server.asked == [Self.place + "acme.pdb"])
      #expect(seen.withLock { $0.last } == count)
      let kept = try MappedFile(path: path).array()
      #expect(kept == database)
      // Another run finds it in the folder, and a folder of symbols it is as well.
      let again = try SymbolServer(
        url: server.url, cache: folder.path + "/deep/cache", transport: CurlTransport(userAgent: "faultline-test"))
      #expect(again.database(Self.identity) == .found(path))
      #expect(server.asked.count == 1)
      #expect(SymbolFolder(paths: [symbols.cache]).find(Self.identity)?.path == path)
      #expect(try folderNames("\(symbols.cache)/acme.pdb/\(Self.key)") == ["acme.pdb"])
    }
  }

  @Test func compressedFilesAreUnpacked() throws {
    let database = sampleDatabase().encoded()
    try asking([Self.place + "acme.pd_": .file(Self.mszip(database))]) { symbols, server, _ in
      guard case .found(let path) = symbols.database(Self.identity) else {
        Issue.record("\(symbols.database(Self.identity))")
        return
      }
      let kept = try MappedFile(path: path).array()
      #expect(kept == database)
      #expect(server.asked == [Self.place + "acme.pdb", Self.place + "acme.pd_"])
    }
  }

  @Test func pointersAreRefusedWithAReason() throws {
    try asking([Self.place + "file.ptr": .file(Array("PATH:\\\\server\\share\\acme.pdb".utf8))]) { symbols, server, _ in
      guard case .refused(let reason) = symbols.database(Self.identity) else {
        Issue.record("a pointer is no file")
        return
      }
      #expect(reason.contains("PATH:\\\\server\\share\\acme.pdb"))
      #expect(server.asked.count == 3)
    }
  }

  /// Nothing but the wanted database is kept: not another build's, not a page that says sorry, not half a file.
  @Test func whatIsNotWantedIsNotKept() throws {
    var other = sampleDatabase()
    other.age = 4
    let whole = sampleDatabase().encoded()
    for reply in [
      .file(other.encoded()), .file(Array("<html>sorry</html>".utf8)), .file([]), .file(Array(whole[..<3000])),
      .cut(Array(whole[..<3000]), stated: whole.count), .status(403), .status(500), .redirect("file:///etc/passwd"),
    ] as [LoopbackServer.Reply] {
      try asking([Self.place + "acme.pdb": reply]) { symbols, _, folder in
        guard case .refused = symbols.database(Self.identity) else {
          Issue.record("\(symbols.database(Self.identity))")
          return
        }
        #expect(FileStatus.of(folder.path + "/deep/cache/acme.pdb/\(Self.key)/acme.pdb") == .missing)
      }
    }
    try asking([:]) { symbols, _, _ in #expect(symbols.database(Self.identity) == .notFound) }
  }

  @Test func redirectionsAreFollowed() throws {
    let database = sampleDatabase().encoded()
    try asking([
      Self.place + "acme.pdb": .redirect("/elsewhere"), "/elsewhere": .file(database),
    ]) { symbols, _, _ in
      guard case .found = symbols.database(Self.identity) else {
        Issue.record("\(symbols.database(Self.identity))")
        return
      }
    }
  }

  /// A folder that holds something else under the name is not trusted.
  @Test func aSpoiledFolderIsAskedAnew() throws {
    let database = sampleDatabase().encoded()
    try asking([Self.place + "acme.pdb": .file(database)]) { symbols, _, folder in
      let path = try folder.write("deep/cache/acme.pdb/\(Self.key)/acme.pdb", Array("MSF".utf8))
      #expect(symbols.database(Self.identity) == .found(path))
      let kept = try MappedFile(path: path).array()
      #expect(kept == database)
    }
  }

  @Test func bodiesBeyondTheLimitAreCutOff() throws {
    let server = try LoopbackServer(["/store/x": .endless])
    defer { server.stop() }
    let failure = #expect(throws: HTTPFailure.self) {
      try CurlTransport(userAgent: "faultline-test").get(server.url + "/x", limit: 1 << 20) { _, _ in }
    }
    #expect(failure?.reason.contains("more than 1048576 bytes") == true)
  }

  /// Names come from evidence and must not lead out of the folder, nor say something else to the server.
  @Test(arguments: ["../../etc/passwd", "a/b.pdb", "a\\b.pdb", ".hidden", "", "a b.pdb", "C:x", "a\n.pdb", "ä.pdb"])
  func namesThatLeadElsewhere(name: String) throws {
    try asking([:]) { symbols, server, _ in
      var identity = Self.identity
      identity.name = name
      guard case .refused = symbols.database(identity) else {
        Issue.record("\(name) was asked for")
        return
      }
      #expect(server.asked.isEmpty)
    }
  }

  /// One that cannot be reached is not asked for every module of a dump.
  @Test func failuresAreCounted() throws {
    let server = try LoopbackServer([:])
    server.stop()
    let folder = try TemporaryFolder()
    let symbols = try SymbolServer(
      url: server.url, cache: folder.path, transport: CurlTransport(userAgent: "faultline-test"))
    var last = SymbolServer.Answer.notFound
    for age in 0..<6 as Range<UInt32> {
      var identity = Self.identity
      identity.age = age
      last = symbols.database(identity)
    }
    guard case .refused(let reason) = last else {
      Issue.record("\(last)")
      return
    }
    #expect(reason.contains("not asked again"))
  }

  @Test(arguments: ["", "acme", "ftp://host/x", "file:///x", "http://", "https://", "http://a b"])
  func addressesThatAreNone(url: String) throws {
    #expect(throws: HTTPFailure.self) {
      try SymbolServer(url: url, cache: "x", transport: CurlTransport(userAgent: "faultline-test"))
    }
  }

  @Test func theCacheIsTheUsersOwn() {
    #expect(
      SymbolServer.defaultCache { ["XDG_CACHE_HOME": "/c", "HOME": "/h"][$0] } == "/c/faultline/symbols")
    #expect(SymbolServer.defaultCache { ["XDG_CACHE_HOME": "relative"][$0] } == nil)
    #expect(SymbolServer.defaultCache { $0 == "HOME" ? "/h" : nil }?.hasPrefix("/h/") == true)
  }

  /// Cabinets that lie: no trap, an error.
  @Test func damagedCabinets() throws {
    let whole = Self.mszip(sampleDatabase().encoded())
    for seed in 0..<400 as Range<UInt64> {
      let bytes = Mutator(headBytes: 128).mutate(whole, seed: seed)
      guard let cabinet = try? Cabinet(parsing: MappedFile(bytes: bytes, path: "x")) else { continue }
      _ = try? cabinet.firstMember()
    }
  }
}
