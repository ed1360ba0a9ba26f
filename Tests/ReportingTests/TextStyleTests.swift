import Facts
import Testing

@testable import Reporting

@Suite struct TextStyleTests {
  private let plain = TextStyle(width: 40) { _ in "then" }
  private let colored = TextStyle(width: 40, color: true) { _ in "then" }

  @Test func wrapping() {
    let text = "one two three four five six seven eight nine ten eleven twelve"
    #expect(
      plain.wrap(text, indent: 2, hanging: 4, first: "- ") == """
          - one two three four five six seven
            eight nine ten eleven twelve
        """)
    #expect(plain.wrap("") == "")
    #expect(plain.wrap("  many   spaces \n and lines ") == "many spaces and lines")
    let long = String(repeating: "x", count: 60)
    #expect(plain.wrap("a \(long) b", indent: 2) == "  a\n  \(long)\n  b")
  }

  @Test(arguments: [40, 80, 160]) func neverWider(width: Int) {
    let style = TextStyle(width: width) { _ in "then" }
    let words = (1...300).map { String(repeating: "w", count: $0 * 7 % 13 + 1) }.joined(separator: " ")
    for (indent, hanging, first) in [(0, 0, ""), (2, 4, "- "), (4, 20, "parameter 1     ")] {
      let lines = style.wrap(words, indent: indent, hanging: hanging, first: first).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= width })
      #expect(lines.count > 3)
    }
  }

  @Test func narrowTerminalsGetFortyColumns() { #expect(TextStyle(width: 3) { _ in "" }.width == 40) }

  @Test func hostileTextIsMarked() {
    for hostile in [
      "\u{1B}[31m", "\u{0}", "\u{7}", "\u{8}", "\u{9B}31m", "\r", "\u{7F}", "\u{202E}", "\u{2066}", "\u{200F}",
    ] {
      let text = "a\(hostile)b"
      for output in [TextStyle.clean(text), plain.wrap(text), plain.ink(text, .bad), table([[text, "c"]])] {
        #expect(!output.unicodeScalars.contains { $0.value < 0x20 || (0x7F..<0xA0).contains($0.value) })
        #expect(!output.unicodeScalars.contains { ["\u{202E}", "\u{2066}", "\u{200F}"].contains($0) })
        #expect(output.unicodeScalars.contains("\u{FFFD}"))
      }
    }
    #expect(TextStyle.clean("caf\u{E9} \u{1F4A5} \u{4E2D}\n") == "caf\u{E9} \u{1F4A5} \u{4E2D}\n")
    #expect(TextStyle.cleanLine("a\nb") == "a\u{FFFD}b")
    #expect(TextStyle.clean(PathText.text([0x61, 0xFF])) == "a\u{FFFD}")
  }

  @Test func colorStandsAroundCleanText() {
    #expect(colored.ink("a\u{1B}b", .good) == "\u{1B}[32ma\u{FFFD}b\u{1B}[0m")
    #expect(plain.ink("a", .good) == "a")
    let lines = colored.paragraph(String(repeating: "word ", count: 20), .strong, indent: 2).split(separator: "\n")
    #expect(lines.count > 1)
    #expect(lines.allSatisfy { $0.hasPrefix("\u{1B}[1m") && $0.hasSuffix("\u{1B}[0m") })
  }

  @Test func tables() {
    #expect(table([["a", "bbb", "c"], ["aaaa", "b", ""]], indent: 1) == " a     bbb  c\n aaaa  b")
    #expect(table([["a\nb", "c"]], indent: 0) == "a\u{FFFD}b  c")
    #expect(table([]) == "")
  }

  @Test func definitions() {
    let text = plain.definitions([("key", "value"), ("longer", "one two three four five six seven eight")])
    #expect(text == "key     value\nlonger  one two three four five six\n        seven eight")
    #expect(plain.definitions([]) == "")
  }
}
