import ByteReading
import Facts

/// TRIAGE_DUMP32 or TRIAGE_DUMP64 and what it points to: the "small memory dump". Layout:
/// Documentation/Formats/triage-dump.md. A part that cannot be read is left out and stands in `problems`; the rest goes on.
public struct TriageDump: Sendable {
  public struct Driver: Hashable, Sendable {
    /// As the string pool has it: usually a full path.
    public var path: String
    public var base: VirtualAddress
    public var size: UInt32
    public var entryPoint: VirtualAddress
    public var checksum: UInt32
    public var timestamp: UInt32

    /// The path's last component.
    public var name: String {
      path.lastIndex(where: { $0 == "\\" || $0 == "/" }).map { String(path[path.index(after: $0)...]) } ?? path
    }
  }

  public struct UnloadedDriver: Hashable, Sendable {
    /// At most 12 characters: the field's size.
    public var name: String
    public var start: VirtualAddress
    public var end: VirtualAddress

    public init(name: String, start: VirtualAddress, end: VirtualAddress) {
      self.name = name
      self.start = start
      self.end = end
    }
  }

  /// A region of the file, checked to lie inside it.
  public struct Region: Hashable, Sendable {
    public var offset: Int
    public var count: Int
  }

  /// CmNtCSDVersion: service pack in the second byte (0x0200: Service Pack 2).
  /// nil where the kernel left its fill pattern.
  public var servicePackBuild: UInt32?
  public var sizeOfDump: UInt32
  public var triageOptions: UInt32
  public var contextOffset: Int
  public var exceptionOffset: Int
  public var topOfStack: VirtualAddress
  public var callStack: Region?
  public var prcb: Region?
  public var process: Region?
  public var thread: Region?
  public var debuggerData: DebuggerData?
  public var drivers: [Driver] = []
  /// False where drivers were cut or unreadable, so that a driver's absence means nothing.
  public var driversAreComplete = false
  /// Name of the driver the kernel itself blamed, where BrokenDriverOffset is set.
  public var brokenDriver: String?
  public var unloadedDrivers: [UnloadedDriver] = []
  public var memory: DumpMemory
  public var secondaryData: [SecondaryDataBlock] = []

  /// More loaded drivers than any machine has: real dumps here have 151 to 245.
  public static let maximumDrivers = 4096
  /// MmUnloadedDrivers keeps the last 50.
  public static let maximumUnloadedDrivers = 64
  public static let maximumDataBlocks = 1 << 20
  public static let maximumNameUnits = 1024

  public init(
    parsing file: MappedFile, header: CrashDumpHeader, problems: inout [ReadError]
  ) throws(ReadError) {
    let bytes = file.bytes
    let wide = header.is64Bit
    let base = header.byteCount
    let name = wide ? "TRIAGE_DUMP64" : "TRIAGE_DUMP32"
    func long(_ offset: Int, _ field: String) throws(ReadError) -> UInt32 {
      try ReadError.within(name) { () throws(ReadError) in try bytes.load(at: base + offset, reading: field) }
    }
    let packWord = try long(0x00, "ServicePackBuild")
    servicePackBuild = packWord == CrashDumpHeader.fill ? nil : packWord
    sizeOfDump = try long(0x04, "SizeOfDump")
    let validOffset = Int(try long(0x08, "ValidOffset"))
    contextOffset = Int(try long(0x0C, "ContextOffset"))
    exceptionOffset = Int(try long(0x10, "ExceptionOffset"))
    let unloadedOffset = Int(try long(0x18, "UnloadedDriversOffset"))
    let prcbOffset = Int(try long(0x1C, "PrcbOffset"))
    let processOffset = Int(try long(0x20, "ProcessOffset"))
    let threadOffset = Int(try long(0x24, "ThreadOffset"))
    let stackOffset = Int(try long(0x28, "CallStackOffset"))
    let stackCount = Int(try long(0x2C, "SizeOfCallStack"))
    let driverOffset = Int(try long(0x30, "DriverListOffset"))
    let driverCount = Int(try long(0x34, "DriverCount"))
    let stringOffset = Int(try long(0x38, "StringPoolOffset"))
    let stringCount = Int(try long(0x3C, "StringPoolSize"))
    let brokenOffset = Int(try long(0x40, "BrokenDriverOffset"))
    triageOptions = try long(0x44, "TriageOptions")
    let pageAddress: UInt64
    let tail: Int
    if wide {
      topOfStack = VirtualAddress(
        try ReadError.within(name) { () throws(ReadError) in
          try bytes.load(at: base + 0x48, as: UInt64.self, reading: "TopOfStack")
        })
      // 0x50 to 0x5F hold the IA-64 backing store.
      pageAddress = bytes.loadIfPresent(at: base + 0x60, as: UInt64.self) ?? 0
      tail = 0x68
    } else {
      topOfStack = VirtualAddress(UInt64(try long(0x48, "TopOfStack")))
      pageAddress = UInt64(try long(0x4C, "DataPageAddress"))
      tail = 0x50
    }
    let pageOffset = Int(try long(tail, "DataPageOffset"))
    let pageCount = Int(try long(tail + 4, "DataPageSize"))
    let debuggerOffset = Int(try long(tail + 8, "DebuggerDataOffset"))
    let debuggerCount = Int(try long(tail + 12, "DebuggerDataSize"))
    let blocksOffset = Int(try long(tail + 16, "DataBlocksOffset"))
    let blocksCount = Int(try long(tail + 20, "DataBlocksCount"))

    if Int(sizeOfDump) > bytes.byteCount {
      problems.append(
        ReadError(
          .malformed, reading: "SizeOfDump", at: .file(UInt64(base + 0x04)), expected: "a file of \(sizeOfDump) bytes",
          found: "\(bytes.byteCount)", trail: [name]))
    } else if validOffset != 0, !bytes.starts(with: "TRGD", at: validOffset) {
      problems.append(
        ReadError(
          .malformed, reading: "ValidOffset", at: .file(UInt64(validOffset)),
          expected: "TRGD, which the kernel writes last", found: describe(bytes.array(at: validOffset, count: 4) ?? []),
          trail: [name]))
    }

    // A region's offsets of zero mean that the kernel wrote none.
    func region(_ offset: Int, _ count: Int, _ what: String) -> Region? {
      guard offset != 0, count > 0 else { return nil }
      let present = max(0, min(count, bytes.byteCount - offset))
      if present < count {
        problems.append(
          ReadError(
            .malformed, reading: what, at: .file(UInt64(clamping: offset)), expected: "\(count) bytes",
            found: "\(present) to the end", trail: [name]))
      }
      return present > 0 ? Region(offset: offset, count: present) : nil
    }
    callStack = region(stackOffset, stackCount, "CallStack")
    if let found = region(debuggerOffset, debuggerCount, "DebuggerData") {
      do {
        debuggerData = try DebuggerData(parsing: bytes, at: found.offset, available: found.count)
      } catch {
        var error = error
        error.trail = [name, "KDDEBUGGER_DATA64"]
        problems.append(error)
      }
    }
    // Sizes of these copies are the kernel's own; the debugger data states them, else the next region ends them.
    let starts = [
      unloadedOffset, prcbOffset, processOffset, threadOffset, stackOffset, driverOffset, stringOffset, debuggerOffset,
      blocksOffset, bytes.byteCount,
    ]
    func copy(_ offset: Int, stated: Int?, _ what: String) -> Region? {
      guard offset != 0 else { return nil }
      let next = starts.filter { $0 > offset }.min() ?? offset
      return region(offset, min(stated ?? .max, max(0, next - offset)), what)
    }
    prcb = copy(prcbOffset, stated: debuggerData?[.prcbSize], "KPRCB")
    process = copy(processOffset, stated: debuggerData?[.eprocessSize], "EPROCESS")
    thread = copy(threadOffset, stated: debuggerData?[.ethreadSize], "ETHREAD")

    var pieces: [DumpMemory.Piece] = []
    if let callStack {
      pieces.append(.init(address: topOfStack.rawValue, count: callStack.count, offset: callStack.offset))
    }
    if let page = region(pageOffset, pageCount, "DataPage") {
      pieces.append(.init(address: pageAddress, count: page.count, offset: page.offset))
    }
    pieces += Self.dataBlocks(bytes, at: blocksOffset, count: blocksCount, wide: wide, name, &problems)
    memory = DumpMemory(file: file, pieces: pieces)

    let strings = Region(offset: stringOffset, count: stringCount)
    (drivers, driversAreComplete) = Self.drivers(
      bytes, at: driverOffset, count: driverCount, strings: strings, wide: wide, name, &problems)
    if brokenOffset != 0 { brokenDriver = Self.string(bytes, at: brokenOffset) }
    unloadedDrivers = Self.unloadedDrivers(bytes, at: unloadedOffset, wide: wide, name, &problems)
    secondaryData = SecondaryDataBlock.list(in: bytes, at: Int(sizeOfDump), problems: &problems)
  }

  /// TRIAGE_DATA_BLOCK: address, file offset, size. In 32-bit dumps the address is a 32-bit field.
  private static func dataBlocks(
    _ bytes: RawSpan, at offset: Int, count: Int, wide: Bool, _ name: String, _ problems: inout [ReadError]
  ) -> [DumpMemory.Piece] {
    guard offset != 0, count > 0 else { return [] }
    let stride = wide ? 16 : 12
    let present = min(count, max(0, (bytes.byteCount - offset) / stride), maximumDataBlocks)
    if present < count {
      problems.append(
        ReadError(
          .malformed, reading: "DataBlocksCount", at: .file(UInt64(clamping: offset)), expected: "\(count) blocks",
          found: "room for \(present)", trail: [name]))
    }
    var pieces: [DumpMemory.Piece] = []
    pieces.reserveCapacity(present)
    var outside = 0
    for index in 0..<present {
      let at = offset + stride * index
      let address =
        wide
        ? bytes.loadIfPresent(at: at, as: UInt64.self) : bytes.loadIfPresent(at: at, as: UInt32.self).map(UInt64.init)
      guard let address, let data = bytes.loadIfPresent(at: at + stride - 8, as: UInt32.self),
        let size = bytes.loadIfPresent(at: at + stride - 4, as: UInt32.self)
      else { break }
      let available = max(0, min(Int(size), bytes.byteCount - Int(data)))
      if available < Int(size) { outside += 1 }
      if available > 0 { pieces.append(.init(address: address, count: available, offset: Int(data))) }
    }
    if outside > 0 {
      problems.append(
        ReadError(
          .malformed, reading: "DataBlocks", at: .file(UInt64(clamping: offset)),
          expected: "\(present) blocks inside the file",
          found: "\(outside) that end beyond it", trail: [name]))
    }
    return pieces
  }

  /// DUMP_DRIVER_ENTRY: the file offset of the name, then a loader entry. The stride follows from where the string pool
  /// begins, which is right behind the list in every dump seen; 32-bit systems differ by version in the entry's tail.
  private static func drivers(
    _ bytes: RawSpan, at offset: Int, count: Int, strings: Region, wide: Bool, _ name: String,
    _ problems: inout [ReadError]
  ) -> ([Driver], Bool) {
    guard offset != 0, count > 0 else { return ([], false) }
    func problem(_ reading: String, at position: Int, _ expected: String, _ found: String) {
      problems.append(
        ReadError(
          .malformed, reading: reading, at: .file(UInt64(clamping: position)), expected: expected, found: found,
          trail: [name, "DriverList"]))
    }
    guard count <= maximumDrivers else {
      problem("DriverCount", at: offset, "at most \(maximumDrivers)", "\(count)")
      return ([], false)
    }
    let usual = wide ? 0x90 : 0x4C
    let least = wide ? 0x90 : 0x4C
    var stride = usual
    if strings.offset > offset, (strings.offset - offset) % count == 0 {
      let gap = (strings.offset - offset) / count
      if gap >= least, gap <= 0x200, gap % 4 == 0 { stride = gap }
    }
    let entry = wide ? 8 : 4
    var drivers: [Driver] = []
    var unnamed = 0
    for index in 0..<count {
      let at = offset + stride * index
      func wideOrLong(_ o64: Int, _ o32: Int) -> UInt64? {
        wide
          ? bytes.loadIfPresent(at: at + entry + o64, as: UInt64.self)
          : bytes.loadIfPresent(at: at + entry + o32, as: UInt32.self).map(UInt64.init)
      }
      guard let nameOffset = bytes.loadIfPresent(at: at, as: UInt32.self), let dllBase = wideOrLong(0x30, 0x18),
        let entryPoint = wideOrLong(0x38, 0x1C),
        let size = bytes.loadIfPresent(at: at + entry + (wide ? 0x40 : 0x20), as: UInt32.self),
        let checksum = bytes.loadIfPresent(at: at + entry + (wide ? 0x78 : 0x40), as: UInt32.self),
        let timestamp = bytes.loadIfPresent(at: at + entry + (wide ? 0x80 : 0x44), as: UInt32.self)
      else {
        problem("DriverCount", at: at, "\(count) entries", "the end of the file after \(index)")
        return (drivers, false)
      }
      let path = string(bytes, at: Int(nameOffset))
      if path == nil { unnamed += 1 }
      drivers.append(
        Driver(
          path: path ?? "", base: VirtualAddress(dllBase), size: size, entryPoint: VirtualAddress(entryPoint),
          checksum: checksum, timestamp: timestamp))
    }
    if unnamed > 0 { problem("DriverName", at: strings.offset, "a name for each driver", "\(unnamed) unreadable") }
    return (drivers, unnamed == 0)
  }

  /// DUMP_STRING: a count of UTF-16 units, the units, a zero.
  private static func string(_ bytes: RawSpan, at offset: Int) -> String? {
    guard let count = bytes.loadIfPresent(at: offset, as: UInt32.self), count > 0, count <= maximumNameUnits,
      let units = bytes.array(at: offset + 4, count: Int(count) * 2)
    else { return nil }
    let text = decodeUTF16(units)
    return text.unicodeScalars.contains(where: { $0.value < 0x20 }) ? nil : text
  }

  /// A count, then DUMP_UNLOADED_DRIVERS: UNICODE_STRING, 12 UTF-16 units, start and end address.
  private static func unloadedDrivers(
    _ bytes: RawSpan, at offset: Int, wide: Bool, _ name: String, _ problems: inout [ReadError]
  ) -> [UnloadedDriver] {
    guard offset != 0 else { return [] }
    let head = wide ? 8 : 4
    guard let count = bytes.loadIfPresent(at: offset, as: UInt32.self), count <= maximumUnloadedDrivers else {
      problems.append(
        ReadError(
          .malformed, reading: "UnloadedDrivers", at: .file(UInt64(clamping: offset)),
          expected: "a count of at most \(maximumUnloadedDrivers)",
          found: bytes.loadIfPresent(at: offset, as: UInt32.self).map { "\($0)" } ?? "the end of the file",
          trail: [name]))
      return []
    }
    let stride = wide ? 0x38 : 0x28
    let text = wide ? 0x10 : 0x08
    var drivers: [UnloadedDriver] = []
    for index in 0..<Int(count) {
      let at = offset + head + stride * index
      guard let units = bytes.array(at: at + text, count: 24) else { break }
      let start =
        wide
        ? bytes.loadIfPresent(at: at + 0x28, as: UInt64.self)
        : bytes.loadIfPresent(at: at + 0x20, as: UInt32.self).map(UInt64.init)
      let end =
        wide
        ? bytes.loadIfPresent(at: at + 0x30, as: UInt64.self)
        : bytes.loadIfPresent(at: at + 0x24, as: UInt32.self).map(UInt64.init)
      guard let start, let end else { break }
      // Length in bytes of the UNICODE_STRING bounds the name, which need not end in a zero.
      let length = Int(bytes.loadIfPresent(at: at, as: UInt16.self) ?? 24)
      var unitsUsed = decodeUTF16(units.prefix(min(24, length)))
      if let zero = unitsUsed.firstIndex(of: "\0") { unitsUsed = String(unitsUsed[..<zero]) }
      drivers.append(
        UnloadedDriver(name: unitsUsed, start: VirtualAddress(start), end: VirtualAddress(end)))
    }
    return drivers
  }
}
