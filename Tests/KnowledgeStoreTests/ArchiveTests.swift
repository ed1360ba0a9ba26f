import Foundation
import Testing

@testable import KnowledgeStore

@Suite struct ArchiveTests {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")

  private func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }

  private func load(_ paths: [String], limits: ImportLimits = ImportLimits()) async throws -> ImportReport {
    var importer = KnowledgeImporter(path: folder.path + "/kb.sqlite", now: "2020-01-01T00:00:00Z")
    importer.limits = limits
    return try await importer.run(paths)
  }

  private static let articles = [
    PackedFiles.Member("kb/Q900001.TXT", SmallArticles.leak), PackedFiles.Member("kb/Q900002.TXT", SmallArticles.stop),
    PackedFiles.Member("kb/deep/Q900003.TXT", SmallArticles.deadlock),
  ]

  private static let kinds: [(name: String, pack: @Sendable ([PackedFiles.Member]) -> [UInt8])] = [
    ("a.zip", { PackedFiles.zip($0) }), ("a.tar", { PackedFiles.tar($0) }),
    ("a.tar.xz", { PackedFiles.xz(PackedFiles.tar($0)) }),
  ]

  @Test func articlesInArchivesAreRead() async throws {
    for (name, pack) in Self.kinds {
      let report = try await load([try write(name, pack(Self.articles))])
      #expect(report.total == 3, "\(name)")
      #expect(report.unreadable.isEmpty, "\(name): \(report.unreadable)")
    }
    let stored = try KnowledgeStore(readingAt: folder.path + "/kb.sqlite").article("Q900003")
    #expect(stored?.path.hasSuffix("a.zip/kb/deep/Q900003.TXT") == true)
  }

  /// Nothing is written to disk, so that a name is only a name.
  @Test func namesThatWantToEscapeAreLabels() async throws {
    let marker = "faultline-\(UUID().uuidString).txt"
    for (name, pack) in Self.kinds {
      let report = try await load([
        try write(
          name,
          pack([
            PackedFiles.Member("../../../\(marker)", SmallArticles.leak),
            PackedFiles.Member("/tmp/\(marker)", SmallArticles.stop),
            PackedFiles.Member("C:\\\u{1B}[2J\(marker)", SmallArticles.deadlock),
          ]))
      ])
      #expect(report.total == 3)
    }
    #expect(!FileManager.default.fileExists(atPath: "/tmp/\(marker)"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/../../../\(marker)"))
  }

  @Test func linksAreNoFiles() async throws {
    var members = Self.articles
    for kind in ["1", "2"] {
      var link = PackedFiles.Member("kb/link\(kind).txt", "")
      link.kind = UInt8(ascii: kind == "1" ? "1" : "2")
      link.target = "/etc/passwd"
      members.append(link)
    }
    let report = try await load([try write("a.tar.xz", PackedFiles.xz(PackedFiles.tar(members)))])
    #expect(report.total == 3)
    #expect(report.unreadable.isEmpty)
  }

  @Test func archivesWithoutFilesSaySo() async throws {
    let good = try write("good.zip", PackedFiles.zip(Self.articles))
    for (name, pack) in Self.kinds {
      let report = try await load([try write("empty-" + name, pack([])), good])
      #expect(report.total == 3)
      #expect(report.unreadable.count == 1, "\(name): \(report.unreadable)")
    }
  }

  @Test func anEncryptedMemberIsNamedAndTheRestGoesOn() async throws {
    var members = Self.articles
    members[1].isEncrypted = true
    let report = try await load([try write("a.zip", PackedFiles.zip(members))])
    #expect(report.total == 2)
    #expect(report.unreadable.map(\.reason) == ["is encrypted"])
  }

  @Test func anArchiveInsideAnArchiveIsNotOpened() async throws {
    var inner = PackedFiles.Member("inner.zip", "")
    inner.bytes = PackedFiles.zip(Self.articles)
    let report = try await load([try write("a.zip", PackedFiles.zip([inner, Self.articles[0]]))])
    #expect(report.total == 1)
    #expect(report.unreadable.first?.reason.contains("archive inside an archive") == true)
  }

  /// Wherever an archive ends: what was read before stays, the archive is named with its reason, other files are read.
  @Test func cutArchivesAreReadAsFarAsTheyGo() async throws {
    let other = try write("other.txt", Array(SmallArticles.text(900_009, title: "Other", cause: "None.").utf8))
    for (name, pack) in Self.kinds {
      let whole = pack(Self.articles)
      for cut in stride(from: 6, to: whole.count, by: max(1, whole.count / 23)) {
        let path = try write("cut-\(cut)-" + name, Array(whole[..<cut]))
        let report = try await load([path, other])
        try? FileManager.default.removeItem(atPath: folder.path + "/kb.sqlite")
        #expect((1...4).contains(report.total), "\(name) cut at \(cut)")
        #expect(report.unreadable.count == 1 || report.total >= 3, "\(name) cut at \(cut): \(report.unreadable)")
        #expect(report.unreadable.allSatisfy { !$0.reason.isEmpty })
      }
    }
  }

  @Test func changedBytesNeverEndAnImport() async throws {
    let other = try write("other.txt", Array(SmallArticles.text(900_009, title: "Other", cause: "None.").utf8))
    for (name, pack) in Self.kinds {
      let whole = pack(Self.articles)
      for seed in 0..<20 {
        var random = SeededRandom(seed: UInt64(seed))
        var copy = whole
        for _ in 0..<6 {
          copy[Int.random(in: 6..<copy.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        let report = try await load([try write("changed-\(seed)-" + name, copy), other])
        #expect(report.total >= 1, "\(name), seed \(seed)")
        try? FileManager.default.removeItem(atPath: folder.path + "/kb.sqlite")
      }
    }
  }

  @Test func limits() async throws {
    let path = try write("a.tar.xz", PackedFiles.xz(PackedFiles.tar(Self.articles)))
    let sizes = Self.articles.map(\.bytes.count)
    var limits = ImportLimits()
    limits.members = 3
    #expect(try await load([path], limits: limits).unreadable.isEmpty)
    limits.members = 2
    let few = try await KnowledgeImporter.run(path, to: folder.path + "/few.sqlite", limits)
    #expect(few.total == 2)
    #expect(few.unreadable.first?.reason.contains("more than 2 members") == true)

    limits = ImportLimits()
    limits.articleBytes = sizes[1] - 1
    let small = try await KnowledgeImporter.run(path, to: folder.path + "/small.sqlite", limits)
    #expect(small.total == sizes.count { $0 < sizes[1] })
    #expect(small.unreadable.allSatisfy { $0.reason.contains("larger than") })

    limits = ImportLimits()
    limits.unpackedBytes = sizes[0] + sizes[1]
    let unpacked = try await KnowledgeImporter.run(path, to: folder.path + "/unpacked.sqlite", limits)
    #expect(unpacked.total == 2)
    #expect(unpacked.unreadable.first?.reason.contains("unpacks to more than") == true)
  }

  /// A member far larger than an article stops the archive once all of it would be too much to unpack.
  @Test func aBombIsGivenUp() async throws {
    var bomb = PackedFiles.Member("bomb.txt", "")
    bomb.bytes = [UInt8](repeating: 0x20, count: 3_000_000)
    let path = try write("a.tar.xz", PackedFiles.xz(PackedFiles.tar([Self.articles[0], bomb, Self.articles[1]])))
    var limits = ImportLimits()
    limits.articleBytes = 100_000
    limits.unpackedBytes = 1_000_000
    let report = try await load([path], limits: limits)
    #expect(report.total == 1)
    #expect(report.unreadable.first?.reason.contains("unpacks to more than 1000000 bytes") == true)
  }
}

extension KnowledgeImporter {
  fileprivate static func run(_ path: String, to database: String, _ limits: ImportLimits) async throws -> ImportReport
  {
    var importer = KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z")
    importer.limits = limits
    return try await importer.run([path])
  }
}

/// Deterministic numbers (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
