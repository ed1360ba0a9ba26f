import ByteReading
import Facts

/// An entry of an ARM64 image's exception directory, with how to leave the function
/// (learn.microsoft.com/cpp/build/arm64-exception-handling).
public struct ARM64Function: Hashable, Sendable {
  @frozen
  public enum Form: Hashable, Sendable {
    /// A record in `.xdata`, relative to the base.
    case record(UInt32)
    /// All in the entry's second word: one prologue and its mirror image.
    case packed
    /// The same of a stretch of code without prologue and epilogue of its own.
    case packedFragment
  }

  public struct Epilogue: Hashable, Sendable {
    /// Bytes from the function's beginning.
    public var offset: UInt32
    /// Its first instruction first.
    public var codes: [ARM64UnwindCode]
  }

  public var begin: UInt32
  /// Bytes of code.
  public var length: UInt32
  public var form: Form
  /// The prologue's last instruction first, up to `end`.
  public var prologue: [ARM64UnwindCode]
  /// Of records only; a packed entry's epilogue mirrors its prologue.
  public var epilogues: [Epilogue]
  public var handler: UInt32?

  public func contains(_ offset: UInt32) -> Bool { offset >= begin && offset - begin < length }
}

/// The exception directory of an ARM64 image.
public struct ARM64FunctionTable: Sendable {
  /// As many epilogues as are read of one function; the format allows 65,535.
  static let maximumEpilogues = 4096
  /// Codes of all its epilogues together, which may share theirs.
  static let maximumCodes = 1 << 16

  public let count: Int
  let image: PEImage
  let offset: UInt32

  init?(_ image: PEImage) {
    guard image.header.architecture == .arm64,
      let directory = image.header.directory(ImageHeader.DirectoryIndex.exception)
    else { return nil }
    self.image = image
    offset = directory.offset
    count = Int(directory.size / 8)
  }

  private func words(_ index: Int) throws(ReadError) -> (begin: UInt32, data: UInt32) {
    let (at, overflow) = offset.addingReportingOverflow(UInt32(truncatingIfNeeded: 8 * index))
    guard !overflow, index >= 0, index < count, at <= .max - 4, let begin = image.load32(at: at),
      let data = image.load32(at: at + 4)
    else { throw image.missing("RUNTIME_FUNCTION[\(index)]", at: at, "8 bytes") }
    return (begin, data)
  }

  public func entry(_ index: Int) throws(ReadError) -> ARM64Function {
    let (begin, data) = try words(index)
    switch data & 3 {
    case 0: return try record(at: data, begin: begin)
    case 1, 2:
      return ARM64Function(
        begin: begin, length: (data >> 2 & 0x7FF) * 4, form: data & 3 == 1 ? .packed : .packedFragment,
        prologue: ARM64PackedUnwind(data).codes, epilogues: [])
    default:
      var error = image.missing("RUNTIME_FUNCTION[\(index)]", at: begin, "a flag of 0, 1 or 2")
      error.kind = .unsupported
      error.found = "3"
      throw error
    }
  }

  /// The entry that covers an address; nil where none does.
  public func lookup(_ target: UInt32) throws(ReadError) -> ARM64Function? {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if try words(middle).begin <= target { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let found = try entry(low - 1)
    return found.contains(target) ? found : nil
  }

  private func record(at offset: UInt32, begin: UInt32) throws(ReadError) -> ARM64Function {
    func word(_ index: UInt32) throws(ReadError) -> UInt32 {
      let (at, overflow) = offset.addingReportingOverflow(4 * index)
      guard !overflow, let value = image.load32(at: at) else {
        throw image.missing(".xdata record", at: offset, "\(4 * index + 4) bytes")
      }
      return value
    }
    let head = try word(0)
    guard head >> 18 & 3 == 0 else {
      var error = image.missing(".xdata Vers", at: offset, "0")
      error.kind = .unsupported
      error.found = String(head >> 18 & 3)
      throw error
    }
    var next: UInt32 = 1
    var epilogueCount = head >> 22 & 0x1F
    var codeWords = head >> 27
    if epilogueCount == 0, codeWords == 0 {
      let more = try word(1)
      next = 2
      epilogueCount = more & 0xFFFF
      codeWords = more >> 16 & 0xFF
    }
    // With E set the count is the place in the codes where the only epilogue, at the function's end, begins.
    let single = head >> 21 & 1 == 1
    var scopes: [(offset: UInt32?, index: Int)] = single ? [(nil, Int(epilogueCount))] : []
    if !single {
      for index in 0..<epilogueCount {
        guard index < Self.maximumEpilogues else { break }
        let scope = try word(next + index)
        scopes.append(((scope & 0x3FFFF) * 4, Int(scope >> 22)))
      }
      next += epilogueCount
    }
    let (at, overflow) = offset.addingReportingOverflow(4 * next)
    guard !overflow, let bytes = image.bytes(at: at, count: 4 * Int(codeWords)) else {
      throw image.missing(".xdata unwind codes", at: at, "\(4 * codeWords) bytes")
    }
    let length = (head & 0x3FFFF) * 4
    var lists: [Int: [ARM64UnwindCode]] = [:]
    var total = 0
    var epilogues: [ARM64Function.Epilogue] = []
    for scope in scopes where total < Self.maximumCodes {
      let codes = lists[scope.index] ?? (scope.index < bytes.count ? ARM64UnwindCode.list(bytes[scope.index...]) : [])
      if lists.updateValue(codes, forKey: scope.index) == nil { total += codes.count }
      // Each code but `end` is one instruction, `end` the return.
      let size = UInt32(codes.count) * 4
      epilogues.append(
        ARM64Function.Epilogue(offset: scope.offset ?? (length > size ? length - size : 0), codes: codes))
    }
    return ARM64Function(
      begin: begin, length: length, form: .record(offset), prologue: ARM64UnwindCode.list(bytes[...]),
      epilogues: epilogues, handler: head >> 20 & 1 == 1 ? try word(next + codeWords) : nil)
  }
}

/// The second word of an entry that describes a whole function: its fields stand for a fixed sequence of instructions (same source,
/// "Packed unwind data", the table of canonical prologues).
struct ARM64PackedUnwind {
  /// d8 to d(8 + RegF), when not zero.
  var floatingRegisters: UInt32
  /// x19 to x(18 + RegI).
  var integerRegisters: UInt32
  /// Stores the eight parameter registers.
  var homesParameters: Bool
  /// 0 no frame, 1 return address stored, 2 frame with signed return address, 3 frame.
  var chain: UInt32
  /// Bytes of the whole frame.
  var frameSize: UInt32

  init(_ word: UInt32) {
    floatingRegisters = word >> 13 & 7
    integerRegisters = word >> 16 & 15
    homesParameters = word >> 20 & 1 == 1
    chain = word >> 21 & 3
    frameSize = (word >> 23) * 16
  }

  /// Last instruction first, `end` behind.
  var codes: [ARM64UnwindCode] {
    var steps: [ARM64UnwindCode] = []
    let integers = integerRegisters * 8 + (chain == 1 ? 8 : 0)
    let floats = floatingRegisters == 0 ? 0 : floatingRegisters * 8 + 8
    let saved = (integers + floats + (homesParameters ? 64 : 0) + 15) & ~15
    let locals = frameSize > saved ? frameSize - saved : 0
    if chain == 2 { steps.append(.signReturnAddress) }
    // The first store moves the stack pointer down by all that is saved.
    var offset: UInt32 = 0
    func store(_ first: ARM64UnwindCode.Register, _ second: ARM64UnwindCode.Register?) {
      var isFirst = offset == 0
      // One register with the return address has no code that moves the stack pointer too: a subtraction stands before it.
      if isFirst, second == .x(30) {
        steps.append(.allocate(saved))
        isFirst = false
      }
      let place = isFirst ? saved : offset
      steps.append(
        second.map { .savePair(first, $0, offset: place, preIndexed: isFirst) }
          ?? .saveRegister(first, offset: place, preIndexed: isFirst))
      offset += second == nil ? 8 : 16
    }
    var number: UInt32 = 0
    while number < integerRegisters {
      let register = ARM64UnwindCode.Register.x(UInt8(19 + number))
      if number + 1 < integerRegisters {
        store(register, .x(UInt8(20 + number)))
      } else {
        store(register, chain == 1 ? .x(30) : nil)
      }
      number += 2
    }
    if chain == 1, integerRegisters % 2 == 0 { store(.x(30), nil) }
    if floatingRegisters > 0 {
      var number: UInt32 = 0
      while number <= floatingRegisters {
        store(.d(UInt8(8 + number)), number + 1 <= floatingRegisters ? .d(UInt8(9 + number)) : nil)
        number += 2
      }
    }
    if homesParameters {
      // Four stores of parameters, of which the first moves the stack pointer where nothing else did.
      if offset == 0 { steps.append(.allocate(saved)) } else { steps.append(.nop) }
      for _ in 0..<3 { steps.append(.nop) }
    }
    if chain >= 2 {
      if locals <= 512 {
        steps.append(.savePair(.x(29), .x(30), offset: locals, preIndexed: true))
      } else {
        allocate(locals, &steps)
        steps.append(.savePair(.x(29), .x(30), offset: 0, preIndexed: false))
      }
      steps.append(.setFrame(0))
    } else if locals > 0 {
      allocate(locals, &steps)
    }
    return steps.reversed() + [.end]
  }

  private func allocate(_ bytes: UInt32, _ steps: inout [ARM64UnwindCode]) {
    if bytes > 4080 {
      steps.append(.allocate(4080))
      steps.append(.allocate(bytes - 4080))
    } else {
      steps.append(.allocate(bytes))
    }
  }
}

extension PEImage {
  /// The exception directory of an ARM64 image; nil for other machines and images without one.
  public var arm64FunctionTable: ARM64FunctionTable? { ARM64FunctionTable(self) }
}
