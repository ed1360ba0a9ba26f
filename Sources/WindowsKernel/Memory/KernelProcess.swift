import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// One process of a dump of whole pages.
public struct KernelProcess: Hashable, Sendable {
  /// Of its EPROCESS.
  public var address: VirtualAddress
  /// At most 15 characters: the field's size.
  public var name: String
  public var id: UInt64
  public var parent: UInt64?
  public var session: UInt32?
  /// MM_SESSION_SPACE of its session, as the process itself sees it; nil for processes of none.
  public var sessionSpace: VirtualAddress?
  public var directoryTableBase: PhysicalAddress?
  public var threads: UInt32?
  public var created: FileTime?
  public var exited: FileTime?
}

/// PsActiveProcessHead and what it links.
public struct KernelProcessList: Sendable {
  public var processes: [KernelProcess]
  /// The list was followed to its end and every entry was read.
  public var isWhole: Bool
  /// True where the offsets are another build's.
  public var isGuess: Bool
  /// The build whose offsets were used.
  public var layoutBuild: Int

  /// Windows has at most 2^24 process ids; real machines have hundreds of processes, terminal servers thousands.
  public static let maximumProcesses = 1 << 16

  /// nil where no layout is bundled for the build.
  public init?(_ space: KernelSpace, servicePack: ServicePack?, revision: Int?) {
    guard let reader = ProcessReader(space, servicePack: servicePack, revision: revision) else { return nil }
    isGuess = !reader.isExact
    layoutBuild = reader.layout.build
    guard let links = reader.layout.offset("_EPROCESS", "ActiveProcessLinks") else { return nil }
    let (entries, whole) = space.list(head: space.psActiveProcessHead, limit: Self.maximumProcesses)
    processes = entries.compactMap { reader.process(at: $0 &- UInt64(links)) }
    isWhole = whole && processes.count == entries.count
  }
}

/// Reads EPROCESS by the layout of the build.
struct ProcessReader {
  let space: KernelSpace
  let layout: KernelLayout
  let isExact: Bool

  init?(_ space: KernelSpace, servicePack: ServicePack?, revision: Int?) {
    guard let (layout, isExact) = space.layout(servicePack: servicePack, revision: revision) else { return nil }
    self.space = space
    self.layout = layout
    self.isExact = isExact
  }

  /// nil where it is not in the dump, or is no process by this layout: no name, or an id that is no multiple of 4.
  func process(at address: UInt64) -> KernelProcess? {
    func place(_ field: String) -> UInt64? { layout.offset("_EPROCESS", field).map { address &+ UInt64($0) } }
    func pointer(_ field: String) -> UInt64? { place(field).flatMap { space.pointer(at: $0) } }
    func time(_ field: String) -> FileTime? {
      place(field).flatMap { space.memory.load(at: VirtualAddress($0), as: UInt64.self) }
        .flatMap { $0 == 0 ? nil : FileTime(rawValue: $0) }
    }
    guard let name = place("ImageFileName").flatMap({ space.memory.bytes(at: VirtualAddress($0), count: 15) }),
      let id = pointer("UniqueProcessId"), id < 1 << 32, id & 3 == 0
    else { return nil }
    let text = name.prefix { $0 != 0 }
    // Names in other languages are in the system's code page.
    guard !text.isEmpty, text.allSatisfy({ $0 >= 0x20 }) else { return nil }
    let table = pointer("Pcb.DirectoryTableBase").map { PhysicalAddress($0) }
    let own = pointer("Session")
    return KernelProcess(
      address: VirtualAddress(address), name: decodeWindows1252(text), id: id,
      parent: pointer("InheritedFromUniqueProcessId"), session: session(own, table),
      sessionSpace: own.flatMap { $0 == 0 ? nil : VirtualAddress($0) },
      directoryTableBase: table,
      threads: place("ActiveThreads").flatMap { space.memory.load(at: VirtualAddress($0), as: UInt32.self) },
      created: time("CreateTime"), exited: time("ExitTime"))
  }

  /// Session space is mapped in the processes of its session only.
  private func session(_ address: UInt64?, _ table: PhysicalAddress?) -> UInt32? {
    guard let address, address != 0, let offset = layout.offset("_MM_SESSION_SPACE", "SessionId") else { return nil }
    let place = VirtualAddress(address &+ UInt64(offset))
    if let table, let value = space.memory.space(directoryTableBase: table).load(at: place, as: UInt32.self) {
      return value
    }
    return space.memory.load(at: place, as: UInt32.self)
  }
}
