import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Symbols
import TestSupport
import Testing
import WindowsKernel

/// Queues, locks and what the wait graph proves, on machines that hang in known ways and on those that only look so.
@Suite struct WaitGraphTests {
  private func kinds(_ hang: KernelHang) -> Set<WaitGraph.VerdictKind> { Set(hang.graph.verdicts.map(\.kind)) }

  private func hang(_ name: String, _ scenario: HangScenario, seed: UInt64) throws -> (KernelHang, HangScenario.Built) {
    let built = try HungMachines.built(name, scenario, seed: seed)
    let dump = try HungMachines.read(built.machine)
    let (found, missing) = dump.hang()
    #expect(missing.isEmpty, "\(name), \(scenario), seed \(seed): \(missing)")
    return (try #require(found), built)
  }

  @Test(arguments: HungMachines.kernels) func starvation(name: String) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let (hang, built) = try hang(name, .starvation, seed: seed)
      let note: Comment = "\(name), seed \(seed)"
      #expect(kinds(hang) == [.starvation], note)
      let verdict = try #require(hang.graph.verdicts.first, note)
      #expect(verdict.queue == "critical", note)
      #expect(verdict.client == "mup.sys", note)
      #expect(verdict.needs == "rdbss.sys", note)
      #expect(verdict.workers == built.workers.count, note)
      #expect(verdict.pending == built.waits.items.count, note)
      // The code of the items was followed to the calls.
      #expect(verdict.trust == .observed, note)
      let edges = verdict.edges.map { hang.graph.edges[$0] }
      #expect(edges.filter { $0.kind == .setBy }.allSatisfy { $0.basis == .code && $0.trust == .observed }, note)
      #expect(edges.contains { $0.kind == .setBy && $0.evidence.contains("calls KeSetEvent") }, note)
      for worker in built.workers {
        #expect(
          edges.contains { hang.graph.nodes[$0.from].address.rawValue == worker && $0.kind == .waitsFor }, note)
      }
    }
  }

  /// That an item has an event within reach says only that it could set it.
  @Test(arguments: HungMachines.kernels) func withoutCode(name: String) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let (hang, _) = try hang(name, .noCode, seed: seed)
      let note: Comment = "\(name), seed \(seed)"
      #expect(kinds(hang) == [.starvation], note)
      let verdict = try #require(hang.graph.verdicts.first, note)
      #expect(verdict.trust == .inferred && verdict.client == "mup.sys", note)
      let edges = verdict.edges.map { hang.graph.edges[$0] }
      #expect(edges.contains { $0.kind == .setBy && $0.basis == .reachable }, note)
    }
  }

  /// Code that was followed to all its ends and sets nothing shows that the item is not waited for.
  @Test(arguments: HungMachines.kernels) func codeThatSetsNothing(name: String) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let (hang, _) = try hang(name, .otherRoutine, seed: seed)
      let note: Comment = "\(name), seed \(seed)"
      #expect(kinds(hang) == [.busyQueue], note)
      #expect(!hang.graph.edges.contains { $0.kind == .setBy && $0.trust > .guessed }, note)
    }
  }

  /// The circle is stated by the locks themselves up to Windows 8.1; later systems keep their waiters where no public type
  /// says, and the waiter's stack is the evidence.
  @Test(arguments: HungMachines.kernels) func lockCycle(name: String) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let (hang, built) = try hang(name, .lockCycle, seed: seed)
      let note: Comment = "\(name), seed \(seed)"
      let isNew = ["17763", "19041"].contains(name)
      let found = kinds(hang)
      #expect(!found.contains(.starvation), note)
      #expect(found.contains(.blockedByDeadlock), note)
      let circle = try #require(hang.graph.verdicts.first { $0.kind == .deadlock }, note)
      #expect(circle.trust == (isNew ? .inferred : .observed), note)
      let threads = Set(
        circle.edges.map { hang.graph.nodes[hang.graph.edges[$0].from] }.filter { $0.kind == .thread }.map(
          \.address.rawValue))
      #expect(threads == Set(built.culprits), note)
    }
  }

  @Test(arguments: HungMachines.kernels, [HangScenario.oneHolder, .slowServer, .busyQueue, .oneWorkerReturns])
  func lookAlikes(name: String, scenario: HangScenario) throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let (hang, _) = try hang(name, scenario, seed: seed)
      let note: Comment = "\(name), \(scenario), seed \(seed)"
      let found = kinds(hang)
      #expect(!found.contains(.starvation) && !found.contains(.deadlock), note)
      #expect(!found.contains(.blockedByDeadlock), note)
      switch scenario {
      case .oneHolder: #expect(found.contains(.oneHolder), note)
      case .slowServer: #expect(found.contains(.oneDevice), note)
      default: #expect(found.contains(.busyQueue), note)
      }
    }
  }

  @Test(arguments: HungMachines.kernels) func queues(name: String) throws {
    for seed in 1...2 as ClosedRange<UInt64> {
      let (hang, built) = try hang(name, .starvation, seed: seed)
      let note: Comment = "\(name), seed \(seed)"
      // The bundled addresses of 7601's builds have the array's.
      #expect(hang.queues.means == (name == "7601" ? .symbols : .workers), note)
      let queue = try #require(hang.queues.queues.first { !$0.items.isEmpty }, note)
      #expect(queue.address == built.waits.queues[0].address, note)
      #expect(Set(queue.workers.map(\.thread)) == Set(built.workers), note)
      #expect(!queue.isCut, note)
      #expect(queue.items.map(\.address) == built.waits.items.map(\.address), note)
      #expect(queue.items.map(\.routine) == built.waits.items.map(\.routine), note)
      #expect(queue.items.map(\.parameter) == built.waits.items.map(\.parameter), note)
      #expect(queue.items.allSatisfy { queue.name(of: $0) == "critical" }, note)
      if !built.waits.usesPriorities {
        #expect(
          hang.queues.queues.filter { $0.kind == .executive }.map(\.name) == ["critical", "delayed", "hypercritical"],
          note)
        #expect(queue.dynamicThreads == 16, note)
        for (found, described) in zip(hang.queues.queues, built.waits.queues) {
          #expect(found.address == described.address, note)
          let own = built.waits.threads.filter { $0.queue == described.address }
          #expect(found.workers.count == own.count, note)
          #expect(found.workers.filter(\.isIdle).count == own.filter { $0.reason == .queue }.count, note)
        }
      }
    }
  }

  /// Symbols lead to the same queues; without workers the array is found by its shape.
  @Test(arguments: HungMachines.kernels) func otherMeans(name: String) throws {
    let built = try HungMachines.built(name, .starvation, seed: 3)
    let folder = try TemporaryFolder()
    let dump = try HungMachines.read(built.machine, symbols: HungMachines.symbols(of: built.machine, in: folder))
    let bySymbols = try #require(dump.hang().found?.queues)
    #expect(bySymbols.means == .symbols, "\(name)")
    #expect(bySymbols.queues.first?.address == built.waits.queues[0].address, "\(name)")
    #expect(bySymbols.queues.first?.items.count == built.waits.items.count, "\(name)")
    guard !built.waits.usesPriorities else { return }
    var alone = built.machine
    alone.waits?.threads = []
    let scanned = try #require(HungMachines.read(alone).hang().found?.queues)
    #expect(scanned.means == (name == "7601" ? .symbols : .scan), "\(name)")
    #expect(scanned.queues.map(\.address) == built.waits.queues.map(\.address), "\(name)")
  }

  @Test(arguments: HungMachines.kernels) func resources(name: String) throws {
    let (hang, built) = try hang(name, .lockCycle, seed: 9)
    #expect(hang.locks.resourceCount == built.waits.resources.count, "\(name)")
    for resource in built.waits.resources where !resource.owners.isEmpty {
      let lock = try #require(hang.locks.locks.first { $0.address == resource.address }, "\(name)")
      #expect(lock.kind == .resource && lock.isExclusive, "\(name)")
      #expect(lock.owners == resource.owners, "\(name)")
      #expect(lock.resource?.owners.map(\.count) == resource.owners.map { _ in 1 }, "\(name)")
      #expect(Set(lock.waiters.map(\.thread)) == Set(resource.exclusiveWaiters), "\(name)")
      #expect(lock.resource?.exclusiveWaiterCount == UInt32(resource.exclusiveWaiters.count), "\(name)")
    }
  }

  /// Shared holders stand in the resource and in its table.
  @Test(arguments: HungMachines.kernels) func sharedResource(name: String) throws {
    var built = try HungMachines.built(name, .busyQueue, seed: 2)
    var resource = built.waits.resource()
    resource.isExclusive = false
    resource.owners = Array(built.waits.threads.prefix(4).map(\.address))
    built.waits.resources = [resource]
    built.machine.waits = built.waits
    let locks = try #require(HungMachines.read(built.machine).hang().found?.locks)
    let lock = try #require(locks.locks.first { $0.kind == .resource }, "\(name)")
    #expect(!lock.isExclusive, "\(name)")
    #expect(Set(lock.owners) == Set(resource.owners), "\(name)")
  }

  /// Mutants, fast and guarded mutexes state their owners.
  @Test(arguments: HungMachines.kernels) func mutexes(name: String) throws {
    for kind in [KernelLock.Kind.mutant, .fastMutex, .guardedMutex] {
      if kind == .guardedMutex, ["2600", "3790-sp0", "9600", "17763", "19041"].contains(name) { continue }
      var built = try HungMachines.built(name, .busyQueue, seed: 6)
      // Two threads of a process own what the other waits for.
      let victims = built.waits.threads.indices.filter { built.waits.threads[$0].queue == nil }.prefix(2)
      let addresses = victims.map { built.waits.threads[$0].address }
      var locks: [UInt64] = []
      for (place, index) in victims.enumerated() {
        let owner = addresses[1 - place]
        built.waits.threads[index].waitsForAny = false
        built.waits.threads[index].hasTimeout = false
        switch kind {
        case .mutant:
          let object = built.waits.object(.mutant, owner: owner)
          built.waits.threads[index].objects = [object]
          built.waits.threads[index].reason = .userRequest
          locks.append(object)
        default:
          let mutex = built.waits.fastMutex(owner: owner, isGuarded: kind == .guardedMutex)
          built.waits.threads[index].objects = [mutex.object]
          let isGate = built.waits.objects.first { $0.address == mutex.object }?.kind == .gate
          // A gate has no wait block from Server 2003 SP1 to Vista.
          if isGate, ["3790", "3790-x64", "6001"].contains(name) { built.waits.threads[index].state = .gateWait }
          built.waits.threads[index].reason =
            kind == .guardedMutex
            ? .guardedMutex : ["7601", "9600", "17763", "19041"].contains(name) ? .fastMutex : .mutex
          locks.append(mutex.address)
        }
      }
      built.machine.waits = built.waits
      let hang = try #require(HungMachines.read(built.machine).hang().found)
      let note: Comment = "\(name), \(kind)"
      for (address, owner) in zip(locks, addresses.reversed()) {
        let lock = try #require(hang.locks.locks.first { $0.address == address }, note)
        #expect(lock.kind == kind, note)
        #expect(lock.owners == [owner], note)
      }
      let circle = try #require(hang.graph.verdicts.first { $0.kind == .deadlock }, note)
      #expect(circle.trust == .observed, note)
      #expect(circle.threads == 2, note)
    }
  }

  /// Kernel and bitmap dumps hold the same structures.
  @Test(arguments: [2, 5, 7] as [UInt32]) func otherTypes(type: UInt32) throws {
    let built = try HungMachines.built("7601", .starvation, seed: 8)
    let found = try #require(HungMachines.read(built.machine, type: type).hang().found)
    #expect(kinds(found) == [.starvation])
  }

  /// The seed stands in the message; `Mutator(changes:headBytes:).mutate(bytes, seed:)` makes the same bytes again.
  @Test(.timeLimit(.minutes(5)), arguments: ["3790", "7601", "19041"], HangScenario.allCases)
  func mutations(name: String, scenario: HangScenario) throws {
    let built = try HungMachines.built(name, scenario, seed: 10)
    let bytes = MemoryDump(built.machine, .dump(.init(rawValue: 5))).encoded()
    for seed in 0..<12 as Range<UInt64> {
      let damaged = Mutator(changes: 1...400, headBytes: bytes.count).mutate(bytes, seed: seed)
      guard let dump = try? HungMachines.read(damaged) else { continue }
      let clock = ContinuousClock()
      let time = clock.measure {
        let hang = dump.hang().found
        #expect(
          (hang?.threads.threads.count ?? 0) <= KernelThreadList.maximumThreads, "\(name), \(scenario), seed \(seed)")
        for verdict in hang?.graph.verdicts ?? [] {
          #expect(verdict.edges.allSatisfy { hang?.graph.edges.indices.contains($0) ?? false })
        }
      }
      #expect(time < .seconds(20), "\(name), \(scenario), seed \(seed): \(time)")
    }
  }
}
