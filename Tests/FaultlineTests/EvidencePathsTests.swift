import Facts
import Faultline
import Reporting
import TestSupport
import Testing

@Suite struct EvidencePathsTests {
  @Test func foldersAreListedInOneOrder() throws {
    let folder = try TemporaryFolder()
    for name in ["b/2.txt", "b/1.txt", "a.txt", "C.txt", "b.txt", "\u{E9}.txt"] { try folder.write(name, "text") }
    let expected = ["C.txt", "a.txt", "b/1.txt", "b/2.txt", "b.txt", "\u{E9}.txt"].map { folder.path + "/" + $0 }
    #expect(Set(EvidencePaths([folder.path]).files) == Set(expected))
    #expect(EvidencePaths([folder.path]).files == EvidencePaths([folder.path + "/"]).files)
    #expect(EvidencePaths([folder.path]).files.first == folder.path + "/C.txt")
  }

  @Test func argumentsKeepTheirOrder() throws {
    let folder = try TemporaryFolder()
    let (b, a) = (try folder.write("b", "1"), try folder.write("a", "2"))
    let found = EvidencePaths([b, folder.path + "/nothing", a, b])
    #expect(found.files == [b, a, b])
    #expect(found.notFound == [folder.path + "/nothing"])
    #expect(found.problems.isEmpty)
  }

  @Test func missingAndEmpty() throws {
    let folder = try TemporaryFolder()
    #expect(EvidencePaths([folder.path]).files.isEmpty)
    #expect(EvidencePaths([folder.path + "/a/b"]).notFound == [folder.path + "/a/b"])
    let file = try folder.write("file", "text")
    #expect(EvidencePaths([file + "/below"]).notFound == [file + "/below"])
  }

  @Test func links() throws {
    let folder = try TemporaryFolder()
    let inner = try folder.folder("inner")
    try folder.write("inner/file.txt", "text")
    try folder.link("inner/loop", to: inner)
    try folder.link("inner/up", to: "..")
    let ownTarget = try folder.link("self", to: "self")
    let dangling = try folder.link("dangling", to: "nowhere")
    let toFile = try folder.link("to-file", to: "inner/file.txt")
    let found = EvidencePaths([folder.path])
    #expect(Set(found.files) == [inner + "/file.txt", ownTarget, dangling, toFile])
    #expect(found.notFound.isEmpty)
    // Named by itself, a link to a folder is that folder.
    let link = try folder.link("to-folder", to: "inner")
    #expect(EvidencePaths([link]).files == [link + "/file.txt"])
    #expect(EvidencePaths([ownTarget]).files == [ownTarget])
    #expect(EvidencePiece.read(ownTarget).problems.first?.text.isEmpty == false)
    #expect(EvidencePiece.read(dangling).isInputOutputFailure)
  }

  @Test func depthIsLimited() throws {
    let folder = try TemporaryFolder()
    let deep = { (depth: Int) in (0..<depth).map { _ in "d/" }.joined() }
    let within = try folder.write(deep(EvidencePaths.maximumDepth - 1) + "file", "text")
    try folder.write(deep(EvidencePaths.maximumDepth) + "file", "text")
    let found = EvidencePaths([folder.path])
    #expect(found.files == [within])
    #expect(found.problems.map(\.path) == [folder.path + "/" + deep(EvidencePaths.maximumDepth).dropLast()])
  }
}

@Suite struct PathTextTests {
  @Test(
    arguments: [
      [], Array("plain".utf8), Array("\u{E9}\u{1F4A5}".utf8), [0xFF], [0x61, 0xC3], [0xC3, 0x28], [0xED, 0xA0, 0x80],
      [0xE2, 0x82],
      [0xF4, 0x8F, 0xBA, 0x80], [0xF4, 0x8F, 0xBA, 0x80, 0xFF, 0x41], Array(0x01...0xFF),
    ] as [[UInt8]])
  func everyPathSurvives(bytes: [UInt8]) {
    #expect(PathText.bytes(PathText.text(bytes)) == bytes)
  }

  @Test func textIsAsItReads() {
    #expect(PathText.text(Array("dumps/\u{E9}.dmp".utf8)) == "dumps/\u{E9}.dmp")
    #expect(PathText.text([0x61, 0xFF]).unicodeScalars.last.flatMap(PathText.byte) == 0xFF)
    #expect(PathText.precedes("Z", "a") && !PathText.precedes("a", "a"))
  }
}
