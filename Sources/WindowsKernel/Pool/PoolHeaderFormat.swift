import Facts

/// How the headers of pool blocks are packed: the first 32 bits hold the previous block's size, the pool's index, the block's
/// size and its type; the tag follows.
///
/// Source: public type _POOL_HEADER of every build from XP SP2 to 10 1809. What the type says of free and used blocks: the
/// published rules of memory-analysis tools (Volatility 2 and 3) and T. Mandt, "Kernel Pool Exploitation on Windows 7", 2011.
struct PoolHeaderFormat: Sendable {
  /// A block's sizes count units of this many bytes; headers begin at multiples of it.
  let unit: Int
  let sizeMask: UInt32
  let typeShift: UInt32
  /// Set in the type of a block that is in use.
  let inUse: UInt32
  /// Until Server 2003 the type is one more than the pool's, so that odd ones are nonpaged; later ones are the pool's own.
  let nonPagedIsOdd: Bool

  /// The last build whose kernel pool has these headers throughout: from 18362 on most of it is segment heap.
  static let lastBuild: UInt32 = 18361
  /// Layouts before XP differ and no public symbols of them are bundled.
  static let firstBuild: UInt32 = 2600

  init?(build: UInt32, pointerBytes: Int) {
    guard (Self.firstBuild...Self.lastBuild).contains(build) else { return nil }
    unit = pointerBytes == 8 ? 16 : 8
    sizeMask = pointerBytes == 8 ? 0xFF : 0x1FF
    typeShift = pointerBytes == 8 ? 24 : 25
    inUse = build < 6000 ? 4 : 2
    nonPagedIsOdd = build < 6000
  }

  @inline(__always) func previousSize(_ word: UInt32) -> Int { Int(word & sizeMask) &* unit }
  @inline(__always) func blockSize(_ word: UInt32) -> Int { Int(word >> 16 & sizeMask) &* unit }
  @inline(__always) func isLive(_ word: UInt32) -> Bool { word >> typeShift & inUse != 0 }
  @inline(__always) func isPaged(_ word: UInt32) -> Bool { (word >> typeShift & 1 != 0) != nonPagedIsOdd }

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
