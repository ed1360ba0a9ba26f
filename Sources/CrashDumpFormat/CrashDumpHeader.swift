import ByteReading
import Facts

/// DUMP_HEADER (32-bit, `PAGEDUMP`) or DUMP_HEADER64 (`PAGEDU64`). Offsets: the public layouts in
/// Documentation/Formats/crash-dump.md. Fields the writer left at its fill pattern `PAGE`, and fields beyond the end of a
/// truncated file, are nil.
public struct CrashDumpHeader: Hashable, Sendable {
  public struct ExceptionRecord: Hashable, Sendable {
    public var code: NTStatus
    public var flags: UInt32
    public var address: VirtualAddress
    public var parameters: [UInt64]
  }

  public struct PhysicalRun: Hashable, Sendable {
    /// First page number and count of pages, 4 KiB each.
    public var basePage: UInt64
    public var pageCount: UInt64
  }

  public var is64Bit: Bool
  public var majorVersion: UInt32
  /// The build number (MinorVersion). 15 and 12 as major version mean free and checked builds.
  public var build: UInt32
  public var directoryTableBase: PhysicalAddress
  public var pfnDatabase: VirtualAddress
  public var psLoadedModuleList: VirtualAddress
  public var psActiveProcessHead: VirtualAddress
  public var machineType: UInt16
  public var processors: UInt32
  public var bugcheck: StopCode
  public var parameters: [UInt64]
  /// 32-bit only: whether physical address extension was on.
  public var paeEnabled: Bool?
  public var kdDebuggerDataBlock: VirtualAddress?
  /// Runs of physical memory; empty in triage dumps and where the block is not filled.
  public var physicalRuns: [PhysicalRun]
  public var exception: ExceptionRecord?
  public var comment: String?
  public var dumpType: DumpType?
  public var requiredDumpSpace: UInt64?
  public var systemTime: FileTime?
  /// 100-nanosecond units.
  public var upTime: UInt64?
  /// 1 workstation, 2 domain controller, 3 server (public header winnt.h, VER_NT_*).
  public var productType: UInt32?
  public var suiteMask: UInt32?
  public var writerStatus: UInt32?
  public var secondaryDataState: UInt32?
  /// File offset of the context record.
  public var contextOffset: Int

  public var architecture: Architecture { Architecture(machineType: machineType) }
  /// Bytes of the header's pages: what follows is type-specific.
  public var byteCount: Int { is64Bit ? 0x2000 : 0x1000 }

  public static let signatureCount = 8
  /// Up to here a header must be there to say anything: signature to the bugcheck's parameters.
  static let leastBytes32 = 0x3C
  static let leastBytes64 = 0x60
  /// `PAGE`, with which the kernel fills the header's pages before writing into them.
  static let fill: UInt32 = 0x4547_4150
  static let fill64: UInt64 = 0x4547_4150_4547_4150
  /// DUMP_HEADER's 700-byte buffer holds at most 42 64-bit runs (86 32-bit ones); more is malformed.
  static let runBufferBytes = 700

  public static func matches(_ bytes: RawSpan) -> Bool {
    bytes.starts(with: "PAGEDUMP") || bytes.starts(with: "PAGEDU64")
  }

  public init(parsing bytes: RawSpan, problems: inout [ReadError]) throws(ReadError) {
    guard Self.matches(bytes) else {
      throw ReadError(
        .malformed, reading: "Signature", at: .file(0), expected: "PAGEDUMP or PAGEDU64",
        found: describe(bytes.array(at: 0, count: min(8, bytes.byteCount)) ?? []))
    }
    is64Bit = bytes.starts(with: "PAGEDU64")
    let name = is64Bit ? "DUMP_HEADER64" : "DUMP_HEADER"
    let wide = is64Bit
    let least = wide ? Self.leastBytes64 : Self.leastBytes32
    guard bytes.byteCount >= least else {
      throw ReadError(
        .malformed, reading: "BugCheckParameters", at: .file(UInt64(bytes.byteCount)),
        expected: "at least \(least) bytes of header", found: "\(bytes.byteCount) bytes", trail: [name])
    }
    func long(_ offset: Int) throws(ReadError) -> UInt32 { try bytes.load(at: offset) }
    func pointer(_ offset32: Int, _ offset64: Int) throws(ReadError) -> UInt64 {
      wide ? try bytes.load(at: offset64, as: UInt64.self) : UInt64(try bytes.load(at: offset32, as: UInt32.self))
    }
    majorVersion = try long(0x08)
    build = try long(0x0C)
    directoryTableBase = PhysicalAddress(try pointer(0x10, 0x10))
    pfnDatabase = VirtualAddress(try pointer(0x14, 0x18))
    psLoadedModuleList = VirtualAddress(try pointer(0x18, 0x20))
    psActiveProcessHead = VirtualAddress(try pointer(0x1C, 0x28))
    let machine = try long(wide ? 0x30 : 0x20)
    machineType = UInt16(truncatingIfNeeded: machine)
    processors = try long(wide ? 0x34 : 0x24)
    bugcheck = StopCode(try long(wide ? 0x38 : 0x28))
    parameters = []
    for index in 0..<4 { parameters.append(try pointer(0x2C + 4 * index, 0x40 + 8 * index)) }

    // Everything below is optional: a file cut short keeps what stands before the cut.
    func optionalLong(_ offset: Int) -> UInt32? {
      bytes.loadIfPresent(at: offset, as: UInt32.self).flatMap { $0 == Self.fill ? nil : $0 }
    }
    func optionalWide(_ offset: Int) -> UInt64? {
      bytes.loadIfPresent(at: offset, as: UInt64.self).flatMap { $0 == Self.fill64 ? nil : $0 }
    }
    paeEnabled = wide ? nil : bytes.loadIfPresent(at: 0x5C, as: UInt8.self).flatMap { $0 <= 1 ? $0 == 1 : nil }
    let block = wide ? optionalWide(0x80) : optionalLong(0x60).map(UInt64.init)
    kdDebuggerDataBlock = block.flatMap { $0 == 0 ? nil : VirtualAddress($0) }
    contextOffset = wide ? 0x348 : 0x320
    dumpType = bytes.loadIfPresent(at: wide ? 0xF98 : 0xF88, as: UInt32.self)
      .flatMap { $0 == Self.fill ? nil : DumpType(rawValue: $0) }
    requiredDumpSpace = optionalWide(0xFA0)
    systemTime = optionalWide(wide ? 0xFA8 : 0xFC0).map(FileTime.init(rawValue:))
    upTime = optionalWide(wide ? 0x1030 : 0xFB8)
    secondaryDataState = optionalLong(wide ? 0x103C : 0xF90)
    productType = optionalLong(wide ? 0x1040 : 0xF94)
    suiteMask = optionalLong(wide ? 0x1044 : 0xF98)
    writerStatus = optionalLong(wide ? 0x1048 : 0xF9C)
    comment = Self.comment(bytes, at: wide ? 0xFB0 : 0x820)
    exception = Self.exceptionRecord(bytes, at: wide ? 0xF00 : 0x7D0, wide: wide)
    physicalRuns = []
    do {
      physicalRuns = try Self.physicalRuns(bytes, at: wide ? 0x88 : 0x64, wide: wide)
    } catch {
      var error = error
      error.trail = [name, "PhysicalMemoryBlock"]
      problems.append(error)
    }
    if bytes.byteCount < byteCount {
      problems.append(
        ReadError(
          .malformed, reading: "header", at: .file(UInt64(bytes.byteCount)), expected: "\(byteCount) bytes",
          found: "the end of the file", trail: [name]))
    }
  }

  /// What a memory image without a header says of its machine: the other fields are absent, the stop code is zero.
  public init(
    imageOf machineType: UInt16, is64Bit: Bool, build: UInt32, processors: UInt32, directoryTableBase: PhysicalAddress
  ) {
    self.is64Bit = is64Bit
    majorVersion = 15
    self.build = build
    self.directoryTableBase = directoryTableBase
    pfnDatabase = VirtualAddress(0)
    psLoadedModuleList = VirtualAddress(0)
    psActiveProcessHead = VirtualAddress(0)
    self.machineType = machineType
    self.processors = processors
    bugcheck = StopCode(0)
    parameters = [0, 0, 0, 0]
    physicalRuns = []
    contextOffset = 0
  }

  private static func comment(_ bytes: RawSpan, at offset: Int) -> String? {
    guard let raw = bytes.array(at: offset, count: 128) else { return nil }
    // The kernel writes no comment: the field keeps the fill pattern.
    guard !raw.starts(with: Array("PAGEPAGE".utf8)) else { return nil }
    let text = raw.prefix { $0 != 0 }
    guard !text.isEmpty, text.allSatisfy({ $0 >= 0x20 || $0 == 9 }) else { return nil }
    return decodeWindows1252(text)
  }

  private static func exceptionRecord(_ bytes: RawSpan, at offset: Int, wide: Bool) -> ExceptionRecord? {
    // EXCEPTION_RECORD64: code, flags, record, address, count, padding, 15 parameters; the 32-bit one has no padding.
    guard let code = bytes.loadIfPresent(at: offset, as: UInt32.self), code != fill, code != 0,
      let flags = bytes.loadIfPresent(at: offset + 4, as: UInt32.self),
      let count = bytes.loadIfPresent(at: offset + (wide ? 24 : 16), as: UInt32.self)
    else { return nil }
    let address =
      wide
      ? bytes.loadIfPresent(at: offset + 16, as: UInt64.self)
      : bytes.loadIfPresent(at: offset + 12, as: UInt32.self).map(UInt64.init)
    guard let address else { return nil }
    var parameters: [UInt64] = []
    for index in 0..<min(Int(count), 15) {
      let value =
        wide
        ? bytes.loadIfPresent(at: offset + 32 + 8 * index, as: UInt64.self)
        : bytes.loadIfPresent(at: offset + 20 + 4 * index, as: UInt32.self).map(UInt64.init)
      if let value { parameters.append(value) }
    }
    return ExceptionRecord(
      code: NTStatus(code), flags: flags, address: VirtualAddress(address), parameters: parameters)
  }

  private static func physicalRuns(
    _ bytes: RawSpan, at offset: Int, wide: Bool
  ) throws(ReadError) -> [PhysicalRun] {
    guard let count = bytes.loadIfPresent(at: offset, as: UInt32.self), count != fill, count != 0 else { return [] }
    let entry = wide ? 16 : 8
    let head = wide ? 16 : 8
    guard Int(count) <= (runBufferBytes - head) / entry else {
      throw ReadError(
        .malformed, reading: "NumberOfRuns", at: .file(UInt64(offset)),
        expected: "at most \((runBufferBytes - head) / entry)", found: "\(count)")
    }
    var runs: [PhysicalRun] = []
    for index in 0..<Int(count) {
      let at = offset + head + entry * index
      let base: UInt64
      let pages: UInt64
      if wide {
        base = try bytes.load(at: at, as: UInt64.self, reading: "Run[\(index)].BasePage")
        pages = try bytes.load(at: at + 8, as: UInt64.self, reading: "Run[\(index)].PageCount")
      } else {
        base = UInt64(try bytes.load(at: at, as: UInt32.self, reading: "Run[\(index)].BasePage"))
        pages = UInt64(try bytes.load(at: at + 4, as: UInt32.self, reading: "Run[\(index)].PageCount"))
      }
      // 2^40 pages are 4 PiB, more than any x64 processor addresses.
      guard base < 1 << 40, pages < 1 << 40 else {
        throw ReadError(
          .malformed, reading: "Run[\(index)]", at: .file(UInt64(at)), expected: "page numbers below 2^40",
          found: "\(hexadecimal(base)), \(hexadecimal(pages)) pages")
      }
      runs.append(PhysicalRun(basePage: base, pageCount: pages))
    }
    return runs
  }
}

/// Bytes for an error message: printable ones as text, else hexadecimal.
func describe(_ bytes: [UInt8]) -> String {
  if bytes.isEmpty { return "nothing" }
  if bytes.allSatisfy({ (0x20...0x7E).contains($0) }) { return "\"" + String(decoding: bytes, as: UTF8.self) + "\"" }
  return bytes.map { hexadecimal(UInt64($0), digits: 2).dropFirst(2) }.joined(separator: " ")
}
