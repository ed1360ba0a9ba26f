import ByteReading
import Facts

/// How to leave a stretch of x64 code: UNWIND_INFO (learn.microsoft.com/cpp/build/exception-handling-x64). Version 2's epilogue
/// codes are as LLVM writes and prints them (llvm/lib/MC/MCWin64EH.cpp, "UNWIND v2").
public struct X64UnwindInfo: Hashable, Sendable {
  @frozen
  public enum Operation: Hashable, Sendable {
    /// Registers by their encoding: 0 RAX, 1 RCX, 2 RDX, 3 RBX, 4 RSP, 5 RBP, 6 RSI, 7 RDI, 8…15.
    case pushNonvolatile(Int)
    case allocate(UInt32)
    case setFrameRegister
    case saveNonvolatile(Int, offset: UInt32)
    /// XMM registers do not matter to a walk; they are read so that what follows is found.
    case saveXMM128(Int, offset: UInt32)
    case pushMachineFrame(errorCode: Bool)
    /// Codes 6 and 7 of version 1, whose meaning was never published for x64 images.
    case unused(UInt8)
  }

  public struct Code: Hashable, Sendable {
    /// Bytes from the function's beginning to behind the instruction that does this.
    public var prologueOffset: UInt8
    public var operation: Operation
  }

  public struct Flags: OptionSet, Hashable, Sendable {
    public var rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let exceptionHandler = Flags(rawValue: 1)
    public static let terminationHandler = Flags(rawValue: 2)
    public static let chained = Flags(rawValue: 4)
  }

  public var version: UInt8
  public var flags: Flags
  public var prologueSize: UInt8
  /// nil where the function keeps no frame pointer.
  public var frameRegister: Int?
  /// Bytes from RSP to what the frame register holds.
  public var frameOffset: UInt32
  /// In the resource's order: the prologue's last instruction first.
  public var codes: [Code]
  /// Version 2: bytes from an epilogue's first pop to behind its return, and where epilogues begin, in bytes before the function's end.
  public var epilogueSize: UInt32 = 0
  public var epilogues: [UInt32] = []
  /// The entry this one continues.
  public var chained: RuntimeFunction?
  /// The exception handler, relative to the base.
  public var handler: UInt32?

  /// Throws where the memory is not there or the version is none of 1 and 2.
  public init(at offset: UInt32, in image: PEImage) throws(ReadError) {
    func failure(_ kind: Absence, _ reading: String, _ expected: String, _ found: String) -> ReadError {
      var error = image.missing(reading, at: offset, expected)
      error.kind = kind
      error.found = found
      error.trail.append("UNWIND_INFO")
      return error
    }
    guard let head = image.bytes(at: offset, count: 4) else {
      throw image.missing("UNWIND_INFO", at: offset, "4 bytes")
    }
    version = head[0] & 7
    guard version == 1 || version == 2 else {
      throw failure(version == 3 ? .unsupported : .malformed, "Version", "1 or 2", String(version))
    }
    flags = Flags(rawValue: head[0] >> 3)
    prologueSize = head[1]
    frameRegister = head[3] & 15 == 0 ? nil : Int(head[3] & 15)
    frameOffset = UInt32(head[3] >> 4) * 16
    let count = Int(head[2])
    // Codes, one more where their count is odd, then the handler or the entry that is continued.
    let padded = (count + 1) & ~1
    let rest = flags.contains(.chained) ? 12 : flags.isDisjoint(with: [.exceptionHandler, .terminationHandler]) ? 0 : 4
    let (start, overflow) = offset.addingReportingOverflow(4)
    guard !overflow, let bytes = image.bytes(at: start, count: 2 * padded + rest) else {
      throw image.missing("UNWIND_CODE", at: start, "\(2 * padded + rest) bytes")
    }
    codes = []
    codes.reserveCapacity(count)
    let span = bytes.span.bytes
    func slot(_ index: Int) -> UInt32 { UInt32(span.loadIfPresent(at: 2 * index, as: UInt16.self) ?? 0) }
    var index = 0
    while index < count {
      let place = bytes[2 * index]
      let code = bytes[2 * index + 1] & 15
      let info = bytes[2 * index + 1] >> 4
      let slots = Self.slots(code, info, version: version)
      guard index + slots <= count else {
        throw failure(.malformed, "UNWIND_CODE[\(index)]", "\(slots) slots", "\(count - index)")
      }
      let wide = slots == 3 ? slot(index + 1) | slot(index + 2) << 16 : 0
      let operation: Operation
      switch code {
      case 0: operation = .pushNonvolatile(Int(info))
      case 1: operation = .allocate(slots == 3 ? wide : slot(index + 1) * 8)
      case 2: operation = .allocate(UInt32(info) * 8 + 8)
      case 3: operation = .setFrameRegister
      case 4: operation = .saveNonvolatile(Int(info), offset: slot(index + 1) * 8)
      case 5: operation = .saveNonvolatile(Int(info), offset: wide)
      case 6 where version == 2:
        epilogue(place, info)
        index += 1
        continue
      case 6, 7: operation = .unused(code)
      case 8: operation = .saveXMM128(Int(info), offset: slot(index + 1) * 16)
      case 9: operation = .saveXMM128(Int(info), offset: wide)
      case 10: operation = .pushMachineFrame(errorCode: info == 1)
      default: throw failure(.malformed, "UNWIND_CODE[\(index)]", "an operation of 0 to 10", String(code))
      }
      codes.append(Code(prologueOffset: place, operation: operation))
      index += slots
    }
    if rest == 12 {
      func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: 2 * padded + at, as: UInt32.self) ?? 0 }
      chained = RuntimeFunction(begin: word(0), end: word(4), unwindInfo: word(8) & ~1)
    } else if rest == 4 {
      handler = span.loadIfPresent(at: 2 * padded, as: UInt32.self)
    }
  }

  /// The first of version 2's epilogue codes gives the size and whether one epilogue ends the function; each other one gives a
  /// distance from the function's end, and zero is padding.
  private mutating func epilogue(_ place: UInt8, _ info: UInt8) {
    if epilogueSize == 0 {
      epilogueSize = UInt32(place)
      if info & 1 != 0 { epilogues.append(epilogueSize) }
    } else {
      let distance = UInt32(place) | UInt32(info) << 8
      if distance != 0 { epilogues.append(distance) }
    }
  }

  private static func slots(_ code: UInt8, _ info: UInt8, version: UInt8) -> Int {
    switch code {
    case 1: info == 0 ? 2 : 3
    case 4, 8: 2
    case 5, 9: 3
    case 6: version == 2 ? 1 : 2
    case 7: 3
    default: 1
    }
  }
}
