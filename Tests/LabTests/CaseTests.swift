import EvidenceSynthesis
import Facts
import Testing

@testable import Lab

@Suite struct CaseTests {
  @Test(arguments: LabCase.allCases) func brokenFailsAndFixedHolds(_ one: LabCase) {
    let (reduced, full) = Explorer().decide(one.model(isFixed: false))
    guard case .fails = reduced.outcome, let full, case .fails = full.outcome else {
      Issue.record("\(one): \(reduced.outcome)")
      return
    }
    #expect(!full.schedule.isEmpty && full.reached == nil)
    for size in Set([one.size.allowed.lowerBound, one.size.standard]) {
      let fixed = Explorer().decide(one.model(isFixed: true, size: size)).reduced
      #expect(fixed.outcome == .holds && fixed.reached == nil, "\(one) \(size)")
    }
    // The same search gives the same schedule.
    #expect(Explorer().decide(one.model(isFixed: false)).full?.schedule == full.schedule)
  }

  /// Counted by hand: the look-up checks and lets go (3), the image's entry is deleted (3), the look-up searches, gets NULL and uses it.
  @Test func shortestSchedules() {
    func steps(_ one: LabCase, _ size: Int) -> Int? {
      Explorer().decide(one.model(isFixed: false, size: size)).full?.schedule.count
    }
    #expect(steps(.sessionImages, 1) == 10)
    #expect(steps(.sessionImages, 3) == 10)
    // Each descriptor takes an allocation; all but the last two a completion that keeps it; then the stop.
    for limit in [3, 6, 9] { #expect(steps(.shadowing, limit) == limit + (limit - 2) + 1) }
    #expect(steps(.driverLoads, 1) == 4)
    // Three requests: three posts, a worker added, three taken, three connections posted.
    #expect(steps(.criticalQueue, 3) == 10)
    #expect(steps(.criticalQueue, 2) == nil)
    #expect(steps(.receivePath, 8) == 3)
  }

  @Test func fixedShadowingIsBounded() {
    let highest = Explorer().explore(LabCase.shadowing.model(isFixed: true, size: 40), reduced: false).highest
    #expect(highest.first { $0.variable == "descriptors" }?.value == 2)
  }

  @Test func growthPerCycleIsFixed() throws {
    let broken = try #require(LabCase.driverLoads.table(isFixed: false))
    #expect(broken.isComplete && broken.rows == (0...5).map { ["\($0)", "\($0)", "\($0)"] })
    let fixed = try #require(LabCase.driverLoads.table(isFixed: true))
    #expect(fixed.isComplete && fixed.rows == (0...5).map { ["\($0)", "0", "0"] })
  }

  /// As many requests as workers of both kinds, and no referral cached.
  @Test func queueDeadlocksWhereRequestsReachWorkers() throws {
    let table = try #require(LabCase.criticalQueue.table(isFixed: false))
    #expect(table.isComplete)
    for row in table.rows {
      let workers = try #require(Int(row[0])) + (try #require(Int(row[1])))
      for (requests, found) in zip(1..., row.dropFirst(2)) {
        #expect((found == "deadlock") == (requests >= workers), "\(row)")
      }
    }
    // Throttled to one at a time, only a queue with a single worker can starve.
    for row in try #require(LabCase.criticalQueue.table(isFixed: true)).rows {
      #expect(row.dropFirst(2).contains("deadlock") == (row[0] == "1" && row[1] == "0"), "\(row)")
    }
  }

  /// A share whose referral is cached takes no worker: it does not count.
  @Test func cachedReferralsDoNotCount() {
    for cached in 0...3 {
      for requests in 1...4 {
        let queue = CriticalQueue(
          isFixed: false, requests: requests, cached: min(cached, requests), workers: 2, dynamicWorkers: 0)
        let result = Explorer().explore(queue.model, reduced: true)
        #expect((result.outcome != .holds) == (requests - min(cached, requests) >= 2), "\(cached) of \(requests)")
        #expect(result.reached == nil)
      }
    }
  }

  @Test func inputsOverTheWholeSpace() throws {
    let inputs = ReceiveInputs(isFixed: false)
    #expect(inputs.all == 256 * 128 * (1 << 17) * 1461)
    #expect(!inputs.classes.isEmpty && ReceiveInputs(isFixed: true).classes.isEmpty)
    // Unknown types, and any type with a reserved flag, beyond what is there.
    let path = { (type: Int, flags: Int, length: Int, bytes: Int) in
      inputs.classes.contains { $0.contains(type: type, flags: flags, length: length, indicated: bytes) }
    }
    #expect(path(0x42, 0, 1, 4) && !path(0x42, 0, 0, 4) && !path(0x00, 0, 131_071, 60))
    #expect(path(0x00, 1, 57, 60) && !path(0x00, 1, 56, 60) && !path(0x00, 1, 57, 3))
    // The one negative response: one byte of reason.
    #expect(!path(0x83, 0, 1, 4) && path(0x83, 0, 2, 4) && path(0x85, 0, 1, 4))
    var count = 0
    for one in inputs.classes {
      let types = one.types.reduce(0) { $0 + $1.count }
      for bytes in one.indicated {
        count += types * one.flags.count * (one.most - (one.above.map { bytes + $0 } ?? one.least) + 1)
      }
    }
    #expect(count == inputs.count)
  }

  /// The classes are right for any input, not only where they were worked out.
  @Test func inputsAreWhatThePathDoes() {
    var random = SplitMix64(seed: 5)
    for isFixed in [false, true] {
      let inputs = ReceiveInputs(isFixed: isFixed)
      let path = ReceivePath(isFixed: isFixed)
      var beyond = 0
      for _ in 0..<60_000 {
        let type = random.below(2) == 0 ? 0x80 + random.index(below: 8) : random.index(below: 256)
        let flags = random.below(2) == 0 ? 0 : random.index(below: 128)
        let bytes = random.index(below: random.below(2) == 0 ? 12 : ReceiveInputs.segment + 1)
        let length = random.index(below: random.below(2) == 0 ? 16 : ReceivePath.longest + 1)
        let found = inputs.classes.contains { $0.contains(type: type, flags: flags, length: length, indicated: bytes) }
        let real = path.isBeyond(type: type, flags: flags, length: length, indicated: bytes)
        #expect(found == real, "\(type) \(flags) \(length) \(bytes)")
        if real { beyond += 1 }
      }
      #expect(isFixed ? beyond == 0 : beyond > 1000)
    }
  }
}
