import Facts
import FieldLogs
import Testing

@Suite struct DebuggerLogTests {
  private func read(_ text: String) -> DebuggerLogView { DebuggerLog.read(Array(text.utf8)) }

  private func expectX64(_ log: DebuggerLogView, sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(log.code == StopCode(0xD1), sourceLocation: sourceLocation)
    #expect(log.name == "DRIVER_IRQL_NOT_LESS_OR_EQUAL", sourceLocation: sourceLocation)
    #expect(log.parameters == [0x28, 2, 1, 0xFFFF_F801_1122_3344], sourceLocation: sourceLocation)
    #expect(log.image == "acmeflt.sys", sourceLocation: sourceLocation)
    #expect(log.module == "acmeflt", sourceLocation: sourceLocation)
    #expect(log.process == "Acme Service.e", sourceLocation: sourceLocation)
    #expect(log.failureBucket == "AV_acmeflt!Dispatch", sourceLocation: sourceLocation)
    #expect(log.irql == 2, sourceLocation: sourceLocation)
    #expect(log.stack.map(\.place) == WrittenLogs.x64Places, sourceLocation: sourceLocation)
    #expect(log.topFrame == 3, sourceLocation: sourceLocation)
    #expect(log.others.isEmpty, sourceLocation: sourceLocation)
  }

  @Test func asPrinted() {
    let log = read(WrittenLogs.x64)
    expectX64(log)
    #expect(log.architecture == .x64)
    #expect(log.build == 19041)
    #expect(log.stack[1].address == VirtualAddress(0xFFFF_F800_0100_0069))
    #expect(log.stack[0].arguments == [0xA, 0x28, 2, 1])
    #expect(log.stack[7].isUserMode && !log.stack[4].isUserMode)
    #expect(log.referenced == VirtualAddress(0x28) && log.access == "write")
    #expect(log.notes.isEmpty)
  }

  static let pastes: [(name: String, make: @Sendable (String) -> String)] = [
    ("indented", { $0.lines.map { "\t      " + $0 }.joined(separator: "\n") }),
    ("quoted", { $0.lines.map { ">> " + $0 }.joined(separator: "\n") }),
    ("quoted and spaced", { $0.lines.map { " > > | " + $0 }.joined(separator: "\n") }),
    ("with returns", { $0.lines.joined(separator: "\r\n") }),
    ("with returns alone", { $0.lines.joined(separator: "\r") }),
    ("double spaced", { $0.lines.joined(separator: "\n\n") }),
    ("on one line", { $0.lines.joined(separator: " ") }),
    ("on one line with single spaces", { $0.split { $0 == " " || $0 == "\n" || $0 == "\t" }.joined(separator: " ") }),
    ("without empty lines", { $0.lines.filter { !$0.isEmpty }.joined(separator: "\n") }),
    ("escaped", { "<pre>" + $0.escaped + "</pre>" }),
    ("escaped twice", { $0.escaped.escaped }),
    ("with breaks", { $0.escaped.lines.joined(separator: "<br />") }),
    ("with colours", { $0.escaped.lines.map { "<span class=\"x\">\($0)</span>" }.joined(separator: "\n") }),
    ("numeric entities", { $0.replacing("`", with: "&#96;").replacing("<", with: "&#x3c;") }),
    ("markdown", { $0.replacing("_", with: "\\_") }),
    ("curly quotation marks", { $0.replacing("`", with: "\u{2018}") }),
    ("no-break spaces", { $0.replacing(" ", with: "\u{A0}") }),
    ("full-width colons", { $0.replacing("Arg1: ", with: "Arg1：").replacing("IMAGE_NAME: ", with: "IMAGE_NAME：") }),
    (
      "translated",
      {
        $0.replacing("Arguments:", with: "Argumente:").replacing("Arg", with: "Argument ")
          .replacing("Bugcheck Analysis", with: "Fehleranalyse").replacing("memory referenced", with: "Adresse")
      }
    ),
    ("translated into Russian", { $0.replacing("Arg1", with: "Аргумент1").replacing("Arg2", with: "Аргумент2") }),
  ]

  @Test(arguments: pastes.map(\.name)) func pasted(_ name: String) throws {
    let paste = try #require(Self.pastes.first { $0.name == name })
    expectX64(read(paste.make(WrittenLogs.x64)))
  }

  @Test(arguments: [40, 60, 72, 80, 100]) func wrapped(_ width: Int) {
    // A name with a space breaks, too, where no line is long enough; everything else holds.
    let log = read(WrittenLogs.x64.wrapped(width))
    #expect(log.code == StopCode(0xD1))
    #expect(log.parameters == [0x28, 2, 1, 0xFFFF_F801_1122_3344])
    #expect(log.image == "acmeflt.sys")
    #expect(log.stack.map(\.place) == WrittenLogs.x64Places)
  }

  @Test func sixteenBitUnits() {
    let text = WrittenLogs.x64.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    expectX64(DebuggerLog.read([0xFF, 0xFE] + text))
  }

  @Test func shortAndAnalysedAreOneStop() {
    let log = read(WrittenLogs.x86)
    #expect(log.code == StopCode(0x1000_008E))
    #expect(log.parameters == [0xC000_0005, 0x8090_0001, 0xF7A0_0000, 0])
    #expect(log.others.isEmpty)
    #expect(log.architecture == .x86 && log.build == 3790 && log.servicePack == ServicePack(2) && log.processors == 4)
    #expect(log.dumpFile == "C:\\dumps\\Mini01.dmp")
    #expect(log.exceptionCode == .accessViolation)
    #expect(log.faultingAddress == VirtualAddress(0x8090_0001))
    #expect(log.stack.count == 4 && log.stack[0].address == VirtualAddress(0x8090_0001))
    #expect(log.stack.map(\.isDoubtful) == [false, true, true, true])
  }

  @Test func theStackContradictsTheBlame() throws {
    let log = read(WrittenLogs.x86)
    #expect(log.image == "ntkrpamp.exe")
    #expect(log.foreignFrame == 1)
    #expect(log.notes.count == 1)
    #expect(try #require(log.notes.first).contains("acmedrv"))
  }

  @Test func shortAlone() {
    let short = read(
      "BugCheck D1, {28, 2, 1,\n fffff80111223344}\n\nProbably caused by : acmeflt.sys ( acmeflt!Dispatch+44 )\n")
    #expect(short.code == StopCode(0xD1))
    #expect(short.parameters == [0x28, 2, 1, 0xFFFF_F801_1122_3344])
    #expect(short.image == "acmeflt.sys")
    #expect(short.blamedSymbol == "acmeflt!Dispatch+44")
  }

  @Test(arguments: [
    "*** STOP: 0x000000D1 (0x00000028,0x00000002,0x00000001,0xF7A12345)",
    "*** Fatal System Error: 0x000000d1\n                       (0x00000028,0x00000002,0x00000001,0xF7A12345)",
    "Bugcheck code 000000D1\nArguments 00000028 00000002 00000001 f7a12345\n",
    "The bugcheck was: 0x000000d1 (0x00000028, 0x00000002, 0x00000001, 0xf7a12345). A dump was saved",
  ]) func otherForms(_ text: String) {
    let log = read(text)
    #expect(log.code == StopCode(0xD1))
    #expect(log.parameters == [0x28, 2, 1, 0xF7A1_2345])
  }

  @Test func headingCutOff() throws {
    let start = try #require(WrittenLogs.x64.range(of: "    Key  : Failure"))
    let log = read(String(WrittenLogs.x64[start...]))
    #expect(log.code == StopCode(0xD1))
    #expect(log.image == "acmeflt.sys")
    #expect(log.stack.count == 8)
  }

  @Test func stackAloneStatesTheStop() throws {
    let start = try #require(WrittenLogs.x64.range(of: "ffffa001`00000008"))
    let log = read(String(WrittenLogs.x64[start...]))
    #expect(log.stack.map(\.place) == WrittenLogs.x64Places)
    #expect(log.code == StopCode(0xA))
    #expect(log.parameters == [0x28, 2, 1])
  }

  @Test func endCutOff() throws {
    let end = try #require(WrittenLogs.x64.range(of: "ffffa001`00000350"))
    let log = read(String(WrittenLogs.x64[..<end]))
    #expect(log.parameters.count == 4)
    #expect(log.stack.count == 5)
    #expect(log.image == nil)
  }

  @Test func severalStops() {
    let log = read(WrittenLogs.x64 + "\n\n" + WrittenLogs.x86)
    #expect(log.code == StopCode(0xD1))
    #expect(log.stack.count == 8)
    #expect(log.others.map(\.code) == [StopCode(0x1000_008E)])
    #expect(log.others.first?.stack.count == 4)
    #expect(log.others.first?.process == "acme.exe")
  }

  @Test func commandsOfStacks() {
    let log = read(
      """
      0: kd> kv
      ChildEBP RetAddr  Args to Child
      f7a00100 f7b01234 00000010 20786e53 00000000 nt!ExFreePoolWithTag+0x464 (FPO: [Non-Fpo])
      f7a00120 80801111 92b7b008 89675540 00000800 acmedrv!Close+0x12 (CONV: stdcall)
      0: kd> r
      eax=00000000
      """)
    #expect(log.stack.map(\.place) == ["nt!ExFreePoolWithTag+0x464", "acmedrv!Close+0x12"])
    let numbered = read(
      """
      # Child-SP          RetAddr               Call Site
      00 ffffa001`00000008 fffff800`01000069     nt!KeBugCheckEx
      01 ffffa001`00000010 fffff800`01000e69     acmeflt+0x1234
      """)
    #expect(numbered.stack.map(\.place) == ["nt!KeBugCheckEx", "acmeflt+0x1234"])
    #expect(numbered.stack.last?.module == "acmeflt")
  }

  @Test func otherCommands() {
    let log = read(WrittenLogs.x86 + "\n" + WrittenLogs.lists)
    #expect(log.modules.map(\.name) == ["nt", "acmedrv", "gone.sys"])
    #expect(log.modules.map(\.isUnloaded) == [false, false, true])
    #expect(log.modules[1].file == "acmedrv.sys" && log.modules[1].timestamp == 0x4243_5E15)
    #expect(log.locks.count == 1)
    #expect(log.locks.first?.name == "nt!PsLoadedModuleResource")
    #expect(log.locks.first?.contention == 17 && log.locks.first?.exclusiveWaiters == 2)
    #expect(log.locks.first?.owners == [VirtualAddress(0x8A00_1020)])
    #expect(log.locks.first?.waiters.count == 2)
    #expect(log.queues.map(\.name) == ["Critical", "Delayed"])
    #expect(log.queues.first?.pending == ["acmedrv!Work"])
    #expect(log.queues.first?.threads == [VirtualAddress(0x8A00_1020)])
  }

  @Test func nothing() {
    #expect(read("").saysNothing)
    #expect(read("Dear all, the server in room 3 is down (0).\nIRP_MJ_CREATE (0)\n").saysNothing)
  }
}

extension String {
  var lines: [String] { split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

  var escaped: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;").replacing(
      "'", with: "&#39;")
  }

  func replacing(_ old: String, with new: String) -> String {
    var out = ""
    var rest = self[...]
    while let found = rest.range(of: old) {
      out += rest[..<found]
      out += new
      rest = rest[found...].dropFirst(old.count)
    }
    return out + rest
  }

  /// Where a text begins.
  func range(of needle: String) -> Index? { self[...].range(of: needle) }

  /// Lines broken at spaces, as mail programs do.
  func wrapped(_ width: Int) -> String {
    lines.map { line in
      var out = ""
      var column = 0
      for word in line.split(separator: " ", omittingEmptySubsequences: false) {
        if column > 0, column + word.count >= width {
          out += "\n"
          column = 0
        } else if column > 0 {
          out += " "
        }
        out += word
        column += word.count + 1
      }
      return out
    }.joined(separator: "\n")
  }
}

extension Substring {
  func range(of needle: String) -> Index? {
    let bytes = Array(needle.utf8)
    var place = utf8.startIndex
    while place < utf8.endIndex {
      if utf8[place...].starts(with: bytes) { return place }
      place = utf8.index(after: place)
    }
    return nil
  }
}
