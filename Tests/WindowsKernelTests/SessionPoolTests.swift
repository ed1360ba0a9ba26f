import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// Pool of sessions, which only their own processes' page tables lead to, is counted for each of them and in no other.
@Suite struct SessionPoolTests {
  private func machine(
    _ name: String, _ paging: SynthesizedPaging?, seed: UInt64, damaged: Int = 0
  ) throws -> (WholeMachine, system: SynthesizedPool, sessions: [UInt32: SynthesizedPool]) {
    let kernel = try #require(SynthesizedKernel.find(name))
    var whole = WholeMachine.sample(kernel, paging: paging, memoryBytes: 8 << 20, seed: seed)
    let system = SynthesizedPool(kernel, pageCount: 60, seed: seed)
    whole.pool = system
    let known = Set(whole.processes.compactMap(\.session))
    #expect(known.contains(0))
    for session in known {
      whole.sessionPools[session] = SynthesizedPool(
        kernel, pageCount: 10 + 7 * Int(session), meanBlock: 200, tags: ["Gh05", "Usac", "Ttfd", "Zq7k"],
        damagedPages: damaged, isOfSession: true, seed: seed &+ UInt64(session))
    }
    return (whole, system, whole.sessionPools)
  }

  private func read(_ bytes: [UInt8]) throws -> KernelDump {
    KernelDump(try CrashDump(parsing: MappedFile(bytes: bytes, path: "sessions.dmp")))
  }

  private func counted(_ uses: [KernelPool.Use]) -> [SynthesizedPool.Key: [UInt64]] {
    var result: [SynthesizedPool.Key: [UInt64]] = [:]
    for use in uses {
      result[SynthesizedPool.Key(use.tag, isPaged: use.isPaged)] = [
        use.live, use.liveBytes, use.free, use.freeBytes, use.big,
      ]
    }
    return result
  }

  private func stated(_ pool: SynthesizedPool, big: Bool = true) -> [SynthesizedPool.Key: [UInt64]] {
    var result: [SynthesizedPool.Key: [UInt64]] = [:]
    for (key, truth) in pool.truth where big || truth.live > truth.big || truth.free > 0 {
      result[key] =
        big
        ? [truth.live, truth.liveBytes, truth.free, truth.freeBytes, truth.big]
        : [truth.live - truth.big, truth.liveBytes - truth.bigBytes, truth.free, truth.freeBytes, 0]
    }
    return result
  }

  private func expect(_ tracked: [PoolTracker.Entry], _ pool: SynthesizedPool, _ note: Comment) {
    var rest = pool.truth.filter { $0.value.live > 0 }
    for entry in tracked {
      let truth = rest.removeValue(forKey: SynthesizedPool.Key(entry.tag, isPaged: true))
      #expect(entry.paged.bytes == truth?.liveBytes && entry.paged.live == truth?.live, note)
      #expect(entry.paged.allocations == truth?.allocations && entry.paged.frees == truth?.frees, note)
    }
    #expect(rest.isEmpty, note)
  }

  @Test(
    arguments: [
      ("2600", .x86), ("3790", .x86PAE), ("3790-x64", nil), ("6001", .x86), ("6001", .x86PAE), ("7601", nil),
      ("7601", .x64FiveLevels), ("9600", nil), ("17763", nil),
    ] as [(String, SynthesizedPaging?)])
  func eachSessionHasItsOwn(name: String, paging: SynthesizedPaging?) throws {
    for seed in 11...13 as ClosedRange<UInt64> {
      let (whole, system, sessions) = try machine(name, paging, seed: seed)
      let pool = try read(MemoryDump(whole, .dump(.full)).encoded()).pool()
      let note: Comment = "\(name), seed \(seed)"
      // Addresses of the kernel's own table of big allocations are bundled for x64 builds from 7 SP1 on.
      let isNamed = SynthesizedKernel.named.contains { $0.name == name }
      #expect(counted(pool.uses) == stated(system, big: isNamed), note)
      #expect(pool.sessions.map(\.id) == sessions.keys.sorted(), note)
      for found in pool.sessions {
        let truth = try #require(sessions[found.id])
        #expect(counted(found.uses) == stated(truth), note)
        #expect(found.pages == 10 + 7 * Int(found.id) && found.damagedPages == 0, note)
        if whole.kernel.version.build >= 15063 {
          expect(found.tracked, truth, note)
        } else {
          #expect(found.tracked.isEmpty)
        }
      }
      // Before Vista sessions have no table of big allocations that is known.
      #expect(
        pool.missing.contains { $0.what == "pool.sessions" } == (whole.kernel.version.build < 6000), note)
    }
  }

  /// Segment heaps of sessions are not followed: what the session's own tables say is told, and so is what is missing.
  @Test func sessionsWithHeaps() throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let (whole, _, sessions) = try machine("19041", nil, seed: seed)
      let pool = try read(MemoryDump(whole, .dump(.bitmapFull)).encoded()).pool()
      #expect(pool.sessions.map(\.id) == sessions.keys.sorted())
      for found in pool.sessions {
        let truth = try #require(sessions[found.id])
        expect(found.tracked, truth, "seed \(seed)")
        let big = truth.truth.filter { $0.value.big > 0 }
        #expect(counted(found.uses) == big.mapValues { [$0.big, $0.bigBytes, 0, 0, $0.big] }, "seed \(seed)")
        #expect(found.pages == nil)
      }
      #expect(pool.missing.contains { $0.what == "pool.sessions" && $0.because == .unsupported })
    }
  }

  @Test func damagedPagesAreCounted() throws {
    let (whole, _, sessions) = try machine("7601", nil, seed: 4, damaged: 3)
    let pool = try read(MemoryDump(whole, .dump(.bitmapFull)).encoded()).pool()
    for found in pool.sessions { #expect(found.damagedPages == sessions[found.id]?.damage.count) }
    #expect(pool.sessions.contains { $0.damagedPages > 0 })
  }

  /// Without the pages there is nothing to count, and that is said of the sessions by number.
  @Test func sessionsThatAreNotThere() throws {
    var (whole, system, _) = try machine("7601", nil, seed: 5)
    whole.sessionPools = [:]
    let pool = try read(MemoryDump(whole, .dump(.full)).encoded()).pool()
    #expect(pool.sessions.isEmpty)
    #expect(counted(pool.uses) == stated(system))
    #expect(pool.missing.contains { $0.what == "pool.sessions" && $0.because == .notInDump && $0.detail.contains("0") })
  }

  /// Tables of a session that lead in circles or anywhere: no trap, and no more than fits.
  @Test(arguments: [("3790", SynthesizedPaging.x86PAE), ("7601", .x64)])
  func mutated(name: String, paging: SynthesizedPaging) throws {
    let (whole, _, _) = try machine(name, paging, seed: 6, damaged: 1)
    let bytes = MemoryDump(whole, .dump(.full)).encoded()
    var random = SplitMix64(seed: 31)
    for round in 0..<40 {
      var copy = bytes
      for _ in 0..<(8 << random.index(below: 10)) {
        let place = 0x2000 + random.index(below: (copy.count - 0x2000) / 8) * 8
        // Entries of page tables above all.
        guard copy[place] & 1 != 0 else { continue }
        let other = 0x2000 + random.index(below: (copy.count - 0x2000) / 8) * 8
        for byte in 0..<8 { copy[place + byte] = copy[other + byte] }
      }
      guard let dump = try? read(copy) else { continue }
      for session in dump.pool().sessions {
        #expect(session.pages ?? 0 <= copy.count / 4096, "round \(round)")
      }
    }
  }
}
