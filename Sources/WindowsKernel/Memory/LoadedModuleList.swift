import ByteReading
import CrashDumpFormat
import Facts

/// PsLoadedModuleList: the loader's entries in load order, the kernel first.
///
/// The fields used lie at the same places in every system from NT 4.0 to 11 (public types _LDR_DATA_TABLE_ENTRY and
/// _KLDR_DATA_TABLE_ENTRY of 48 kernels), so that no layout of the build is needed.
public struct LoadedModuleList: Sendable {
  public var modules: [ModuleIdentity]
  /// The list was followed to its end and every entry was read.
  public var isWhole: Bool
  /// Entries of the list whose own memory is not in the dump.
  public var unread: Int

  /// More than any machine has: real lists hold 100 to 300.
  public static let maximumModules = 4096

  private struct Fields {
    let base, entryPoint, size, fullName, baseName, checksum: UInt64

    static let wide = Fields(base: 0x30, entryPoint: 0x38, size: 0x40, fullName: 0x48, baseName: 0x58, checksum: 0x78)
    static let narrow = Fields(
      base: 0x18, entryPoint: 0x1C, size: 0x20, fullName: 0x24, baseName: 0x2C, checksum: 0x40)
  }

  public init(_ space: KernelSpace) {
    let (entries, isWhole) = space.list(head: space.psLoadedModuleList, limit: Self.maximumModules)
    let fields = space.pointerBytes == 8 ? Fields.wide : Fields.narrow
    modules = []
    unread = 0
    for entry in entries {
      guard let base = space.pointer(at: entry &+ fields.base), base != 0,
        let size = space.memory.load(at: VirtualAddress(entry &+ fields.size), as: UInt32.self)
      else {
        unread += 1
        continue
      }
      let path = space.unicodeString(at: entry &+ fields.fullName)
      var name = space.unicodeString(at: entry &+ fields.baseName) ?? ""
      if name.isEmpty, let path {
        name = path.split(whereSeparator: { $0 == "\\" || $0 == "/" }).last.map(String.init) ?? ""
      }
      let checksum = space.memory.load(at: VirtualAddress(entry &+ fields.checksum), as: UInt32.self)
      modules.append(
        ModuleIdentity(
          name: name.isEmpty ? "?" : name, path: path, base: VirtualAddress(base), size: UInt64(size),
          checksum: checksum))
    }
    self.isWhole = isWhole && unread == 0
  }
}

/// MmUnloadedDrivers: a ring of the last 50 drivers that were unloaded.
enum UnloadedModuleRing {
  static let places = 50

  /// Oldest first. Entries without a readable name are left out.
  static func read(_ space: KernelSpace) -> [TriageDump.UnloadedDriver] {
    guard let pointer = space.address(.mmUnloadedDrivers), let array = space.pointer(at: pointer), array != 0,
      let last = space.address(.mmLastUnloadedDriver),
      let next = space.memory.load(at: VirtualAddress(last), as: UInt32.self)
    else { return [] }
    // UNICODE_STRING, start, end, time: 0x28 bytes, 0x18 on 32-bit systems.
    let width = UInt64(space.pointerBytes)
    let stride = width == 8 ? 0x28 : 0x18 as UInt64
    var found: [TriageDump.UnloadedDriver] = []
    for place in 0..<places {
      let entry = array &+ stride * UInt64((Int(next % UInt32(places)) + place) % places)
      guard let name = space.unicodeString(at: entry), !name.isEmpty,
        let start = space.pointer(at: entry &+ 2 * width), let end = space.pointer(at: entry &+ 3 * width), end > start
      else { continue }
      found.append(TriageDump.UnloadedDriver(name: name, start: VirtualAddress(start), end: VirtualAddress(end)))
    }
    return found
  }
}
