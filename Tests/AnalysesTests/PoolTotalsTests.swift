import Analyses
import Facts
import FieldLogs
import Testing

@Suite struct PoolTotalsTests {
  /// Samples every 15 minutes: nonpaged pool grows, paged pool wavers, one process opens more handles all the time.
  private func log(samples: Int, handles: (Int) -> Int, day: Int = 4) -> PoolLogView {
    var text =
      #""(PDH-CSV 4.0) (GMT)(0)","\\M\Memory\Pool Nonpaged Bytes","\\M\Memory\Pool Paged Bytes","\\M\Process(acme)\Handle Count","\\M\Process(acme)\ID Process""#
      + "\r\n"
    var random: UInt64 = 1
    for index in 0..<samples {
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let waver = Int(random >> 33) % 97
      let time = "03/0\(day + index / 96)/2009 \(twoDigits(index / 4 % 24)):\(twoDigits(index % 4 * 15)):00.000"
      text +=
        "\"\(time)\",\"\(100_000_000 + index * 400_000 + waver * 1000).0\",\"\(50_000_000 + waver * 2000).0\",\"\(handles(index)).0\",\"812\"\r\n"
    }
    return PoolLog.read(Array(text.utf8))
  }

  @Test func aPoolThatLeaks() throws {
    let view = PoolGrowthView([("counters.csv", log(samples: 48) { 400 + $0 % 2 })])
    #expect(view.rows.isEmpty && view.snapshots == 48)
    #expect(view.start == "2009-03-04T00:00:00Z" && view.end == "2009-03-04T11:45:00Z")
    let nonpaged = try #require(view.totals.first)
    #expect(nonpaged.pool == "nonpaged" && nonpaged.process == nil && nonpaged.verdict == .leak)
    // 400,000 bytes each quarter of an hour.
    #expect(abs((nonpaged.bytesPerHour ?? 0) - 1_600_000) < 16_000)
    #expect(view.totals.first { $0.pool == "paged" }?.verdict == .steady)
    #expect(view.totals.first { $0.quantity == .handles }?.verdict == .steady)
    #expect(view.notes.contains { $0.contains("a driver's or the system's own") })
    // What would say whose it is.
    #expect(view.missing.contains { $0.what == "pool.tags" && $0.detail.contains("poolmon") })
    #expect(!view.missing.contains { $0.what == "pool.times" })
    let facts = view.facts(asking: [])
    #expect(facts.filter { $0.kind == .poolTotal }.map { $0["verdict"] } == [.text("leak"), .text("steady")])
    #expect(!facts.contains { $0.kind == .poolGrowth })
  }

  @Test func aProcessThatGrowsWithIt() throws {
    let view = PoolGrowthView([("counters.csv", log(samples: 48) { 400 + $0 * 90 })])
    let process = try #require(view.totals.first { $0.process == "acme" })
    #expect(process.verdict == .leak && process.quantity == .handles)
    #expect(abs((process.bytesPerHour ?? 0) - 360) < 4)
    #expect(view.notes.contains { $0.contains("acme grows with it") })
    #expect(view.facts(asking: []).contains { $0.kind == .poolTotal && $0["process"] == .text("acme") })
  }

  @Test func tooFewSamples() {
    let view = PoolGrowthView([("counters.csv", log(samples: 3) { _ in 1 })])
    #expect(view.totals.allSatisfy { $0.verdict == .tooLittleData })
    #expect(view.missing.contains { $0.what == "pool.snapshots" })
  }

  /// The console begins a new file each day.
  @Test func filesThatFollowEachOther() throws {
    let (first, second) = (log(samples: 24) { _ in 1 }, log(samples: 24, handles: { _ in 1 }, day: 5))
    let view = PoolGrowthView([("b.csv", second), ("a.csv", first)])
    let nonpaged = try #require(view.totals.first { $0.pool == "nonpaged" })
    #expect(nonpaged.points.count == 48)
    #expect(zip(nonpaged.points, nonpaged.points.dropFirst()).allSatisfy { $0.hours < $1.hours })
    #expect(view.hours == 29.75)
  }

  /// poolmon states both pools above its table; its tags and counters of the same hours stand side by side.
  @Test func besideTags() throws {
    var text = ""
    for index in 0..<16 {
      text +=
        "2009-03-04 \(twoDigits(index)):00:00\n Memory: 2096620K Avail: 1096364K  PageFlts: 0 InRam Krnl: 1K P:1K\n"
        + " Commit: 203500K Limit: 640916K Peak: 260632K  Pool N: \(8000 + index * 100)K P:27220K\n"
        + " Tag  Type Allocs Frees Diff Bytes Per Alloc\n"
        + " Mdl  Nonp \(1000 + index * 1600) 0 \(1000 + index * 1600) \((1000 + index * 1600) * 64) 64\n"
    }
    let tags = PoolLog.read(Array(text.utf8))
    let alone = PoolGrowthView([("pool.log", tags)])
    #expect(alone.rows.map(\.verdict) == [.leak])
    #expect(alone.totals.map(\.verdict) == [.leak, .steady])
    let both = PoolGrowthView([("pool.log", tags), ("counters.csv", log(samples: 48) { _ in 1 })])
    #expect(both.rows.map(\.tag) == ["Mdl"])
    #expect(both.totals.count == 3)
    #expect(!both.missing.contains { $0.what == "pool.tags" })
  }
}
