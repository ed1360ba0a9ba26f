/// How to read one parameter of a stop.
public enum StopParameterRule: String, Hashable, Sendable, CaseIterable {
  /// Not used, or reserved.
  case unused
  /// A number without a reading of its own.
  case value
  case count
  /// A number with a list of meanings: `StopParameter.meanings`.
  case enumeration = "enum"
  /// An address in code: module and offset say more than the number.
  case codeAddress = "address:code"
  case dataAddress = "address:data"
  case irql
  /// What was tried; the numbers differ by stop code: `StopParameter.access(_:)`.
  case access
  /// An NTSTATUS or exception code, sign-extended on 64-bit systems.
  case ntstatus
  case exceptionRecord = "exception-record"
  case contextRecord = "context-record"
  case trapFrame = "trap-frame"
  case poolTag = "pool-tag"
  case poolType = "pool-type"
  /// A number of bytes.
  case poolSize = "pool-size"
  case irp = "pointer:irp"
  case device = "pointer:device"
  case driver = "pointer:driver"
  case thread = "pointer:thread"
  case process = "pointer:process"
  case mdl = "pointer:mdl"
  case pool = "pointer:pool"
  case object = "pointer:object"
  case prcb = "pointer:prcb"
  case wheaRecord = "pointer:whea-record"
  case unicodeString = "pointer:unicode-string"
  case asciiString = "pointer:ascii-string"
  /// A structure of another kind.
  case structure = "pointer:structure"
}

/// What a parameter is to the failure, whichever parameter it is for this stop code.
public enum StopParameterRole: String, Hashable, Sendable, CaseIterable {
  /// The real exception behind the stop.
  case exceptionCode = "exception-code"
  /// The instruction that failed.
  case instruction
  /// The address it touched.
  case referenced
  case access
  case irql
  case exceptionRecord = "exception-record"
  case contextRecord = "context-record"
  case trapFrame = "trap-frame"
  case thread, process, irp, device
  /// A UNICODE_STRING with the driver's name.
  case driverName = "driver-name"
  case poolTag = "pool-tag"
  case prcb
  case processor
}

/// What an instruction tried to do with an address.
public enum MemoryAccess: String, Hashable, Sendable, CaseIterable {
  case read, write, execute
}

/// One of a stop's four parameters.
public struct StopParameter: Hashable, Sendable {
  /// 1 to 4.
  public let index: Int
  public let rule: StopParameterRule
  public let role: StopParameterRole?
  /// What it holds, in a few words of ours; empty when it is not used.
  public let text: String
  /// Meanings of single numbers.
  public internal(set) var meanings: [UInt64: String]

  /// The meaning of this value; nil when the value is not listed.
  public func meaning(of value: UInt64) -> String? { meanings[value] ?? meanings[value & 0xFFFF_FFFF] }

  /// What was tried, for a parameter whose rule is `access`.
  public func access(_ value: UInt64) -> MemoryAccess? {
    rule == .access ? meaning(of: value).flatMap(MemoryAccess.init(rawValue:)) : nil
  }
}
