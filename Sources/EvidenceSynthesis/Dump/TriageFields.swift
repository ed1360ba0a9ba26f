/// TRIAGE_DUMP32 (0x68 bytes, at 0x1000) and TRIAGE_DUMP64 (0x80 bytes, at 0x2000). Offsets: field order of the public
/// readers of radare2's and Ghidra's kind; the 64-bit ones checked on three real dumps.
struct TriageFields {
  let pointerWidth: Int
  var servicePackBuild: UInt32 = 0
  var sizeOfDump: UInt32 = 0
  var validOffset: UInt32 = 0
  var contextOffset: UInt32 = 0
  var exceptionOffset: UInt32 = 0
  var mmOffset: UInt32 = 0
  var unloadedDriversOffset: UInt32 = 0
  var prcbOffset: UInt32 = 0
  var processOffset: UInt32 = 0
  var threadOffset: UInt32 = 0
  var callStackOffset: UInt32 = 0
  var sizeOfCallStack: UInt32 = 0
  var driverListOffset: UInt32 = 0
  var driverCount: UInt32 = 0
  var stringPoolOffset: UInt32 = 0
  var stringPoolSize: UInt32 = 0
  var topOfStack: UInt64 = 0
  var debuggerDataOffset: UInt32 = 0
  var debuggerDataSize: UInt32 = 0
  var dataBlocksOffset: UInt32 = 0
  var dataBlocksCount: UInt32 = 0

  init(pointerWidth: Int) { self.pointerWidth = pointerWidth }

  var size: Int { pointerWidth == 4 ? 0x68 : 0x80 }

  func encoded() -> [UInt8] {
    var out = ByteBuilder(zeros: size)
    let words = [
      servicePackBuild, sizeOfDump, validOffset, contextOffset, exceptionOffset, mmOffset, unloadedDriversOffset,
      prcbOffset, processOffset, threadOffset, callStackOffset, sizeOfCallStack, driverListOffset, driverCount,
      stringPoolOffset, stringPoolSize,
    ]
    for (index, word) in words.enumerated() { out.put(word, at: 4 * index) }
    // BrokenDriverOffset (0x40) stays zero. TriageOptions is 0x41 in one real dump, all ones in two.
    out.put(0x41 as UInt32, at: 0x44)
    out.putPointer(topOfStack, width: pointerWidth, at: 0x48)
    // 64-bit: IA-64's backing store (0x50 to 0x5F) and the data page (0x60 to 0x6F) stay zero; 32-bit: the data page
    // (0x4C to 0x57).
    let debugger = [debuggerDataOffset, debuggerDataSize, dataBlocksOffset, dataBlocksCount]
    for (index, word) in debugger.enumerated() { out.put(word, at: (pointerWidth == 4 ? 0x58 : 0x70) + 4 * index) }
    return out.bytes
  }
}
