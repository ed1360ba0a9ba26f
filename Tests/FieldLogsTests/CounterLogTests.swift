import Facts
import FieldLogs
import Testing

@Suite struct CounterLogTests {
  private func read(_ text: String) -> PoolLogView { PoolLog.read(Array(text.utf8)) }

  /// As `typeperf` prints to a console: no zone, a blank for what failed, two lines behind.
  static let typeperf = #"""

    "(PDH-CSV 4.0)","\\FILESRV\Memory\Pool Nonpaged Bytes","\\FILESRV\Memory\Pool Paged Bytes","\\FILESRV\Memory\Available Bytes"
    "03/04/2009 12:00:00.123","104857600.000000","52428800.000000","99.000000"
    "03/04/2009 12:15:00.125"," ","52428801.000000","98.000000"
    "03/04/2009 12:30:00.127","104857700.000000","52428802.000000","97.000000"
    Exiting, please wait...
    The command completed successfully.
    """#

  /// As the Performance console and `relog` write files.
  static let relog =
    #""(PDH-TSV 4.0) (Pacific Standard Time)(480)"@"\\FILESRV\Process(svchost#1)\Pool Nonpaged Bytes"@"\\FILESRV\Process(svchost#1)\Handle Count"@"\\FILESRV\Process(svchost#1)\ID Process"@"\\FILESRV\Process(_Total)\Handle Count"@"\\FILESRV\Memory\Pool Nonpaged Allocs"@"\\FILESRV\Server\Pool Nonpaged Bytes"@"\\FILESRV\System\System Up Time""#
    .replacing("@", with: "\t") + "\r\n"
    + #""03/04/2009 23:45:00.000"@"4096"@"410"@"812"@"9000"@"81234"@"5"@"86400.5""#.replacing("@", with: "\t") + "\r\n"
    + #""03/05/2009 00:00:00.000"@"4160"@"420"@"812"@"9010"@"81300"@"5"@"87300.5""#.replacing("@", with: "\t") + "\r\n"
    + #""03/05/2009 00:15:00.000"@"100"@"30"@"1404"@"9020"@"71300"@"5"@"60.25""#.replacing("@", with: "\t") + "\r\n"

  @Test func consoleOfTypeperf() throws {
    let log = read(Self.typeperf)
    #expect(log.snapshots.isEmpty && log.notes.isEmpty)
    #expect(log.counters.map(\.pool) == ["nonpaged", "paged"])
    #expect(log.counters.allSatisfy { $0.process == nil && $0.quantity == .bytes })
    #expect(log.counters[0].samples.map(\.value) == [104_857_600, 104_857_700])
    #expect(log.counters[1].samples.map(\.value) == [52_428_800, 52_428_801, 52_428_802])
    let first = try #require(log.counters[1].samples.first)
    // The tools write the month first in every language.
    #expect(CivilTime(unixSeconds: Int64(first.seconds)).rfc3339 == "2009-03-04T12:00:00Z")
    #expect(log.counters[1].samples[1].seconds - first.seconds > 900)
  }

  @Test func processesZonesAndRestarts() throws {
    let log = read(Self.relog)
    // The sum of processes, and the pool that the file service counts for itself, are no counters of their own.
    #expect(log.counters.map(\.name) == ["Pool Nonpaged Bytes", "Handle Count", "Pool Nonpaged Allocs"])
    #expect(log.counters.map(\.process) == ["svchost#1", "svchost#1", nil])
    #expect(log.counters.map(\.quantity) == [.bytes, .handles, .allocations])
    // The process has another number, and the system has been up for a shorter time.
    #expect(log.counters[2].samples.map(\.run) == [0, 0, 1])
    #expect(log.counters[0].samples.map(\.run) == [0, 0, 2])
    #expect(log.notes == ["The log's clock is that of Pacific Standard Time, UTC-8:00."])
  }

  @Test func otherLanguages() {
    for (paged, nonpaged, memory) in [
      ("Auslagerungsseiten (Bytes)", "Nicht-Auslagerungsseiten (Bytes)", "Arbeitsspeicher"),
      ("Octets de réserve paginée", "Octets de réserve non paginée", "Mémoire"),
      ("Bytes de bloque paginado", "Bytes de bloque no paginado", "Memoria"),
      ("Байт в выгружаемом страничном пуле", "Байт в невыгружаемом страничном пуле", "Память"),
    ] {
      let text =
        #""(PDH-CSV 4.0) (x)(-60)","\\M\\#(memory)\\#(paged)","\\M\\#(memory)\\#(nonpaged)""# + "\r\n"
        + #""12/31/2008 23:00:00.000","1000","2000""# + "\r\n"
      #expect(read(text).counters.map(\.pool) == ["paged", "nonpaged"], "\(paged)")
      var wide: [UInt8] = [0xFF, 0xFE]
      for unit in text.utf16 { wide += [UInt8(unit & 0xFF), UInt8(unit >> 8)] }
      #expect(PoolLog.read(wide).counters.map(\.pool) == ["paged", "nonpaged"], "\(paged) in UTF-16")
      // In a code page of one byte a letter, whichever.
      let bytes = text.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0x82 }
      #expect(PoolLog.read(bytes).counters.map(\.pool) == ["paged", "nonpaged"], "\(paged) in bytes")
    }
  }

  @Test func aLanguageThatIsNotKnown() throws {
    let log = read(
      #"""
      "(PDH-CSV 4.0) (x)(0)","\\M\Minne\Sidladdning/s","\\M\Minne\Poolx","\\M\Minne\Pooly","\\M\Minne\Ledigt","\\M\Pro(a)\Poolx","\\M\Pro(a)\Pooly","\\M\Pro(a)\Sidladdning/s"
      "12/31/2008 23:00:00.000","1","70000","80000","3","10","20","1"
      """#)
    #expect(log.counters.map(\.name) == ["Poolx", "Pooly", "Poolx", "Pooly"])
    #expect(log.counters.allSatisfy { $0.pool == nil })
    #expect(log.notes.contains { $0.contains("cannot be told") })
    let none = read(
      #"""
      "(PDH-CSV 4.0) (x)(0)","\\M\Processor(_Total)\% Processor Time"
      "12/31/2008 23:00:00.000","1.5"
      """#)
    #expect(none.isEmpty && none.notes.count == 1)
    #expect(none.notes.contains { $0.contains("% Processor Time") })
  }

  /// Spreadsheets part by semicolons, turn dates and drop quotation marks.
  @Test func savedBySpreadsheets() {
    let log = read(
      "(PDH-CSV 4.0) (GMT)(0);\\\\M\\Memory\\Pool Nonpaged Bytes;\\\\M\\Process(a \"b\" (x86))\\Handle Count\n"
        + "13.03.2009 12:00;1234,5;7\n14.03.2009 12:00:30;1,5E+06;8\n14.03.2009;1;1\n15.03.2009 00:00;;\n")
    #expect(log.counters.map(\.process) == [nil, "a \"b\" (x86)"])
    #expect(log.counters.first?.samples.map(\.value) == [1234, 1_500_000])
    #expect(log.counters.first?.samples.last.map { $0.seconds } == 1_237_032_030)
    let american = read(
      "\"(PDH-CSV 4.0)\",\"\\\\M\\Memory\\Pool Paged Bytes\"\n3/4/2009 1:30:00 PM,5\n13/3/2009 12:05:00 AM,6\n")
    // One day over 12 turns them all.
    #expect(
      american.counters.first?.samples.map { CivilTime(unixSeconds: Int64($0.seconds)).rfc3339 }
        == ["2009-03-13T00:05:00Z", "2009-04-03T13:30:00Z"])
  }

  @Test func appendedAndCutLogs() {
    let again = Self.typeperf.replacing("03/04/2009", with: "03/05/2009")
    let log = read(Self.typeperf + "\n" + again + "\n\"03/06/2009 12:00:00.000\",\"1048")
    #expect(log.counters.map(\.samples.count) == [5, 6])
    #expect(
      read(#""(PDH-CSV 4.0)","\\A\Memory\Pool Paged Bytes","\\B\Memory\Pool Paged Bytes""#).notes.contains {
        $0.contains("several machines")
      })
  }

  @Test(arguments: 0..<300) func mutations(_ seed: Int) {
    var random = HostileRandom(seed)
    let texts = [Self.typeperf, Self.relog]
    let bytes = random.mutated(Array(texts[seed % 2].utf8), marks: [0x0A, 0x22, 0x2C, 0x09, 0x5C, 0x28, 0x29, 0x00])
    for counter in PoolLog.read(bytes).counters {
      #expect(!counter.samples.isEmpty)
      #expect(zip(counter.samples, counter.samples.dropFirst()).allSatisfy { $0.seconds <= $1.seconds })
    }
  }

  @Test(arguments: [
    "(PDH-CSV 4.0)\n", "\"(PDH-CSV 4.0)\",", "\\\\M\\Memory\\Pool Paged Bytes,", "\"\"", "(", "03/04/2009 12:00:00,1\n",
    ",", "\n",
  ]) func longTexts(_ part: String) {
    let text = Self.typeperf + String(repeating: part, count: (256 << 10) / part.utf8.count)
    // A quadratic reader would take minutes.
    let counters = read(text).counters
    #expect(counters.count == 2)
    #expect(counters.last?.samples.prefix(3).map(\.value) == [52_428_800, 52_428_801, 52_428_802])
  }
}

/// A small generator with its seed in the test's name.
struct HostileRandom {
  private var state: UInt64

  init(_ seed: Int) { state = UInt64(seed) &* 7919 &+ 1 }

  mutating func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(max(1, bound)))
  }

  mutating func mutated(_ original: [UInt8], marks: [UInt8]) -> [UInt8] {
    var bytes = original
    for _ in 0...next(40) where !bytes.isEmpty {
      let place = next(bytes.count)
      switch next(5) {
      case 0: bytes[place] = UInt8(next(256))
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + next(200)))
      case 2:
        bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + next(200))], at: next(bytes.count))
      case 3: bytes[place] = marks[next(marks.count)]
      default: bytes.insert(UInt8(0x30 + next(10)), at: place)
      }
    }
    return bytes
  }
}
