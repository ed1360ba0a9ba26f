import ByteReading
import CrashDumpFormat
import Facts

/// A block of pool behind which blocks stop leading to each other: what somebody does who writes past the block's end.
public struct DamagedNeighbour: Hashable, Sendable {
  /// Of the block's header, its tag, and its bytes with the header.
  public var block: VirtualAddress
  public var tag: PoolTag
  public var bytes: Int
  /// Of the header that no longer makes sense.
  public var broken: VirtualAddress
  /// The next block of the page that can be believed, and its tag.
  public var resumes: VirtualAddress?
  public var tagAfter: PoolTag?
}

extension KernelDump {
  /// The block around an address, where the block behind it is damaged; nil where the page is not in the dump, is no pool, or is whole
  /// behind the block.
  func damagedNeighbour(of address: UInt64) -> DamagedNeighbour? {
    guard let space, let memory,
      let format = PoolHeaderFormat(build: space.build, pointerBytes: space.pointerBytes), format.isConfirmed
    else { return nil }
    let base = address & ~UInt64(PoolPage.bytes - 1)
    guard let bytes = memory.bytes(at: VirtualAddress(base), count: PoolPage.bytes) else { return nil }
    let page = PoolPage(format: format)
    guard let found = page.damage(behind: Int(address - base), in: bytes.span.bytes) else { return nil }
    return DamagedNeighbour(
      block: VirtualAddress(base + UInt64(found.damage.before)), tag: found.damage.tagBefore, bytes: found.bytes,
      broken: VirtualAddress(base + UInt64(found.damage.before + found.bytes)),
      resumes: found.damage.after.map { VirtualAddress(base + UInt64($0)) }, tagAfter: found.damage.tagAfter)
  }
}
