import ByteReading
import Facts

/// A portable executable (PE32 or PE32+): a driver, library or program of Windows, from a file or from memory.
///
/// Reading it takes the headers and the table of sections; everything else is read when it is asked for, and what is damaged
/// there does not spoil the rest. Source: "PE Format" (learn.microsoft.com/windows/win32/debug/pe-format).
public struct PEImage: Sendable {
  @frozen
  public enum Layout: Hashable, Sendable {
    /// As the file lies on disk: sections at their raw offsets.
    case file
    /// As the loader lays it out: sections at their addresses relative to the base.
    case memory
  }

  public struct Section: Hashable, Sendable {
    /// Eight bytes as they stand, without the zeros behind; `/4` refers to a table only object files and MinGW keep.
    public var name: String
    /// Relative to the base.
    public var offset: UInt32
    /// Bytes in memory; zero in some old linkers' images, then `fileSize` counts.
    public var size: UInt32
    public var fileOffset: UInt32
    public var fileSize: UInt32
    /// IMAGE_SCN_* bits.
    public var characteristics: UInt32

    public var isExecutable: Bool { characteristics & 0x2000_0000 != 0 }
    public var isWritable: Bool { characteristics & 0x8000_0000 != 0 }
    /// The larger of both sizes: what the section covers in memory.
    public var extent: UInt32 { size == 0 ? fileSize : size }

    public func contains(_ target: UInt32) -> Bool { target >= offset && target - offset < extent }
  }

  /// Sections read; the loader of Windows XP and 2003 refuses more than 96.
  public static let maximumSections = 96

  public let layout: Layout
  public let header: ImageHeader
  public let sections: [Section]
  /// What is odd about the headers without making them unreadable.
  public let problems: [ReadError]
  /// Bytes of the file, for images from files.
  public let fileSize: Int?
  /// Where the image is loaded; the preferred base for images from files.
  public let base: VirtualAddress

  let memory: any ImageMemory

  /// `MZ`; what follows may still be a DOS or 16-bit program.
  public static func matches(firstBytes bytes: RawSpan) -> Bool { bytes.starts(with: "MZ") }

  public init(parsing file: MappedFile) throws(ReadError) {
    try self.init(FileBytes(file: file), .file, base: nil, fileSize: file.byteCount)
  }

  /// An image as it is loaded; `memory` counts from its base. Parts that are not there are `notInDump`.
  public init(loaded memory: some ImageMemory, base: VirtualAddress) throws(ReadError) {
    try self.init(memory, .memory, base: base, fileSize: nil)
  }

  private init(
    _ memory: any ImageMemory, _ layout: Layout, base: VirtualAddress?, fileSize: Int?
  ) throws(ReadError) {
    let absence: Absence = layout == .file ? .malformed : .notInDump
    func position(_ offset: UInt64) -> ReadError.Position {
      base.map { .address(VirtualAddress($0.rawValue &+ offset)) } ?? .file(offset)
    }
    let header = try ImageHeader(memory, absence: absence, position: position)
    var problems: [ReadError] = []
    var sections: [Section] = []
    if header.sectionCount > Self.maximumSections {
      problems.append(
        ReadError(
          .unsupported, reading: "NumberOfSections", at: position(header.signatureOffset + 6),
          expected: "at most \(Self.maximumSections)", found: String(header.sectionCount), trail: ["PE image"]))
    }
    for index in 0..<min(header.sectionCount, Self.maximumSections) {
      let at = header.sectionTableOffset + UInt64(40 * index)
      guard let bytes = memory.bytes(at: at, count: 40) else {
        problems.append(
          ReadError(
            absence, reading: "IMAGE_SECTION_HEADER[\(index)]", at: position(at), expected: "40 bytes",
            found: "the end", trail: ["PE image"]))
        break
      }
      let span = bytes.span.bytes
      func word(_ at: Int) -> UInt32 { span.loadIfPresent(at: at, as: UInt32.self) ?? 0 }
      sections.append(
        Section(
          name: decodeText(Array(bytes[..<8].prefix { $0 != 0 })).text, offset: word(12), size: word(8),
          fileOffset: word(20), fileSize: word(16), characteristics: word(36)))
    }
    self.memory = memory
    self.layout = layout
    self.header = header
    self.sections = sections
    self.problems = problems
    self.fileSize = fileSize
    self.base = base ?? VirtualAddress(header.preferredBase)
  }

  public func section(at offset: UInt32) -> Section? { sections.first { $0.contains(offset) } }

  /// Where the byte at an address relative to the base lies in `memory`, and how many of the section's bytes follow it there.
  func locate(_ offset: UInt32) -> (at: UInt64, count: UInt64)? {
    guard layout == .file else { return (UInt64(offset), UInt64(UInt32.max - offset)) }
    for section in sections {
      guard offset >= section.offset else { continue }
      let skip = UInt64(offset - section.offset)
      let present = section.size == 0 ? section.fileSize : min(section.fileSize, roundedUp(section.size))
      guard skip < UInt64(present) else { continue }
      return (rawStart(section) + skip, UInt64(present) - skip)
    }
    // The headers are mapped as they are, and so is a whole image whose sections are aligned more finely than pages.
    if offset < header.headerSize || header.sectionAlignment < 0x1000 || sections.isEmpty {
      let end = UInt64(fileSize ?? 0)
      return UInt64(offset) < end ? (UInt64(offset), end - UInt64(offset)) : nil
    }
    return nil
  }

  /// The loader maps whole pages: bytes behind the section's size in its last page come from the file too.
  private func roundedUp(_ size: UInt32) -> UInt32 {
    let (sum, overflow) = size.addingReportingOverflow(0xFFF)
    return overflow ? .max : sum & ~0xFFF
  }

  /// The loader reads whole disk sectors of 512 bytes: lower bits of a raw offset are ignored, where alignment is not fine.
  private func rawStart(_ section: Section) -> UInt64 {
    UInt64(header.sectionAlignment >= 0x1000 ? section.fileOffset & ~0x1FF : section.fileOffset)
  }

  /// Bytes at an address relative to the base; nil where any of them is in no section or not there.
  public func bytes(at offset: UInt32, count: Int) -> [UInt8]? {
    guard count >= 0, let found = locate(offset), UInt64(count) <= found.count else { return nil }
    return memory.bytes(at: found.at, count: count)
  }

  public func load16(at offset: UInt32) -> UInt16? { room(offset, 2).flatMap { memory.load16(at: $0) } }
  public func load32(at offset: UInt32) -> UInt32? { room(offset, 4).flatMap { memory.load32(at: $0) } }

  private func room(_ offset: UInt32, _ count: UInt64) -> UInt64? {
    guard let found = locate(offset), found.count >= count else { return nil }
    return found.at
  }

  /// As many bytes as there are, at most `limit`.
  public func available(at offset: UInt32, limit: Int) -> [UInt8] {
    guard let found = locate(offset) else { return [] }
    return memory.available(at: found.at, limit: Int(clamping: min(UInt64(limit), found.count)))
  }

  /// A zero-terminated string of at most `limit` bytes; nil where it does not end.
  func string(at offset: UInt32, limit: Int = 4096) -> String? {
    var chunk = 64
    while true {
      let bytes = available(at: offset, limit: min(chunk, limit))
      if let end = bytes.firstIndex(of: 0) { return decodeText(Array(bytes[..<end])).text }
      guard bytes.count == chunk, chunk < limit else { return nil }
      chunk *= 4
    }
  }

  /// The error for a part that is not where it should be.
  func missing(_ reading: String, at offset: UInt32, _ expected: String) -> ReadError {
    let position: ReadError.Position
    switch layout {
    case .memory: position = .address(VirtualAddress(base.rawValue &+ UInt64(offset)))
    case .file: position = locate(offset).map { .file($0.at) } ?? .address(VirtualAddress(UInt64(offset)))
    }
    return ReadError(
      layout == .file ? .malformed : .notInDump, reading: reading, at: position, expected: expected,
      found: layout == .file ? "an address outside the file's sections" : "no such memory", trail: ["PE image"])
  }
}
