import CrashDumpFormat
import Facts
import KernelLayouts

/// An ERESOURCE: held by one thread alone or by several that share it.
public struct ExecutiveResource: Hashable, Sendable {
  public struct Owner: Hashable, Sendable {
    public var thread: UInt64
    /// How often it took the resource.
    public var count: UInt32
  }

  public var address: UInt64
  public var isExclusive: Bool
  public var activeCount: Int16
  public var contentions: UInt32
  /// In the order of the structure.
  public var owners: [Owner] = []
  /// What ExSetResourceOwnerPointer put in a thread's place: nobody can be told.
  public var hasUnknownOwner = false
  public var sharedWaiterCount: UInt32
  public var exclusiveWaiterCount: UInt32
  /// A semaphore up to Windows 8.1, then the head of a chain of blocks on the waiters' stacks.
  public var sharedWaiters: UInt64?
  /// An event up to Windows 8.1, then as above.
  public var exclusiveWaiters: UInt64?
  /// The module whose data it lies in; nil where it was allocated.
  public var module: String?

  public var isHeld: Bool { activeCount > 0 || !owners.isEmpty }
  public var hasWaiters: Bool { sharedWaiterCount > 0 || exclusiveWaiterCount > 0 }
}

/// ExpSystemResourcesList: every ERESOURCE that was initialized.
public struct ResourceList: Sendable {
  /// In the list's order; those that nobody holds or waits for are counted only.
  public var resources: [ExecutiveResource] = []
  public var count = 0
  public var unread = 0
  public var isWhole = true

  /// File systems have two for each open file: a busy server some hundred thousand.
  public static let maximumResources = 1 << 20
  /// Owners of one resource. Each shared holder has an entry; the table grows with them.
  static let maximumOwners = 1024

  /// ERESOURCE.Flag: ResourceOwnedExclusive (public header wdm.h).
  private static let ownedExclusive: UInt16 = 0x80
  /// Low bits of OwnerThread: both set mark a pointer that is no thread (documentation of ExSetResourceOwnerPointer).
  private static let ownerFlags: UInt64 = 3

  init?(_ structures: StructureReader, _ modules: ModuleMap, head: UInt64?) {
    guard let head, structures.layout.offset("_ERESOURCE", "ActiveCount") != nil else { return nil }
    let (entries, isWhole) = structures.space.list(head: VirtualAddress(head), limit: Self.maximumResources)
    self.isWhole = isWhole
    let links = UInt64(structures.layout.offset("_ERESOURCE", "SystemResourcesList") ?? 0)
    for entry in entries {
      guard let resource = Self.resource(at: entry &- links, structures, modules) else {
        unread += 1
        continue
      }
      count += 1
      if resource.isHeld || resource.hasWaiters { resources.append(resource) }
    }
  }

  private static func resource(
    at address: UInt64, _ structures: StructureReader, _ modules: ModuleMap
  ) -> ExecutiveResource? {
    guard let active = structures.value("_ERESOURCE", "ActiveCount", in: address, as: Int16.self),
      let flag = structures.value("_ERESOURCE", "Flag", in: address, as: UInt16.self)
    else { return nil }
    // 16 bits up to Vista, 32 from Windows 7 on, where they lie further apart.
    func waiters(_ field: String) -> UInt32 {
      let shared = structures.layout.offset("_ERESOURCE", "NumberOfSharedWaiters") ?? 0
      let exclusive = structures.layout.offset("_ERESOURCE", "NumberOfExclusiveWaiters") ?? 0
      if exclusive - shared == 2 {
        return structures.value("_ERESOURCE", field, in: address, as: UInt16.self).map(UInt32.init) ?? 0
      }
      return structures.value("_ERESOURCE", field, in: address, as: UInt32.self) ?? 0
    }
    func pointer(_ field: String) -> UInt64? {
      structures.pointer("_ERESOURCE", field, in: address).flatMap { structures.isKernelPointer($0) ? $0 : nil }
    }
    var resource = ExecutiveResource(
      address: address, isExclusive: flag & ownedExclusive != 0, activeCount: active,
      contentions: structures.value("_ERESOURCE", "ContentionCount", in: address, as: UInt32.self) ?? 0,
      sharedWaiterCount: waiters("NumberOfSharedWaiters"), exclusiveWaiterCount: waiters("NumberOfExclusiveWaiters"))
    resource.sharedWaiters = pointer("SharedWaiters")
    resource.exclusiveWaiters = pointer("ExclusiveWaiters")
    resource.module = modules.entry(at: address)?.identity.name
    // Most of a busy server's resources are free: their entries are stale.
    guard active != 0 || resource.hasWaiters else { return resource }
    guard let entryBytes = structures.layout.size(of: "_OWNER_ENTRY").map(UInt64.init) else { return resource }
    // XP and Server 2003 have two entries in the resource, later systems one; further ones stand in a table.
    if let first = structures.place("_ERESOURCE", "OwnerThreads", in: address) {
      add(first, to: &resource, structures)
      add(first &+ entryBytes, to: &resource, structures)
    } else if let only = structures.place("_ERESOURCE", "OwnerEntry", in: address) {
      add(only, to: &resource, structures)
    }
    if let table = pointer("OwnerTable"),
      let size = structures.value("_OWNER_ENTRY", "TableSize", in: table, as: UInt32.self)
    {
      // The first entry's count is the table's size.
      for index in 1..<UInt64(max(1, min(Int(size), maximumOwners))) {
        add(table &+ index &* entryBytes, to: &resource, structures)
      }
    }
    return resource
  }

  private static func add(_ entry: UInt64, to resource: inout ExecutiveResource, _ structures: StructureReader) {
    guard let owner = structures.pointer("_OWNER_ENTRY", "OwnerThread", in: entry), owner != 0,
      let word = structures.value("_OWNER_ENTRY", "TableSize", in: entry, as: UInt32.self)
    else { return }
    // Flags below the count: none before Windows 7, two bits from there on, three from 10 1607 on (public types).
    let shift: UInt32 = structures.layout.build < 7600 ? 0 : structures.layout.build < 14393 ? 2 : 3
    let count = word >> shift
    guard count > 0 else { return }
    if owner & ownerFlags == ownerFlags || !structures.isKernelPointer(owner & ~ownerFlags) {
      resource.hasUnknownOwner = true
    } else {
      resource.owners.append(ExecutiveResource.Owner(thread: owner & ~ownerFlags, count: count))
    }
  }
}
