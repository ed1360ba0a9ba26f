import CrashDumpFormat
import Facts
import KernelLayouts

/// A lock that somebody waits for or, of resources, holds.
public struct KernelLock: Hashable, Sendable {
  @frozen
  public enum Kind: String, Hashable, Sendable {
    case resource, mutant
    case fastMutex = "fast-mutex"
    case guardedMutex = "guarded-mutex"
    /// Its waiters are known, its holder is recorded nowhere.
    case pushLock = "push-lock"
  }

  public struct Waiter: Hashable, Sendable {
    public var thread: UInt64
    public var isExclusive: Bool?
    /// False where the thread was found by what its stack holds, not by what it waits for.
    public var isStated = true
  }

  public var kind: Kind
  public var address: UInt64
  /// Threads that hold it; several share a resource.
  public var owners: [UInt64] = []
  public var isExclusive = true
  public var waiters: [Waiter] = []
  /// What is wrong or not known, for people.
  public var note: String?
  public var resource: ExecutiveResource?
}

/// Every lock that the dump shows: the list of resources, and what threads wait for.
public struct LockList: Sendable {
  /// Resources in the list's order, then the others by address.
  public var locks: [KernelLock] = []
  /// Which locks a thread waits for, as an index.
  public private(set) var waitedFor: [UInt64: Int] = [:]
  /// Initialized resources, held or not; nil where the list was not found.
  public var resourceCount: Int?
  public var missing: [Missing] = []

  init(_ dump: KernelDump, _ structures: StructureReader, _ threads: KernelThreadList) {
    let head = dump.space?.address(.expSystemResourcesList) ?? dump.kernelVariable("ExpSystemResourcesList")
    if let list = ResourceList(structures, dump.modules, head: head) {
      resourceCount = list.count
      if !list.isWhole || list.unread > 0 {
        missing.append(
          Missing(
            "locks.resources", because: .notInDump,
            detail:
              "The list of resources (ExpSystemResourcesList) breaks off: \(list.count) were read, \(list.unread) are not in the dump."
          ))
      }
      locks = list.resources.map { resource in
        KernelLock(
          kind: .resource, address: resource.address, owners: resource.owners.map(\.thread),
          isExclusive: resource.isExclusive,
          note: resource.hasUnknownOwner ? "an owner is no thread (ExSetResourceOwnerPointer)" : nil,
          resource: resource)
      }
    } else {
      missing.append(
        Missing(
          "locks.resources", because: .notInDump,
          detail: "The list of resources (ExpSystemResourcesList) is not in the dump, or nothing says where it is."))
    }
    addResourceWaiters(structures, threads)
    addOthers(structures, threads)
  }

  public func lock(waitedForBy thread: UInt64) -> KernelLock? { waitedFor[thread].map { locks[$0] } }

  // MARK: Resources

  private mutating func addResourceWaiters(_ structures: StructureReader, _ threads: KernelThreadList) {
    var byObject: [UInt64: (lock: Int, isExclusive: Bool)] = [:]
    for (index, lock) in locks.enumerated() {
      guard let resource = lock.resource else { continue }
      if let object = resource.exclusiveWaiters { byObject[object] = (index, true) }
      if let object = resource.sharedWaiters { byObject[object] = (index, false) }
    }
    var unplaced: [KernelThread] = []
    for thread in threads.threads where thread.state.isWaiting {
      if let found = thread.waits.lazy.compactMap({ byObject[$0.address] }).first {
        add(KernelLock.Waiter(thread: thread.address, isExclusive: found.isExclusive), to: found.lock)
      } else if thread.waitReason == .resource {
        unplaced.append(thread)
      }
    }
    addChainedWaiters(structures, unplaced)
  }

  /// Bytes of a waiter's stack in which the resource's address is looked for: the wait routines' frames.
  private static let searchedStackBytes: UInt64 = 0x400

  /// From Windows 10 on a resource points to blocks on its waiters' stacks, whose layout no public type says. A thread that
  /// waits for a resource and whose stack holds a resource's address waits for that one.
  private mutating func addChainedWaiters(_ structures: StructureReader, _ threads: [KernelThread]) {
    var byAddress: [UInt64: Int] = [:]
    for (index, lock) in locks.enumerated() where lock.resource?.hasWaiters == true { byAddress[lock.address] = index }
    guard !byAddress.isEmpty else { return }
    let heads = byAddress.values.sorted().map { index in
      (index, [locks[index].resource?.exclusiveWaiters, locks[index].resource?.sharedWaiters].compactMap { $0 })
    }
    for thread in threads {
      guard let top = thread.kernelStack, thread.holdsOnStack(top) else { continue }
      // A chain's head that lies on this stack says so without a search.
      var found = heads.first { $0.1.contains(where: thread.holdsOnStack) }?.0
      var at = top
      while found == nil, at < top &+ Self.searchedStackBytes, thread.holdsOnStack(at) {
        found = structures.space.pointer(at: at).flatMap { byAddress[$0] }
        at &+= structures.pointerBytes
      }
      guard let found else { continue }
      add(KernelLock.Waiter(thread: thread.address, isExclusive: nil, isStated: false), to: found)
    }
  }

  private mutating func add(_ waiter: KernelLock.Waiter, to index: Int) {
    guard waitedFor[waiter.thread] == nil else { return }
    locks[index].waiters.append(waiter)
    waitedFor[waiter.thread] = index
  }

  // MARK: Mutants, fast and guarded mutexes, push locks

  private mutating func addOthers(_ structures: StructureReader, _ threads: KernelThreadList) {
    var found: [UInt64: KernelLock] = [:]
    for thread in threads.threads where thread.state.isWaiting && waitedFor[thread.address] == nil {
      // A wait for one of several objects is no wait for each.
      for wait in thread.waits where !thread.waitsForAny {
        guard let object = wait.object, let lock = Self.lock(thread, object, structures, threads) else { continue }
        found[lock.address, default: lock].waiters.append(KernelLock.Waiter(thread: thread.address, isExclusive: true))
      }
    }
    let start = locks.count
    locks += found.values.sorted { $0.address < $1.address }
    for index in start..<locks.count {
      for waiter in locks[index].waiters where waitedFor[waiter.thread] == nil { waitedFor[waiter.thread] = index }
    }
  }

  private static func lock(
    _ thread: KernelThread, _ object: DispatcherObject, _ structures: StructureReader, _ threads: KernelThreadList
  ) -> KernelLock? {
    if object.kind == .mutant {
      return KernelLock(kind: .mutant, address: object.address, owners: object.owner.map { [$0] } ?? [])
    }
    let reason = thread.waitReason
    if reason == .pushLock {
      // The block that a waiter is queued with lies on its own stack; the lock does not record who holds it.
      return KernelLock(
        kind: .pushLock, address: object.address, note: "a push lock records no holder; the address is the wait block's"
      )
    }
    // A fast mutex is an event, or a gate, behind the owner. The reason of the wait tells it from any other event.
    let kinds: [(KernelLock.Kind, String, String)]
    if reason == .guardedMutex {
      kinds = [(.guardedMutex, "_KGUARDED_MUTEX", "Gate")]
    } else if reason == .fastMutex || reason == .mutex {
      kinds = [(.fastMutex, "_FAST_MUTEX", "Event")]
    } else if object.kind == .gate {
      kinds = [(.guardedMutex, "_KGUARDED_MUTEX", "Gate"), (.fastMutex, "_FAST_MUTEX", "Event")]
    } else {
      return nil
    }
    for (kind, type, field) in kinds {
      guard let inside = structures.layout.offset(type, field) else { continue }
      let base = object.address &- UInt64(inside)
      // The lowest bit of the owner is a flag from Windows 8 on.
      guard let owner = structures.pointer(type, "Owner", in: base).map({ $0 & ~1 }), threads.thread(at: owner) != nil
      else { continue }
      return KernelLock(kind: kind, address: base, owners: [owner])
    }
    return nil
  }
}
