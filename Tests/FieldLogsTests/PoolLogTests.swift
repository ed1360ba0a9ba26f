import Facts
import FieldLogs
import Testing

@Suite struct PoolLogTests {
  private func read(_ text: String) -> PoolLogView { PoolLog.read(Array(text.utf8)) }

  static let screen = """
     Memory: 2096620K Avail: 1096364K  PageFlts:     0   InRam Krnl: 1916K P:17856K
     Commit: 203500K Limit: 640916K Peak: 260632K            Pool N: 8332K P:27220K
     System pool information
     Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc

     Wait Nonp    3971107 (   3)   3971077 (  -2)       30    8456 (   120)    281
     CM   Paged      1283 (   0)      1002 (   0)      281 1377312 (     0)   4901
     Dh 1 Paged        24 (   0)        20 (   0)        4     512 (     0)    128
     A    Nonp          1 (   0)         1 (   0)        0       0 (     0)      0
    """

  @Test func screenOfTheConsole() throws {
    let snapshot = try #require(read(Self.screen).snapshots.first)
    #expect(snapshot.nonpagedBytes == 8332 * 1024 && snapshot.pagedBytes == 27220 * 1024)
    #expect(snapshot.scope == "System")
    #expect(snapshot.rows.map(\.tag) == ["Wait", "CM", "Dh 1", "A"])
    #expect(snapshot.rows.map(\.pool) == ["nonpaged", "paged", "paged", "nonpaged"])
    #expect(snapshot.rows[0].allocations == 3_971_107 && snapshot.rows[0].frees == 3_971_077)
    #expect(snapshot.rows[0].bytes == 8456 && snapshot.rows[1].bytes == 1_377_312)
    #expect(read(Self.screen).notes.isEmpty)
  }

  @Test func appendedWithTimes() {
    let log = read(
      "Fri 2009-03-06 12:00:05\r\n" + Self.screen + "\r\nThe current date is: Fri 03/13/2009\r\n"
        + "The current time is: 13:30:00.51\r\n" + Self.screen + "\r\n06.03.2009 18:00\r\n" + Self.screen)
    #expect(log.snapshots.count == 3)
    #expect(
      log.snapshots.map { $0.time?.rfc3339 }
        == ["2009-03-06T12:00:05Z", "2009-03-13T13:30:00Z", "2009-03-06T18:00:00Z"])
  }

  /// `date` and `time` as systems of other languages print them, and PowerShell's dates.
  @Test(arguments: [
    "Aktuelles Datum: Mi 04.03.2009\nAktuelle Zeit: 13:15:00,51", "La date du jour est : mer. 04/03/2009\n13:15:00,51",
    "Data corrente: mer 04/03/2009\nOra corrente: 13.15.00,51", "De huidige datum is: wo 04-03-2009\n13:15:00,51",
    "Dagens datum: 2009-03-04\nAktuell tid: 13:15:00,51", "Текущая дата: Ср 04.03.2009\nТекущее время: 13:15:00,51",
    "現在の日付: 2009/03/04 (水)\n現在の時刻: 13:15:00.51", "04. 03. 2009 13:15:00,51", "2009. 03. 04. 13:15:00",
    "Mittwoch, 4. März 2009 13:15:00", "mercredi 4 mars 2009 13:15:00", "Wednesday, March 4, 2009 1:15:00 PM",
    "Wed 03/04/2009\n01:15 PM",
  ]) func localDates(_ lines: String) {
    #expect(read(lines + "\n" + Self.screen).snapshots.first?.time?.rfc3339 == "2009-03-04T13:15:00Z")
  }

  @Test func anAmbiguousDateIsNoTime() {
    let log = read("03/04/2009 12:00:00\n" + Self.screen)
    #expect(log.snapshots.first?.time == nil)
    #expect(log.notes.count == 1)
  }

  @Test func screensCopiedWithoutHeadings() {
    let rows = " Wait Nonp 10 ( 0) 4 ( 0) 6 96 ( 0) 16\n File Nonp 3 ( 0) 1 ( 0) 2 64 ( 0) 32\n"
    let log = read(rows + rows + rows)
    #expect(log.snapshots.map(\.rows.count) == [2, 2, 2])
  }

  @Test func columnsOfDrivers() throws {
    let log = read(
      """
       Tag  Type        Allocs          Frees      Diff   Bytes      Per Alloc    Mapped_Driver

       1MEM Nonp       1 (   0)         0 (   0)     1    3344 (     0)   3344   Unknown Driver
       IpEQ Nonp       1 (   0)         0 (   0)     1    1808 (     0)   1808 [ipsec][ipsec.sys    -  events]
      """)
    let rows = try #require(log.snapshots.first).rows
    #expect(rows.map(\.driver) == [nil, "[ipsec][ipsec.sys    -  events]"])
  }

  @Test func singleSpacesAndWrappedRows() throws {
    let log = read(
      "Tag Type Allocs Frees Diff Bytes Per Alloc\nNtfr Nonp 2690737 2528557 162180 10379976 64\n"
        + "Ntfn Nonp 1397933 ( 0)\n 1304230 ( 0) 93703\n 3750928 40\nFile Paged 3 1 2 64 32\n")
    let rows = try #require(log.snapshots.first).rows
    #expect(rows.map(\.tag) == ["Ntfr", "Ntfn", "File"])
    #expect(rows.map(\.bytes) == [10_379_976, 3_750_928, 64])
  }

  @Test func largeAndOddNumbers() throws {
    let log = read(
      " Big1 Nonp 9223372036854775807 ( 0) 1 ( 0) 9223372036854775806 9007199254740993 ( 0) 1\n"
        + " Wrap Nonp 5 ( 0) 4294967290 ( 0) 11 176 ( 0) 16\n Neg  Paged 2 ( 0) 5 ( 0) -3 0 ( 0) 0\n"
        + " Comm Paged 1,234,567 ( 0) 1,234,000 ( 0) 567 12,345 ( 0) 21\n Over Paged 99999999999999999999 1 1 1 1\n")
    let rows = try #require(log.snapshots.first).rows
    #expect(rows.map(\.tag) == ["Big1", "Wrap", "Neg", "Comm"])
    #expect(rows[0].bytes == 9_007_199_254_740_993)
    #expect(rows.allSatisfy { $0.addsUp })
    #expect(rows[3].allocations == 1_234_567)
  }

  @Test func tagsOfOddBytes() throws {
    var bytes = Array(" ".utf8) + [0xE9, 0x01, 0x80, 0x41]
    bytes += Array(" Nonp 10 ( 0) 4 ( 0) 6 96 ( 0) 16\n".utf8)
    #expect(try #require(PoolLog.read(bytes).snapshots.first).rows.first?.tag == "\u{E9}\u{1}\u{20AC}A")
  }

  @Test func wrongDifferencesAreSaid() {
    let log = read(" Wait Nonp 10 ( 0) 4 ( 0) 7 96 ( 0) 16\n")
    #expect(log.snapshots.first?.rows.count == 1)
    #expect(log.notes.count == 1)
  }

  @Test func debuggerTables() throws {
    let rows = try #require(read(WrittenLogs.lists).snapshots.first).rows
    #expect(rows.map(\.tag) == ["Acm1", "Vad", "Vad", "Dh 1"])
    #expect(rows.map(\.pool) == ["nonpaged", "nonpaged", "paged", "nonpaged"])
    #expect(rows.map(\.bytes) == [5_935_104, 2_192_480, 120, 640])
    #expect(rows[0].frees == nil)
    // Where the debugger's list has no owner it says so in the owner's place.
    #expect(rows[0].driver == nil && rows[1].driver?.contains("nt!mm") == true)
    let detailed = read(
      """
                                 NonPaged                                         Paged
       Tag     Allocs       Frees      Diff     Used   Allocs       Frees      Diff     Used

       Acm1        20          5        15      960        2           1         1       64 words
      """)
    let both = try #require(detailed.snapshots.first).rows
    #expect(both.map(\.allocations) == [20, 2] && both.map(\.frees) == [5, 1] && both.map(\.bytes) == [960, 64])
  }

  @Test func pastedForms() {
    for text in [Self.screen.escaped, Self.screen.lines.map { "> " + $0 }.joined(separator: "\n")] {
      #expect(read(text).snapshots.first?.rows.count == 4)
    }
  }

  @Test func nothing() { #expect(read("Nonp Paged\nA Paged x\n").snapshots.isEmpty) }
}
