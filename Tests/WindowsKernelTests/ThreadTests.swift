import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

/// Threads of synthesized machines: every field that was described is read again.
@Suite struct ThreadTests {
  @Test(arguments: HungMachines.kernels) func everyThread(name: String) throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      let built = try HungMachines.built(name, .slowServer, seed: seed)
      let dump = try HungMachines.read(built.machine)
      let (found, missing) = dump.threads()
      let list = try #require(found)
      #expect(missing.isEmpty, "\(name), seed \(seed): \(missing)")
      #expect(list.threads.count == built.waits.threads.count, "\(name), seed \(seed)")
      #expect(!list.isGuess, "\(name)")
      for described in built.waits.threads {
        let thread = try #require(list.thread(at: described.address), "\(name), seed \(seed)")
        let note: Comment = "\(name), seed \(seed), thread \(described.id)"
        #expect(thread.id == described.id, note)
        #expect(thread.processID == described.processID, note)
        let process = built.machine.processes.first { $0.id == described.processID }
        #expect(thread.processName == process.map { String($0.name.prefix(14)) }, note)
        #expect(thread.session == process?.session, note)
        #expect(thread.state.rawValue == described.state.rawValue, note)
        #expect(thread.waitReason?.rawValue == described.reason.rawValue, note)
        #expect(thread.priority == Int8(described.priority), note)
        #expect(thread.startAddress == described.startAddress, note)
        #expect(thread.queue == described.queue, note)
        #expect(thread.waits.map(\.address) == described.objects, note)
        #expect(thread.waitsForAny == (described.waitsForAny && described.objects.count > 1), note)
        #expect(thread.hasTimeout == described.hasTimeout, note)
        #expect(!thread.isCut, note)
        #expect(thread.requests.map(\.irp) == described.requests.map(\.address), note)
        #expect(thread.requests.map(\.event) == described.requests.map(\.event), note)
        #expect(thread.requests.map(\.device) == described.requests.map(\.device), note)
        if !described.requests.isEmpty { #expect(thread.requests.first?.driver == "tcpip.sys", note) }
        // A tick is 15.625 ms.
        let waited = try #require(thread.waitedMilliseconds, note)
        #expect(abs(Double(waited) - Double(described.ticks) * 15.625) < 2, note)
        for (wait, address) in zip(thread.waits, described.objects) {
          let object = built.waits.objects.first { $0.address == address }
          if let object { #expect(wait.object?.kind.rawValue == object.kind.rawValue, note) }
        }
      }
    }
  }

  /// Blocked threads are walked from what KiSwapContext left: the described frames are among those found, in their order.
  @Test(arguments: HungMachines.kernels) func stacksOfBlockedThreads(name: String) throws {
    let built = try HungMachines.built(name, .starvation, seed: 5)
    let dump = try HungMachines.read(built.machine)
    let list = try #require(dump.threads().list)
    for described in built.waits.threads where built.workers.contains(described.address) {
      let thread = try #require(list.thread(at: described.address))
      let frames = dump.stack(of: thread).map(\.address.rawValue)
      #expect(frames.first == described.stack.frames.first?.address, "\(name), thread \(described.id)")
      // What waits is called through a function that keeps no frame on x86.
      let wanted = described.stack.frames.map(\.address).filter { address in
        address != described.stack.frames[1].address || name.hasSuffix("x64")
      }
      let own = frames.filter(wanted.contains)
      #expect(own == wanted, "\(name), thread \(described.id)")
    }
  }

  /// Lists that break off, threads that are none, wait blocks that lead in circles.
  @Test(arguments: ["3790", "17763"]) func brokenLists(name: String) throws {
    var built = try HungMachines.built(name, .starvation, seed: 7)
    let whole = try #require(HungMachines.read(built.machine).threads().list).threads
    let wide = name == "17763"
    func pointing(_ place: UInt64, _ value: UInt64) -> SynthesizedMemory {
      SynthesizedMemory(
        address: place, bytes: (0..<(wide ? 8 : 4)).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) })
    }
    for victim in [built.waits.threads[0].address, built.waits.threads[3].address] {
      for value in [victim, 0, 0xFFFF_FFFF_FFFF_FFF8, 0x1234] as [UInt64] {
        // Every word of the thread one after the other would take long: its first 0x400 bytes at once.
        built.machine.contents = stride(from: 8, to: 0x400 as UInt64, by: 0x38).map { pointing(victim + $0, value) }
        let dump = try HungMachines.read(built.machine)
        let list = try #require(dump.threads().list)
        #expect(list.threads.count <= whole.count)
        _ = dump.hang()
      }
    }
  }
}
