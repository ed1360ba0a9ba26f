import ByteReading
import Facts

/// Virtual memory that evidence holds: pieces of a triage dump, or physical pages behind page tables.
///
/// Only `locate` differs; everything else follows from it, so that analyses work on either.
public protocol MemoryReading: Sendable {
  var file: MappedFile { get }

  /// The file offset of an address and how many bytes follow it there without a gap; nil where the dump does not hold it.
  func locate(_ address: VirtualAddress) -> (offset: Int, count: Int)?
}

extension MemoryReading {
  /// Bytes at an address, over touching pieces; nil where any of them is not in the dump.
  public func bytes(at address: VirtualAddress, count: Int) -> [UInt8]? {
    guard count >= 0, address.rawValue.addingReportingOverflow(UInt64(count)).overflow == false else { return nil }
    var result: [UInt8] = []
    while result.count < count {
      let next = VirtualAddress(address.rawValue + UInt64(result.count))
      guard let found = locate(next),
        let part = file.bytes.array(at: found.offset, count: min(found.count, count - result.count))
      else { return nil }
      // Not before something was found: counts come from the dump.
      if result.isEmpty { result.reserveCapacity(min(count, 1 << 20)) }
      result += part
    }
    return result
  }

  /// As many bytes as there are from an address on, at most `limit`.
  public func bytesAvailable(at address: VirtualAddress, limit: Int) -> [UInt8] {
    var result: [UInt8] = []
    while result.count < limit {
      let (next, overflow) = address.rawValue.addingReportingOverflow(UInt64(result.count))
      guard !overflow, let found = locate(VirtualAddress(next)),
        let part = file.bytes.array(at: found.offset, count: min(found.count, limit - result.count))
      else { break }
      result += part
    }
    return result
  }

  /// A little-endian integer; nil where any of its bytes is not in the dump.
  @inlinable
  public func load<T: FixedWidthInteger & BitwiseCopyable>(
    at address: VirtualAddress, as type: T.Type = T.self
  ) -> T? {
    if let found = locate(address), found.count >= MemoryLayout<T>.size {
      return file.bytes.loadIfPresent(at: found.offset, as: T.self)
    }
    guard let bytes = bytes(at: address, count: MemoryLayout<T>.size) else { return nil }
    return bytes.reversed().reduce(into: T.zero) { $0 = $0 << 8 | T(truncatingIfNeeded: $1) }
  }

  /// A pointer of the dump's size, zero-extended.
  @inlinable
  public func loadPointer(at address: VirtualAddress, size: Int) -> UInt64? {
    size == 4 ? load(at: address, as: UInt32.self).map(UInt64.init) : load(at: address, as: UInt64.self)
  }

  /// A CONTEXT record in memory.
  public func registerContext(at address: VirtualAddress, architecture: Architecture) -> RegisterContext? {
    // The part of each record that holds the integer registers; vector registers behind it may be cut off.
    let needed = architecture == .arm64 ? 0x110 : architecture == .x86 ? 0xCC : 0x100
    guard let bytes = bytes(at: address, count: needed) else { return nil }
    return RegisterContext(bytes.span.bytes, at: 0, architecture: architecture)
  }
}
