import CrashDumpFormat
import Facts

/// Records that the exception machinery keeps on the stack: words inside them are saved registers, not return addresses.
struct StackRecords {
  /// CONTEXT on x64 (public header winnt.h): its size, and where the fields lie that tell it from chance.
  static let contextBytes: UInt64 = 0x4D0
  private static let flags: UInt64 = 0x30
  private static let mxCsr: UInt64 = 0x34
  private static let segCs: UInt64 = 0x38
  private static let floatSaveMxCsr: UInt64 = 0x118
  /// CONTEXT_AMD64.
  private static let amd64: UInt32 = 0x0010_0000

  /// A kernel stack takes at most 72 KiB on x64 (Windows Internals, "Stacks"); data blocks may claim to go on for gigabytes.
  private static let maximumBytes: UInt64 = 0x4_0000

  let ranges: [Range<UInt64>]

  /// Every CONTEXT in a stretch of stack: 16-byte aligned, architecture bit set, the processor's SSE state stored twice alike,
  /// a code selector Windows uses.
  init(from start: UInt64, memory: any MemoryReading) {
    var found: [Range<UInt64>] = []
    var at = (start &+ 15) & ~15
    let (limit, overflow) = at.addingReportingOverflow(Self.maximumBytes + Self.contextBytes)
    guard !overflow else {
      ranges = []
      return
    }
    while at < limit - Self.contextBytes, let flags = memory.load(at: VirtualAddress(at &+ Self.flags), as: UInt32.self)
    {
      if flags & 0xFFF0_0000 & ~0xC800_0000 == Self.amd64, flags & 0xF != 0,
        let first = memory.load(at: VirtualAddress(at &+ Self.mxCsr), as: UInt32.self), first != 0, first >> 16 == 0,
        first == memory.load(at: VirtualAddress(at &+ Self.floatSaveMxCsr), as: UInt32.self),
        let cs = memory.load(at: VirtualAddress(at &+ Self.segCs), as: UInt16.self), cs == 0x10 || cs == 0x33
      {
        found.append(at..<(at + Self.contextBytes))
        at += Self.contextBytes
      } else {
        at += 16
      }
    }
    ranges = found
  }

  /// The end of the record an address lies in.
  func end(around address: UInt64) -> UInt64? { ranges.first { $0.contains(address) }?.upperBound }
}
