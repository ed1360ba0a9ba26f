import ByteReading
import EvidenceSynthesis
import Facts
import Faultline
import TestSupport
import Testing

@Suite struct EvidenceKindTests {
  private func kind(_ bytes: [UInt8]) -> EvidenceKind {
    EvidenceKind.detect(MappedFile(bytes: bytes, path: "memory")).kind
  }
  private func kind(_ text: String) -> EvidenceKind { kind(Array(text.utf8)) }

  @Test func signatures() throws {
    let scenario = try #require(Scenario.named("netbt-stop"))
    #expect(kind(scenario(seed: 1).dump()) == .crashDump)
    for magic in [
      [0xD4, 0xC3, 0xB2, 0xA1], [0xA1, 0xB2, 0xC3, 0xD4], [0x4D, 0x3C, 0xB2, 0xA1], [0x0A, 0x0D, 0x0D, 0x0A],
    ] as [[UInt8]] {
      #expect(kind(magic + [UInt8](repeating: 0, count: 60)) == .capture)
    }
    #expect(kind(Array("regf".utf8) + [0, 0, 0, 0]) == .registryHive)
    #expect(kind(Array("MZ".utf8) + [0x90, 0, 3, 0, 0, 0]) == .image)
    #expect(kind(Array("Microsoft C/C++ MSF 7.00\r\n".utf8) + [0x1A, 0x44, 0x53, 0, 0, 0]) == .symbols)
    #expect(kind(#"{"metadata": {}, "base_types": {}, "user_types": {}, "symbols": {}}"#) == .symbols)
    #expect(kind(#"  {"schema": "faultline.symptoms/1", "stopCode": "0x0000000a"}"#) == .symptoms)
  }

  /// A pcap of no packets, packed by Python's gzip module; and a text packed likewise.
  @Test func packed() {
    let capture: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xBB, 0x72, 0x78, 0xD3, 0x42, 0x26, 0x06, 0x16, 0x06,
      0x18,
      0xF8, 0xFF, 0x9F, 0x81, 0x81, 0x11, 0x48, 0x03, 0x00, 0xE1, 0xD7, 0xA1, 0x11, 0x18, 0x00, 0x00, 0x00,
    ]
    #expect(kind(capture) == .capture)
    let text: [UInt8] = [
      0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2B, 0x49, 0xAD, 0x28, 0x01, 0x00, 0xC7, 0xA7, 0x8B,
      0x3B,
      0x04, 0x00, 0x00, 0x00,
    ]
    #expect(kind(text) == .unknown)
    for count in capture.indices { _ = kind(Array(capture.prefix(count))) }
  }

  @Test(
    arguments: [
      ("0: kd> !analyze -v\nConnected\n", .debuggerLog),
      ("Microsoft (R) Windows Debugger Version 6.12\n\nBugCheck D1, {0, 2, 0, f7a1}\n", .debuggerLog),
      ("text before\n    BUGCHECK_STR:  0x8E\n", .debuggerLog),
      ("start    end        module name\n804d7000 806cf000   nt\n", .debuggerLog),
      (
        "f78dab2c 8054be98 0000000a nt!KeBugCheckEx+0x1b\nf78dab4c 8054bf00 8054be98 nt!KiTrap0E+0x2a7\n",
        .debuggerLog
      ),
      (
        " Tag  Type     Allocs            Frees            Diff   Bytes\n Mdl  Nonp   1 (0)  0 (0)  1 64 (0)  64\n",
        .poolLog
      ), ("MmSt Paged 120 100 20 4096 204\nNtfr Nonp 20 1 19 1216 64\n", .poolLog),
      ("lkd> !poolused 2\n Sorting by NonPaged Pool Consumed\n", .poolLog),
      ("Host Name:      PC\nOS Version:     5.2.3790 Service Pack 2 Build 3790\n", .inventory),
      ("Betriebssystemversion:   6.1.7601 Service Pack 1 Build 7601\r\n", .inventory),
      ("Corre\u{E7}\u{F5}es: 2\n   [01]: KB4462930\n   [02]: Q147222\n", .inventory),
      ("HotFixID   InstalledOn\nKB2894852  3/18/2014\n", .inventory),
      ("FileName    : C:\\a\\netbt.sys\r\nFileVersion : 5.2.3790.4318 (srv03_sp2_qfe.080605-1208)\r\n", .inventory),
      ("KB890830: Windows Malicious Software Removal Tool x64 (KB890830)\n", .inventory),
      ("a letter about KB890830 and a Hotfix, in which page 5 is Paged\n", .unknown),
      ("The Diff between Allocs and Frees is 5 KB.\n", .unknown), ("\n \r\n\t", .unknown), ("", .unknown),
      ("MZ is how images begin", .unknown), ("{\"a\": 1}", .unknown),
    ] as [(String, EvidenceKind)])
  func texts(text: String, expected: EvidenceKind) { #expect(kind(text) == expected) }

  @Test func everyEncoding() {
    let text = "Host Name:      PC\r\nOS Version:     10.0.17763 N/A Build 17763\r\n"
    #expect(kind([0xEF, 0xBB, 0xBF] + Array(text.utf8)) == .inventory)
    #expect(kind([0xFF, 0xFE] + text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }) == .inventory)
    #expect(kind(text.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }) == .inventory)
    #expect(kind(Array(text.utf8) + [0xE9, 0x81]) == .inventory)
  }

  /// An article that quotes a debugger stays an article.
  @Test func quotingArticle() {
    let text = """
      STOP 0x0000000A in Example.sys
      The information in this article applies to:
       - Microsoft Windows 2000 Server

      SYMPTOMS
      The computer stops. The debugger prints:
         ChildEBP RetAddr
         f78dab2c 8054be98 nt!KeBugCheckEx+0x1b

      CAUSE
      This problem occurs because a pointer is not checked.

      STATUS
      Microsoft has confirmed that this is a problem.
      """
    #expect(kind(text) == .article)
  }

  @Test func binaryThatIsNothing() {
    #expect(kind([0, 1, 2, 3, 0xFF, 0, 9, 0]) == .unknown)
    #expect(kind([UInt8](repeating: 0, count: 4096)) == .unknown)
  }
}

@Suite(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) struct RealEvidenceKindTests {
  private static let kinds: [String: EvidenceKind] = [
    "pcap": .capture, "hives": .registryHive, "pe": .image, "pdb": .symbols, "analyze-logs": .debuggerLog,
    "inventory": .inventory,
    "poolmon": .poolLog,
  ]

  @Test func everyFileOfTheManifest() throws {
    for entry in try SharedEvidence.entries() {
      let file = try MappedFile(path: SharedEvidence.path(entry))
      let found = EvidenceKind.detect(file)
      if let expected = Self.kinds[entry.kind] {
        // One list of updates holds a byte-order mark and a line break.
        let isBlank = file.byteCount < 16 && found.kind == .unknown
        #expect(found.kind == expected || isBlank, "\(entry.file): \(found.reason)")
      } else {
        // Beside the dumps lie what other tools print of them.
        #expect((found.kind == .crashDump) == entry.file.hasSuffix(".dmp"), "\(entry.file): \(found.reason)")
      }
    }
  }

  @Test func everyArticle() throws {
    let folder = try #require(SharedEvidence.folder)
    let files = EvidencePaths([folder + "/eval/articles-dev", folder + "/seeds"]).files
    #expect(files.count > 5)
    for path in files {
      let found = EvidenceKind.detect(try MappedFile(path: path))
      #expect(found.kind == .article, "\(path): \(found.reason)")
    }
  }
}
