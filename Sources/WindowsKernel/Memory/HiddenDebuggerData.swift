import CrashDumpFormat
import Facts
import Symbols

/// The debugger data block as x64 kernels from Windows 8 on keep it while they run: each 8 bytes hidden by themselves. A
/// stop uncovers it before the dump is written, so that only images of running machines have it hidden.
///
/// How it is undone is public knowledge of memory analysis (Volatility 2's `win8_kdbg`): it takes two random words of the
/// kernel and the address of the flag that says so, which symbols give.
enum HiddenDebuggerData {
  /// More than any build's block has.
  private static let limit = 0x400

  static func read(_ memory: VirtualMemory, kernelBase: UInt64, symbols: SymbolTable) -> DebuggerData? {
    func place(_ name: String) -> VirtualAddress? {
      symbols.offset(of: name).map { VirtualAddress(kernelBase &+ UInt64($0)) }
    }
    guard let block = place("KdDebuggerDataBlock"), let flag = place("KdpDataBlockEncoded"),
      let always = place("KiWaitAlways").flatMap({ memory.load(at: $0, as: UInt64.self) }),
      let never = place("KiWaitNever").flatMap({ memory.load(at: $0, as: UInt64.self) })
    else { return nil }
    let hidden = memory.bytesAvailable(at: block, limit: limit)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(hidden.count)
    let turn = never & 0x3F
    for start in stride(from: 0, to: hidden.count - 7, by: 8) {
      var word: UInt64 = 0
      for index in 0..<8 { word |= UInt64(hidden[start + index]) << UInt64(8 * index) }
      word ^= never
      word = turn == 0 ? word : word << turn | word >> (64 - turn)
      word = (word ^ (flag.rawValue | 0xFFFF_0000_0000_0000)).byteSwapped ^ always
      for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(8 * index))) }
    }
    return try? DebuggerData(parsing: bytes.span.bytes, at: 0, available: bytes.count)
  }
}
