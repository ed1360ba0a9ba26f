/// A bugcheck's number, as KeBugCheckEx got it. Open: a number no table knows survives.
@frozen
public struct StopCode: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }

  /// Set by the kernel on variants of a stop code (public header bugcodes.h: `SYSTEM_THREAD_EXCEPTION_NOT_HANDLED_M`
  /// is 0x1000007E, `KERNEL_MODE_EXCEPTION_NOT_HANDLED_M` 0x1000008E).
  public static let variantBit: UInt32 = 0x1000_0000

  /// The documented code behind a variant: 0x1000007E → 0x0000007E. Codes whose upper half is more than the variant bit
  /// (0xC0000218, 0xDEADDEAD) are codes of their own and stay as they are.
  public var base: StopCode {
    rawValue & 0xFFFF_0000 == Self.variantBit ? StopCode(rawValue & 0x0FFF_FFFF) : self
  }

  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// Always eight digits: `0x0000000a`.
  public var description: String { hexadecimal(UInt64(rawValue), digits: 8) }
}

/// An NTSTATUS or exception code, such as 0xC0000005.
@frozen
public struct NTStatus: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public var rawValue: UInt32

  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  public static let accessViolation = NTStatus(0xC000_0005)
  public static let breakpoint = NTStatus(0x8000_0003)
  public var description: String { hexadecimal(UInt64(rawValue), digits: 8) }
}
