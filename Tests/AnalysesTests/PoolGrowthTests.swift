import Analyses
import EvidenceSynthesis
import Facts
import FieldLogs
import Testing

@Suite struct PoolGrowthTests {
  private func view(_ text: String, _ context: PoolGrowthView.Context = PoolGrowthView.Context()) -> PoolGrowthView {
    PoolGrowthView([("pool.log", PoolLog.read(Array(text.utf8)))], context)
  }

  private func view(_ kind: SynthesizedPoolHistory.Kind, seed: UInt64) -> PoolGrowthView {
    view(PoolmonText([.init("Test", SynthesizedPoolHistory(kind, seed: seed))]).text())
  }

  /// A table of one tag per value, an hour apart.
  private func log(_ tags: [(String, [UInt64])], block: UInt64 = 64) -> String {
    let count = tags.map(\.1.count).min() ?? 0
    return (0..<count).map { moment in
      "2009-03-0\(1 + moment / 24) \(twoDigits(moment % 24)):00:00\n Tag  Type     Allocs            Frees            Diff   Bytes       Per Alloc\n"
        + tags.map { name, values in
          let live = values[moment] / block
          return
            " \(name) Nonp \(1000 + moment * 7 + Int(live)) ( 0) \(1000 + moment * 7) ( 0) \(live) \(values[moment]) ( 0) \(block)\n"
        }.joined()
    }.joined()
  }

  @Test func twoThousandSeries() {
    var (right, wrong, missed) = (0, 0, 0)
    var failures: [String: Int] = [:]
    let kinds = SynthesizedPoolHistory.Kind.allCases
    for index in 0..<2000 {
      let kind = kinds[index % kinds.count]
      let found = view(kind, seed: 9000 + UInt64(index)).rows.first?.verdict
      if found == .leak, kind.isLeak { right += 1 }
      if found == .leak, !kind.isLeak { wrong += 1 }
      if found != .leak, kind.isLeak { missed += 1 }
      if (found == .leak) != kind.isLeak {
        failures["\(kind) as \(found.map(\.rawValue) ?? "nothing")", default: 0] += 1
      }
    }
    let precision = Double(right) / Double(right + wrong)
    let recall = Double(right) / Double(right + missed)
    let told = failures.sorted { $0.value > $1.value }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    print("precision \(precision), recall \(recall); \(told)")
    #expect(precision >= 0.98, "\(told)")
    #expect(recall >= 0.98, "\(told)")
  }

  @Test func slopeAndTimeLeft() throws {
    let values = (0..<24).map { UInt64(1_000_000 + 65_536 * $0) }
    var context = PoolGrowthView.Context()
    context.machine = Machine(product: "Windows Server 2003", architecture: .x86, version: "5.2.3790")
    let row = try #require(view(log([("Leak", values)]), context).rows.first)
    #expect(row.verdict == .leak && row.confidence >= 0.9)
    #expect(row.bytesPerHour.map { abs($0 - 65_536) < 1 } == true)
    // 256 MB, of which 1,000,000 + 23 × 65,536 bytes are in use.
    let left = Double((256 << 20) - (1_000_000 + 23 * 65_536)) / 65_536
    #expect(row.hoursLeft.map { abs($0 - left) < 1 } == true)
  }

  @Test func fewMomentsAreTooFew() throws {
    let result = view(log([("Leak", [100_000, 200_000, 300_000, 400_000])]))
    #expect(result.rows.first?.verdict == .tooLittleData)
    #expect(result.missing.contains { $0.what == "pool.snapshots" })
  }

  @Test func countersThatRunOver() throws {
    // Allocations pass 2^32 in the middle; the blocks in use do not.
    let text = (0..<16).map { moment -> String in
      let allocations = (4_294_967_000 + moment * 100) % 4_294_967_296
      let frees = (4_294_966_000 + moment * 50) % 4_294_967_296
      let live = 1000 + moment * 50
      return
        "2009-03-01 \(twoDigits(moment)):00:00\n Tag  Type Allocs Frees Diff Bytes Per Alloc\n Wrap Nonp \(allocations) ( 0) \(frees) ( 0) \(live) \(live * 64) ( 0) 64\n"
    }.joined()
    let result = view(text)
    #expect(result.restarts == 0)
    #expect(result.rows.first?.verdict == .leak)
    #expect(result.notes.contains { $0.contains("32 bits") })
  }

  @Test func restartsPartRuns() throws {
    let text = (0..<30).map { moment -> String in
      let since = moment % 15
      return
        "2009-03-0\(1 + moment / 24) \(twoDigits(moment % 24)):00:00\n Tag  Type Allocs Frees Diff Bytes Per Alloc\n"
        + ["Leak", "Calm"].enumerated().map { index, tag in
          let live = index == 0 ? 100 + since * 40 : 500
          return
            " \(tag) Nonp \(5000 + since * 300) ( 0) \(5000 + since * 300 - live) ( 0) \(live) \(live * 64) ( 0) 64\n"
        }.joined()
    }.joined()
    let result = view(text)
    #expect(result.restarts == 1)
    #expect(result.rows.first { $0.tag == "Leak" }?.verdict == .leak)
    #expect(result.rows.first { $0.tag == "Calm" }?.verdict == .steady)
  }

  @Test func tagsInStepAndGrowthByEvent() throws {
    // Drivers come at uneven times; each costs 96 bytes of one tag and 192 of the other.
    let loads = [0, 3, 4, 9, 9, 14, 20, 21, 30, 31, 33, 50, 51, 60]
    let io = loads.map { UInt64(20_000 + 96 * $0 * 10) }
    let pp = loads.map { UInt64(50_000 + 192 * $0 * 10) }
    var context = PoolGrowthView.Context()
    context.events = loads.indices.dropFirst().map { index in
      PoolEvent(
        time: Double(CivilTime(year: 2009, month: 3, day: 1, hour: index).unixSeconds) - 60, name: "driver-load",
        count: Double(loads[index] - loads[index - 1]) * 10)
    }
    let result = view(log([("IoSe", io), ("Pp  ", pp)], block: 96), context)
    #expect(result.rows.filter { $0.verdict == .leak }.map(\.tag).sorted() == ["IoSe", "Pp"])
    #expect(result.inStep.map { [$0.first, $0.second] } == [["IoSe", "Pp"]])
    let row = try #require(result.rows.first { $0.tag == "IoSe" })
    #expect(row.event == "driver-load")
    #expect(row.bytesPerEvent.map { abs($0 - 96) < 1 } == true)
    let facts = result.facts(asking: [])
    #expect(facts.contains { $0.kind == .poolInStep && $0["tags"]?.description == "IoSe,Pp" })
    #expect(facts.count { $0.kind == .poolGrowth && $0["verdict"]?.description == "leak" } == 2)
  }

  @Test func driverObjectsCountLoads() throws {
    let loads = [0, 3, 4, 9, 10, 14, 20, 21, 30, 31, 33, 50, 51, 60].map { UInt64($0) }
    let text = loads.enumerated().map { moment, load in
      "2009-03-01 \(twoDigits(moment)):00:00\n Tag  Type Allocs Frees Diff Bytes Per Alloc\n"
        + " Driv Nonp \(200 + load) ( 0) \(150 + load) ( 0) 50 20000 ( 0) 400\n"
        + " IoSe Paged \(9000 + load * 3) ( 0) \(8000 + load * 2) ( 0) \(1000 + load) \(40_000 + load * 128) ( 0) 128\n"
    }.joined()
    let row = try #require(view(text).rows.first { $0.tag == "IoSe" })
    #expect(row.verdict == .leak && row.event == "driver-load")
    #expect(row.bytesPerEvent.map { abs($0 - 128) < 1 } == true)
  }

  /// Loads at uneven times; of the drivers so many stay, and of IoSe so many blocks more are in use for each load.
  private func loading(stays: Bool, uneven: Bool = false) -> String {
    let loads = [0, 3, 4, 9, 10, 14, 20, 21, 30, 31, 33, 50, 51, 60].map { UInt64($0) }
    return loads.enumerated().map { moment, load in
      let live = 1000 + 2 * load + (uneven && moment == 7 ? 1 : 0)
      return "2009-03-01 \(twoDigits(moment)):00:00\n Tag  Type Allocs Frees Diff Bytes Per Alloc\n"
        + " Driv Nonp \(200 + load) ( 0) \(150 + (stays ? 0 : load)) ( 0) \(50 + (stays ? load : 0)) 20000 ( 0) 400\n"
        + " IoSe Paged \(8000 + live) ( 0) 8000 ( 0) \(live) \(live * 64) ( 0) 64\n"
    }.joined()
  }

  /// The kernel's own count proves what a tool's print of it makes likely, and only where every step agrees.
  @Test func countsOfTheKernelItself() throws {
    func fact(_ text: String, isFromMemory: Bool) throws -> Fact {
      var log = PoolLog.read(Array(text.utf8))
      for index in log.snapshots.indices { log.snapshots[index].isFromMemory = isFromMemory }
      return try #require(
        PoolGrowthView([("pool", log)]).facts(asking: []).first { $0["tag"]?.description == "IoSe" })
    }
    let counted = try fact(loading(stays: false), isFromMemory: true)
    #expect(counted.trust == .observed && counted["event"] == .text("driver-load"))
    #expect(counted.text.contains("2 blocks each time"))
    #expect(try fact(loading(stays: false), isFromMemory: false).trust == .inferred)
    #expect(try fact(loading(stays: false, uneven: true), isFromMemory: true).trust == .inferred)
    // What a loaded driver holds is no leak.
    let held = try fact(loading(stays: true), isFromMemory: true)
    #expect(held.trust == .inferred && held["event"] == .text("loaded-driver"))
  }

  @Test func timesOfFilesAndIntervals() {
    func one(_ bytes: Int) -> PoolLogView {
      PoolLog.read(
        Array(" Tag  Type Allocs Frees Diff Bytes Per Alloc\n Leak Nonp 900 ( 0) 100 ( 0) 800 \(bytes) ( 0) 64\n".utf8))
    }
    let named = (0..<12).map { ("case/pool-200903\(twoDigits($0 + 1))-0600.txt", one(10_000 + 4096 * $0)) }
    let dated = PoolGrowthView(named.reversed(), PoolGrowthView.Context())
    #expect(dated.start == "2009-03-01T06:00:00Z" && dated.hours == 264)
    #expect(dated.rows.first?.verdict == .leak)
    // pool2 comes before pool10.
    let numbered = (0..<12).map { ("pool\($0 + 1).txt", one(10_000 + 4096 * $0)) }.sorted { $0.0 < $1.0 }
    let spaced = PoolGrowthView(numbered, PoolGrowthView.Context(interval: 0.25))
    #expect(spaced.rows.first?.verdict == .leak)
    #expect(spaced.rows.first?.bytesPerHour == 16_384)
    let untimed = PoolGrowthView(numbered, PoolGrowthView.Context())
    #expect(untimed.rows.first?.bytesPerHour == nil && untimed.rows.first?.bytesPerSnapshot == 4096)
    #expect(untimed.missing.contains { $0.what == "pool.times" })
  }

  @Test func taggingThatIsOff() {
    let log = PoolLog.read(Array("C:\\> poolmon -b\nQuery pooltags Failed c0000002\n".utf8))
    #expect(log.taggingIsOff)
    #expect(PoolGrowthView([("pool.txt", log)]).missing.contains { $0.what == "pool.tags" })
  }

  @Test func hostileTables() {
    for seed in 0..<300 as Range<UInt64> {
      let text = PoolmonText([
        .init("Test", SynthesizedPoolHistory(.sawtoothLeak, seed: seed)),
        .init("Driv", SynthesizedPoolHistory(.steppedLeak, seed: seed)),
      ]).text()
      let bytes = Mutator(changes: 1...30).mutate(Array(text.utf8), seed: seed)
      let result = PoolGrowthView([("pool.log", PoolLog.read(bytes))])
      #expect(result.rows.allSatisfy { (0...1).contains($0.confidence) })
      _ = result.facts(asking: ["Test"])
    }
  }
}
