import Testing

@testable import KnowledgeBase

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Work grows with the text, not with its square: sixteen times the text takes at most sixty-four times the work of this thread.
///
/// The work is the thread's own processor time, of the best of several runs; a square would take 256 times.
@Suite struct ArticleGrowthTests {
  private static let growth = 16
  private static let tolerance = 4.0
  #if DEBUG
  private static let small = 1 << 10
  #else
  private static let small = 1 << 15
  #endif

  /// Pieces that make a careless scanner look at everything again and again.
  static let pieces = [
    " ", "7", ".", "(", ")", "Q", "_", "!", "|", "-", "=", "A", "a", "a!b", "0x", "0x1 ", "STOP ", "STOP 0x1E (",
    "STOP 0x1E (1,2,3,4) and ", "1,234", "A_", "A_B-", "a.sys ", ".sys", "Q123456 ", "KB123456 ", "pool tag Ab1 and ",
    "The English version of this fix ", "SYMPTOMSWhen ", "Hotfix information for ", "BAD_POOLCAUSEA ", "invalid ",
    "This hotfix requires X. ", "this hotfix replaces Q123456. ", "article knowledge base ", "parameters 1,2,3,4 ",
    "07-Jan-2002 10:47 4.0.1381.7169 12,728 Ab.sys x86 ", "Ab.exe5.1.2600.33572,185,98423-Apr-200810:05x86SP2",
    "](", "[", "](a) [b", "## a\n", "_a_ **b** ", "---\n", "Use one of the following methods:\n\n- do it\n\n",
    "- or -\n\n",
    "\u{2022} ", "\u{A0}", "x_1.2.3.4.manifest ", "Method 1", "1. ", "\r", "\n \n",
  ]

  private enum Frame: CaseIterable {
    case line, lines, archive, archiveTable, gluedTable, workaround, markdown

    func text(_ piece: String, _ size: Int) -> [UInt8] {
      let piece = Array(piece.utf8)
      let header = Array("DOCUMENT:Q123456  01-JAN-2000  [winnt]\nTITLE   :t\n======\n".utf8)
      let row: [UInt8] = Array(repeatElement(piece, count: max(1, 64 / piece.count)).joined()) + [0x0A]
      func fill(_ unit: [UInt8]) -> [UInt8] {
        Array(repeatElement(unit, count: max(1, size / unit.count)).joined())
      }
      switch self {
      case .line: return fill(piece)
      case .lines: return fill(piece + [0x0A])
      case .archive: return header + Array("SYMPTOMS\n========\n\n".utf8) + fill(row)
      case .archiveTable: return header + Array("   Date  Time  Version  Size  File name\n".utf8) + fill(row)
      case .workaround: return header + Array("WORKAROUND\n==========\n\n".utf8) + fill(piece)
      case .markdown: return Array("# t\n\n_Original KB number:_ 900123\n\n## Workaround\n\n".utf8) + fill(piece)
      case .gluedTable:
        return Array("Help and Support\nFile nameFile versionFile sizeDateTimePlatform\n".utf8) + fill(row)
      }
    }
  }

  private static func work(_ bytes: [UInt8]) -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    _ = Article.parse(bytes)
    _ = Article.looksLikeArticle(bytes)
    return now() - start
  }

  @Test(arguments: pieces) func sixteenTimesTheTextTakesSixteenTimesTheWork(piece: String) {
    for frame in Frame.allCases {
      let small = frame.text(piece, Self.small)
      let large = frame.text(piece, Self.small * Self.growth)
      let isLinear = (0..<4).contains { _ in
        let unit = (0..<3).map { _ in Self.work(small) }.min() ?? 0
        return Self.work(large) <= Self.tolerance * Double(Self.growth) * max(unit, 1e-5)
      }
      #expect(isLinear, "'\(piece)' as \(frame)")
    }
  }
}
