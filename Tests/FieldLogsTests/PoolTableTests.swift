import Facts
import FieldLogs
import Testing

@Suite struct PoolTableTests {
  private func read(_ text: String) -> PoolLogView { PoolLog.read(Array(text.utf8)) }

  /// A script around the system's own query, as `ConvertTo-Csv` writes it, two moments one behind the other.
  static let script = """
    "DateTime","Tag","PagedAllocs","PagedFrees","PagedDiff","PagedUsedBytes","NonPagedAllocs","NonPagedFrees","NonPagedDiff","NonPagedUsedBytes","TotalUsedBytes","Binary","Description"
    "2009-03-04 12:00:00","Mdl ","0","0","0","0","120","20","100","6400","6400","nt!mm","Mdls, of any driver"
    "2009-03-04 12:00:00","Ntfr","7","4","3","96","9","1","8","512","608","ntfs.sys",
    "2009-03-04 12:15:00","Mdl ","0","0","0","0","220","20","200","12800","12800","nt!mm","Mdls, of any driver"
    "2009-03-04 12:15:00","Ntfr","7","4","3","96","9","1","8","512","608","ntfs.sys",
    """

  @Test func scriptsOfPowerShell() throws {
    let log = read(Self.script)
    #expect(log.notes.isEmpty)
    #expect(log.snapshots.map { $0.time?.rfc3339 } == ["2009-03-04T12:00:00Z", "2009-03-04T12:15:00Z"])
    let rows = try #require(log.snapshots.last).rows
    #expect(rows.map(\.tag) == ["Mdl", "Ntfr", "Ntfr"])
    #expect(rows.map(\.pool) == ["nonpaged", "nonpaged", "paged"])
    #expect(rows.map(\.bytes) == [12_800, 512, 96])
    #expect(rows[0].allocations == 220 && rows[0].frees == 20 && rows[0].difference == 200)
    #expect(rows.map(\.driver) == ["nt!mm", "ntfs.sys", "ntfs.sys"])
  }

  /// `Format-Table` sets numbers to the right and words to the left; a tag may hold a space.
  @Test func tablesOfPowerShell() throws {
    let log = read(
      """

      Tag  PagedAllocs PagedFrees PagedUsedBytes NonPagedAllocs NonPagedFrees NonPagedUsedBytes Description
      ---  ----------- ---------- -------------- -------------- ------------- ----------------- -----------
      Dh 1          24         20            512              0             0                 0 words of more
      CM       1283000       1002     1377312000              7             3              4096
      A              0          0              0     3971107000    3971077000              8456 one

      """)
    let rows = try #require(log.snapshots.first).rows
    #expect(log.snapshots.count == 1)
    #expect(rows.map(\.tag) == ["Dh 1", "CM", "CM", "A"])
    #expect(rows.map(\.pool) == ["paged", "nonpaged", "paged", "nonpaged"])
    #expect(rows.map(\.bytes) == [512, 4096, 1_377_312_000, 8456])
    #expect(rows.map(\.frees) == [20, 3, 1002, 3_971_077_000])
  }

  /// Viewers with a window export what it shows: separators of thousands, units, changes beside the counts.
  @Test(arguments: ["\t", ";", ","]) func viewersWithWindows(_ mark: String) throws {
    func line(_ cells: String...) -> String { cells.map { "\"\($0)\"" }.joined(separator: mark) + "\r\n" }
    let log = read(
      line(
        "Tag Name", "Driver", "Paged allocations (total)", "Paged allocations (delta)", "Paged frees (total)",
        "Paged current (total)", "Paged bytes (total)", "Non-paged allocations (total)", "Non-paged frees (total)",
        "Non-paged current (total)", "Non-paged bytes (total)")
        + line("Ntfr", "ntfs.sys", "1,234,567", "+3", "1,234,000", "567", "12.5 KB", "3", "2", "1", "64 B")
        + line("MmSt", "", "2.000.000", "", "1.000.000", "1.000.000", "1.5 GB", "0", "0", "0", "0"))
    let rows = try #require(log.snapshots.first).rows
    #expect(rows.map(\.tag) == ["Ntfr", "Ntfr", "MmSt"])
    #expect(rows.map(\.bytes) == [64, 12_800, 1_610_612_736])
    #expect(rows.map(\.allocations) == [3, 1_234_567, 2_000_000])
    #expect(rows.allSatisfy { $0.addsUp })
  }

  @Test func columnsOfPoolMonX() throws {
    let rows = try #require(
      read(
        "Tag\tPaged Allocs\tPaged Frees\tPaged Diff\tPaged Usage\tNon Paged Allocs\tNon Paged Frees\tNon Paged Diff\tNon Paged Usage\tSource\tSource Description\n"
          + "CM31\t9\t2\t7\t28672\t4\t1\t3\t96\tnt!cm\tInternal\n"
      ).snapshots.first
    ).rows
    #expect(rows.map(\.bytes) == [96, 28_672] && rows.map(\.allocations) == [4, 9] && rows[0].driver == "nt!cm")
  }

  /// poolmon's own columns saved as CSV, in another order, with hexadecimal numbers.
  @Test func aColumnForThePool() throws {
    for (text, bytes) in [
      (
        "Tag,Type,Allocs,Frees,Diff,Bytes,Per Alloc\nWait,Nonp,12,2,10,960,96\nCM,Paged,3,1,2,8192,4096\n", [960, 8192]
      ),
      ("Bytes;Pool Type;Pool Tag;Allocs;Frees\n3c0;NonPagedNx;Wait;c;2\n2000;PagedPool;CM;3;1\n", [0x3C0, 0x2000]),
      ("Pool|Tag|Bytes\nx".replacing("|", with: "\t") + "\nNP\tWait\t0x3C0\nP\tCM\t8192\n", [960, 8192]),
      ("Type Tag  Bytes Allocs Frees\nNonp Wait   960     12     2\nPaged CM   8192      3     1\n", [960, 8192]),
      ("Tag;Type;Size (KB)\nWait;Nonp;1\nCM;Paged;8\n", [1024, 8192]),
    ] as [(String, [UInt64])] {
      let rows = read(text).snapshots.first?.rows ?? []
      #expect(rows.map(\.tag) == ["Wait", "CM"], "\(text)")
      #expect(rows.map(\.pool) == ["nonpaged", "paged"], "\(text)")
      #expect(rows.map(\.bytes) == bytes, "\(text)")
    }
  }

  @Test func whatIsNoTable() {
    for text in [
      "Tag,Name,Size\nMdl,x,12\n", "Tag,Bytes\nMdl,12\n",
      "the tag says how many bytes are used of paged pool\nMdl 1 2 3\n",
      "Name;Type;Size\nMdl;Nonp;12\n", "Tag,Type,Bytes\nLonger,Nonp,12\nMdl,File,12\nMdl,Nonp,-4\nMdl,Nonp,x\n",
    ] {
      #expect(read(text).isEmpty, "\(text)")
    }
  }

  @Test func headingsAgainAndTagsAgain() {
    let table = "Tag,Type,Bytes\nMdl,Nonp,12\nCM,Paged,8\n"
    #expect(read(table + table).snapshots.map(\.rows.count) == [2, 2])
    #expect(read(table + "Mdl,Nonp,13\nCM,Paged,8\n").snapshots.map(\.rows.count) == [2, 2])
    #expect(
      read("Wed 03/04/2009 12:00:00\n" + table + "Wed 03/04/2009 12:15:00\n" + table).snapshots.map { $0.time?.rfc3339 }
        == ["2009-03-04T12:00:00Z", "2009-03-04T12:15:00Z"])
  }

  @Test(arguments: 0..<300) func mutations(_ seed: Int) {
    var random = HostileRandom(seed)
    let texts = [
      Self.script, "Tag  PagedUsedBytes NonPagedUsedBytes\nDh 1  512  0 words\nCM 5 4096\n",
      "Bytes;Pool Type;Pool Tag;Allocs;Frees\n3c0;NonPagedNx;Wait;c;2\n1.000,5 KB;PagedPool;CM;3;1\n",
    ]
    let bytes = random.mutated(
      Array(texts[seed % texts.count].utf8), marks: [0x0A, 0x22, 0x2C, 0x09, 0x3B, 0x2E, 0x2D, 0xE9])
    for snapshot in PoolLog.read(bytes).snapshots {
      #expect(!snapshot.rows.isEmpty)
      #expect(snapshot.rows.allSatisfy { (1...4).contains($0.tag.unicodeScalars.count) })
    }
  }

  @Test(arguments: [
    "Tag,Type,Bytes\n", "Tag,Type,Bytes\nMdl,Nonp,1\n", "tag bytes type ", "tagbytes", "Mdl,Nonp,1,",
    "Tag Type Bytes\n\n",
    "Tag,Type,Bytes,a\nTag,Type,Bytes,b\n",
  ]) func longTexts(_ part: String) {
    let text = "Tag,Type,Bytes\nIrp,Nonp,64\n" + String(repeating: part, count: (256 << 10) / part.utf8.count)
    // A quadratic reader would take minutes.
    let first = read(text).snapshots.first?.rows.first { $0.tag == "Irp" }
    #expect(first?.bytes == 64 && first?.pool == "nonpaged")
  }
}
