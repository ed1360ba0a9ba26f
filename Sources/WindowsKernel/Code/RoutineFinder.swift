import CrashDumpFormat
import Facts
import PortableExecutable
import Symbols

/// Which routines of the kernel a dump's drivers call: by the kernel's exports and symbols, and by the names in the drivers' own
/// import tables.
final class RoutineFinder {
  private let dump: KernelDump
  private let byAddress: [UInt64: KernelRoutine]
  /// By module: of the places that the loader filled.
  private var bySlot: [Int: [UInt32: KernelRoutine]] = [:]

  init(_ dump: KernelDump) {
    self.dump = dump
    var found: [UInt64: KernelRoutine] = [:]
    if let index = dump.modules.entries.firstIndex(where: { $0.identity.isKernel }),
      let base = dump.modules.entries[index].identity.base?.rawValue
    {
      for image in dump.modules.images(at: index) {
        for symbol in (try? image.exports())?.symbols ?? [] where symbol.forwarder == nil {
          if let routine = symbol.name.flatMap({ KernelRoutine.all[$0] }) {
            found[base &+ UInt64(symbol.offset)] = routine
          }
        }
      }
      // Symbols of another build would name the wrong routines.
      let kernel = dump.modules.entries[index]
      if let symbols = kernel.symbols, kernel.symbolMatch != .nameOnly {
        for (name, routine) in KernelRoutine.all {
          if let offset = symbols.offset(of: name) { found[base &+ UInt64(offset)] = routine }
        }
      }
    }
    byAddress = found
  }

  func routine(at address: UInt64) -> KernelRoutine? { byAddress[address] }

  func imported(by slot: UInt64) -> KernelRoutine? {
    guard let index = dump.modules.index(of: slot), let base = dump.modules.entries[index].identity.base?.rawValue,
      let offset = UInt32(exactly: slot &- base)
    else { return nil }
    if bySlot[index] == nil {
      var slots: [UInt32: KernelRoutine] = [:]
      for entry in dump.modules.images(at: index).flatMap({ $0.imports() })
      where ModuleIdentity(name: entry.module).isKernel {
        if let routine = entry.name.flatMap({ KernelRoutine.all[$0] }) { slots[entry.slot] = routine }
      }
      bySlot[index] = slots
    }
    return bySlot[index]?[offset]
  }

  /// The code of this dump's drivers; nil for processors whose code is not followed, and without memory.
  func source() -> CodeFlow.Source? {
    guard let space = dump.space, dump.architecture == .x86 || dump.architecture == .x64 else { return nil }
    let modules = dump.modules
    return CodeFlow.Source(
      isWide: space.pointerBytes == 8,
      code: { address, count in
        let bytes = space.memory.bytesAvailable(at: VirtualAddress(address), limit: count)
        return bytes.isEmpty ? modules.fileCode(at: address, count: count) ?? [] : bytes
      },
      load: { address, width in
        width == 8
          ? space.memory.load(at: VirtualAddress(address), as: UInt64.self)
          : space.memory.load(at: VirtualAddress(address), as: UInt32.self).map(UInt64.init)
      },
      routine: { self.routine(at: $0) }, imported: { self.imported(by: $0) },
      follows: { address in
        modules.entry(at: address).map { !$0.identity.isKernel } ?? false && modules.isCode(address)
      })
  }
}
