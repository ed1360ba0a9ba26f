import Facts

/// How the headers of pool blocks are packed: the first 32 bits hold the previous block's size, the pool's index, the block's
/// size and its type; the tag follows.
///
/// Source: public type _POOL_HEADER of every build from XP SP2 to 10 1809. What the type says of free and used blocks: the
/// published rules of memory-analysis tools (Volatility 2 and 3) and T. Mandt, "Kernel Pool Exploitation on Windows 7", 2011.
/// Windows 2000 and NT 4.0: D. Solomon and M. Russinovich, "Inside Microsoft Windows 2000" (blocks of 32 bytes), and the public
/// type of 2195; no file confirmed them.
struct PoolHeaderFormat: Sendable {
  /// A block's sizes count units of this many bytes; headers begin at multiples of it.
  let unit: Int
  let sizeMask: UInt32
  let sizeShift: UInt32
  let typeShift: UInt32
  let typeMask: UInt32
  /// Set in the type of a block that is in use.
  let inUse: UInt32
  /// Until Server 2003 the type is one more than the pool's, so that odd ones are nonpaged; later ones are the pool's own.
  let nonPagedIsOdd: Bool

  /// The last build whose kernel pool has these headers throughout: from 18362 on most of it is segment heap.
  static let lastBuild: UInt32 = 18361
  /// NT 4.0; what came before is not known.
  static let firstBuild: UInt32 = 1381
  /// Headers of earlier builds rest on descriptions alone.
  static let firstConfirmedBuild: UInt32 = 2600
  /// In the type: the block is charged to a process's quota.
  static let charged: UInt32 = 8

  /// False where no public symbols show the header.
  let isConfirmed: Bool
  /// On x86 the process may stand in the tag's place, where tagging is off.
  let mayHoldProcess: Bool

  init?(build: UInt32, pointerBytes: Int) {
    guard (Self.firstBuild...Self.lastBuild).contains(build) else { return nil }
    isConfirmed = build >= Self.firstConfirmedBuild
    mayHoldProcess = pointerBytes == 4
    nonPagedIsOdd = build < 6000
    guard isConfirmed else {
      // Four bytes: previous size, index, type, size. A free block's type is 0.
      guard pointerBytes == 4 else { return nil }
      unit = 32
      sizeMask = 0xFF
      sizeShift = 24
      typeShift = 16
      typeMask = 0xFF
      inUse = 0xFF
      return
    }
    unit = pointerBytes == 8 ? 16 : 8
    sizeMask = pointerBytes == 8 ? 0xFF : 0x1FF
    sizeShift = 16
    typeShift = pointerBytes == 8 ? 24 : 25
    typeMask = .max
    inUse = build < 6000 ? 4 : 2
  }

  @inline(__always) func previousSize(_ word: UInt32) -> Int { Int(word & sizeMask) &* unit }
  @inline(__always) func blockSize(_ word: UInt32) -> Int { Int(word >> sizeShift & sizeMask) &* unit }
  @inline(__always) func isLive(_ word: UInt32) -> Bool { word >> typeShift & typeMask & inUse != 0 }
  @inline(__always) func isCharged(_ word: UInt32) -> Bool { word >> typeShift & typeMask & Self.charged != 0 }
  @inline(__always) func isPaged(_ word: UInt32) -> Bool { (word >> typeShift & 1 != 0) != nonPagedIsOdd }

  /// Whether what stands in a tag's place is a process's address: a kernel address, as objects are aligned.
  static func isProcess(_ word: UInt32) -> Bool { word >= 0x8000_0000 && word & 7 == 0 && !isPlausible(tag: word) }

  /// PROTECTED_POOL, which is no part of the tag (public header wdm.h).
  static let protected: UInt32 = 0x8000_0000

  /// Four printable characters, or fewer and zeros; the protected bit aside.
  static func isPlausible(tag: UInt32) -> Bool {
    let tag = tag & ~protected
    guard tag != 0 else { return false }
    for shift in [0, 8, 16, 24] as [UInt32] {
      let byte = tag >> shift & 0xFF
      if byte != 0, !(0x20...0x7E).contains(byte) { return false }
    }
    return true
  }
}
