import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// Reads fields of kernel structures by the layout of the build.
struct StructureReader: Sendable {
  let space: KernelSpace
  let layout: KernelLayout
  /// False where the offsets are another build's.
  let isExact: Bool

  /// nil where there are neither symbols nor a bundled layout of the build.
  init?(_ space: KernelSpace, servicePack: ServicePack?, revision: Int?) {
    guard let (layout, isExact) = space.layout(servicePack: servicePack, revision: revision) else { return nil }
    self.space = space
    self.layout = layout
    self.isExact = isExact
  }

  var pointerBytes: UInt64 { UInt64(space.pointerBytes) }

  /// Where a field of the structure at an address lies; nil where this kernel has no such field.
  func place(_ type: String, _ field: String, in address: UInt64) -> UInt64? {
    layout.offset(type, field).map { address &+ UInt64($0) }
  }

  func pointer(_ type: String, _ field: String, in address: UInt64) -> UInt64? {
    place(type, field, in: address).flatMap { space.pointer(at: $0) }
  }

  func value<T: FixedWidthInteger & BitwiseCopyable>(
    _ type: String, _ field: String, in address: UInt64, as: T.Type = T.self
  ) -> T? {
    place(type, field, in: address).flatMap { load(at: $0) }
  }

  func load<T: FixedWidthInteger & BitwiseCopyable>(at address: UInt64, as: T.Type = T.self) -> T? {
    space.memory.load(at: VirtualAddress(address), as: T.self)
  }

  /// Kernel structures lie in the upper half of the address space, aligned to 4 at least.
  func isKernelPointer(_ address: UInt64) -> Bool {
    guard address & 3 == 0 else { return false }
    return space.pointerBytes == 4 ? address >= 0x8000_0000 && address <= 0xFFFF_FFFF : address >> 47 == 0x1_FFFF
  }
}

extension KernelDump {
  /// A reader by the layout of this dump's kernel; nil where there is no address space or no layout.
  var structures: StructureReader? {
    space.flatMap {
      StructureReader($0, servicePack: servicePack, revision: buildMatch.map { Int($0.build.version.revision) })
    }
  }

  /// Where a kernel variable is: by symbols of the kernel, else by the bundled addresses of its build.
  func kernelVariable(_ name: String) -> UInt64? {
    guard let kernel = modules.kernel, let base = kernel.identity.base?.rawValue else { return nil }
    if let offset = kernel.symbols?.offset(of: name) { return base &+ UInt64(offset) }
    if let match = buildMatch, match.isUnique, let offset = match.build.rva(of: name) { return base &+ UInt64(offset) }
    return nil
  }
}
