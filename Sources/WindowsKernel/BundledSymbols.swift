import Facts
import KernelLayouts
import Symbols

/// The few function names of a known build that can be told without a symbol table.
///
/// The table has a function's beginning, not its end. Each end below is the least distance to the next public symbol in seven
/// public tables (7601, 9600, 17763, 18362, 19041 twice, 22000); an address beyond it stays unnamed.
enum BundledSymbols {
  static let leastExtent: [(name: String, bytes: UInt64)] = [
    ("KeBugCheckEx", 0x130), ("KeBugCheck2", 0xC6C), ("KiBugCheckDebugBreak", 0xB0), ("KiPageFault", 0x5C0),
    ("KiBugCheckDispatch", 0x80), ("ExpWorkerThread", 0x22C), ("KiSwapContext", 0xE0), ("KeWaitForSingleObject", 0x5C0),
  ]

  /// Names the frames of a kernel whose build is known beyond doubt; others stay as they are.
  static func naming(
    _ match: KernelBuildMatch?, kernel: ModuleIdentity?
  ) -> @Sendable (StackFrame) -> StackFrame {
    guard let match, match.isUnique, let kernel, let base = kernel.base else { return { $0 } }
    return { frame in
      guard frame.symbol == nil, frame.module == kernel.name else { return frame }
      var frame = frame
      frame.symbol = function(
        at: frame.address.rawValue &- base.rawValue, of: match.build, moduleName: kernel.moduleName)
      return frame
    }
  }

  /// `Name` or `Name+0x69` for an offset from the kernel's base.
  static func function(at offset: UInt64, of build: KernelBuild, moduleName: String) -> String? {
    for (name, bytes) in leastExtent {
      guard let start = build.rva(of: name), offset >= UInt64(start) else { continue }
      let distance = offset - UInt64(start)
      if distance < bytes { return moduleName + "!" + name + (distance == 0 ? "" : "+" + hexadecimal(distance)) }
    }
    return nil
  }
}
