import Facts
import Testing

@testable import KnowledgeBase

@Suite struct ArticleStopErrorTests {
  private func scan(_ text: String) -> StopErrors {
    var scanner = StopErrorScanner(FoldedBytes(text), readsParameters: true, speaksOfStops: true, into: StopErrors())
    scanner.scan()
    return scanner.result
  }

  @Test(arguments: [
    ("a \"STOP 0x00000041\" error", [0x41]), ("Stop 0xA in Ferry.sys", [0xA]), ("A \"Stop 50\" error", [0x50]),
    ("STOP: 0X00002B (1,2,3,4)", [0x2B]), ("bugcheck code of 0x0A: IRQL_NOT_LESS_OR_EQUAL", [0xA]),
    ("Causes 0x0000000A Blue Screen STOP Message", [0xA]), ("a STOP code 0x7F (UNEXPECTED_KERNEL_MODE_TRAP)", [0x7F]),
    ("STOP Messages 0x00000077 and 0x0000007A", [0x77, 0x7A]),
    ("0x000000CA (PNP_DETECTED_FATAL_ERROR) is shown", [0xCA]),
    ("a \"stop 0xc000021a\" error", [0xC000_021A]), ("STOP 7B When You Start", [0x7B]),
    ("STOP (0x00000050 0xe2000000 0x00000000 0x00000000 0x00000002)", [0x50]),
  ])
  func codes(text: String, expected: [UInt32]) {
    #expect(scan(text).codes == expected.map { StopCode($0) })
  }

  @Test(arguments: [
    "stop 4 services", "NET STOP 1", "may stop responding (hang)", "status 0xC0000005", "GlobalFlag 0x00000400",
    "STORE!Open+0x87(0x01422DD4, 0x00000001, 0x0B8AF4B0)", "0xC0000008   STATUS_INVALID_HANDLE", "STOP at 0x",
    "the STOP Message. 0xC000009A means", "0x12345678901 STOP", "FLAG 0x00000001",
  ])
  func noCodes(text: String) {
    #expect(scan(text).codes.isEmpty)
  }

  @Test(arguments: [
    ("Stop 0x50 (0xf936a018, 0x0, 0x00000000, parameter4)", ["0xf936a018", "0x0", "0x00000000", "parameter4"]),
    (
      "Stop 0x000000D1 { 0x00000040 0x00000002 0x00000000 f69389ed}",
      ["0x00000040", "0x00000002", "0x00000000", "f69389ed"]
    ),
    (
      "STOP 0x1E: KMODE_EXCEPTION_NOT_HANDLED (C0000005, 8017bb55, 00000001,7ffdf002)",
      ["C0000005", "8017bb55", "00000001", "7ffdf002"]
    ),
    ("Stop 0x3E 0x0 0x1 0x2 0x3", ["0x0", "0x1", "0x2", "0x3"]),
    ("STOP 0xA (0x<nnnnnnnn>, xxxxxxxx, 0x00000000)", ["0x<nnnnnnnn>", "xxxxxxxx", "0x00000000"]),
  ])
  func parameters(text: String, expected: [String]) {
    #expect(scan(text).parameters == [expected])
  }

  @Test(arguments: [
    ("STOP 0x0000000A IRQ_not_less_or_equal", "IRQ_not_less_or_equal"),
    ("0x0A: IRQL_NOT_LESS_OR_EQUAL.", "IRQL_NOT_LESS_OR_EQUAL"),
    ("STOP 0x50 (1,2,3,4) PAGE_FAULT_IN_NONPAGED_AREA", "PAGE_FAULT_IN_NONPAGED_AREA"),
  ])
  func names(text: String, expected: String) {
    #expect(scan(text).names == [expected])
  }

  @Test func poolTagsNeedThePool() {
    func tags(_ text: String) -> [String] { Article.parse(Array(text.utf8)).poolTags }
    #expect(tags("Poolmon shows it. Look for the NtfV tag in the list.") == ["NtfV"])
    #expect(tags("Nonpaged pool grows. The pool tag is Ferr.") == ["Ferr"])
    #expect(tags("The pool: allocations (FSrt) are not freed.") == ["FSrt"])
    #expect(tags("The pool grows by TCPt and Afde pooltags.") == ["TCPt", "Afde"])
    #expect(tags("Put the IMG tag before the BODY tag.") == [])
    #expect(tags("The pool is small. This tag is used for pool tagging.") == [])
  }

  @Test func binaries() {
    let names = ArticleDocument.binaryNames(
      in: FoldedBytes("NETBT.SYS, Ntoskrnl.exe and Halsp.dll; not CONFIG.SYS, *.sys, a.sysx, User32.dll"))
    #expect(names == ["netbt.sys", "ntoskrnl.exe", "halsp.dll"])
  }

  @Test func recognition() throws {
    for name in ArticleFixtures.names {
      let (isArticle, reason) = Article.looksLikeArticle(try ArticleFixtures.bytes(name))
      #expect(isArticle, "\(name): \(reason)")
    }
    for other in [
      "Microsoft (R) Windows Debugger Version 10.0\nLoading Dump File [a.dmp]\nBugcheck Analysis\nSee the Microsoft Knowledge Base.\n",
      "Host Name:                 FERRY\nOriginal Install Date:     1/2/2003\nHotfix(s): KB123456\n",
      "Memory: 1024K Avail\nTag  Type     Allocs            Frees\nMmSt Paged 1 2 3\n", "", "hello",
      "SUMMARY\nall is well\nSTATUS\ngreen\n",
    ] {
      let (isArticle, reason) = Article.looksLikeArticle(Array(other.utf8))
      #expect(!isArticle, "\(other.prefix(20)): \(reason)")
      #expect(!reason.isEmpty)
    }
  }
}
