import CrashDumpFormat
import Facts

/// A copy that the failing instruction belongs to, as far as the registers tell.
struct CaughtCopy {
  /// Where the next unit is read; where it is written, where that is known.
  var source: UInt64
  var destination: UInt64?
  /// Places that may be the first behind the last byte to be read.
  var ends: ClosedRange<UInt64>
  /// The instruction's own operands say all of it; else registers that agree with the packet.
  var isStated: Bool

  /// Bytes that one turn of a compiled loop copies, at most, and that are left for the end of the copy.
  static let turnBytes: UInt64 = 64
  /// By what a counter may have to be multiplied to give bytes: units of a compiled loop.
  private static let units: [UInt64] = [1, 2, 4, 8, 16, 32, 64]
}

extension CaughtCopy {
  /// REP MOVS with its operands in the registers (Intel's manual, volume 2): count in CX, source in SI, destination in DI, upward.
  static func repeated(
    _ code: [UInt8], _ context: RegisterContext, isWide: Bool, touches: (UInt64, Int) -> Bool
  ) -> CaughtCopy? {
    guard code.count > 2, code[0] == 0xF3, context.general.count > 7, context.known & 0b1100_0010 == 0b1100_0010,
      context.flags & 0x400 == 0
    else { return nil }
    let unit: Int
    switch (code[1], code[2]) {
    case (0xA4, _): unit = 1
    case (0xA5, _): unit = 4
    case (0x48, 0xA5) where isWide: unit = 8
    default: return nil
    }
    let (left, source, destination) = (context.general[1], context.general[6], context.general[7])
    let (bytes, overflows) = left.multipliedReportingOverflow(by: UInt64(unit))
    let (end, wraps) = source.addingReportingOverflow(bytes)
    let (most, passes) = end.addingReportingOverflow(UInt64(unit) - 1)
    guard left > 0, !overflows, !wraps, !passes, touches(source, unit) || touches(destination, unit) else { return nil }
    // A copy by words leaves up to a word less one byte.
    return CaughtCopy(source: source, destination: destination, ends: end...most, isStated: true)
  }

  /// A load or store of a compiled loop that reads, or is about to read, from `beyond` up to `end`: by another register, as a
  /// counter or as the place to stop at, it is to go on to `end`.
  static func moved(
    _ move: MemoryMove, _ context: RegisterContext, beyond: UInt64, end: UInt64, isWide: Bool
  ) -> CaughtCopy? {
    let known = context.general.indices.prefix(16).filter { $0 < 32 && context.known >> UInt32($0) & 1 != 0 }
    let values = known.map { context.general[$0] }
    func isSource(_ place: UInt64) -> Bool { place >= beyond && place < end && goesOn(from: place, to: end, values) }
    if !move.isStore {
      guard isSource(move.address) else { return nil }
      return CaughtCopy(source: move.address, destination: nil, ends: end...end, isStated: false)
    }
    // Where a loop counts on one pointer alone, the source is that pointer and a register with the distance to the other.
    let mask: UInt64 = isWide ? .max : 0xFFFF_FFFF
    let sums = values.indices.flatMap { first in
      values.indices.dropFirst(first + 1).map { (values[first] &+ values[$0]) & mask }
    }
    guard let source = (values + sums).first(where: isSource) else { return nil }
    return CaughtCopy(source: source, destination: move.address, ends: end...end, isStated: false)
  }

  private static func goesOn(from source: UInt64, to end: UInt64, _ values: [UInt64]) -> Bool {
    let left = end - source
    guard left > 2 * turnBytes else { return false }
    func isNear(_ bytes: UInt64) -> Bool { bytes > left ? bytes - left < turnBytes : left - bytes < turnBytes }
    return values.contains { value in
      value > source && isNear(value - source)
        || units.contains { unit in
          let (bytes, overflows) = value.multipliedReportingOverflow(by: unit)
          return !overflows && isNear(bytes)
        }
    }
  }
}
