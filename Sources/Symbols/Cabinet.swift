import ByteReading
import Facts

/// A cabinet of one file, as symbol stores keep compressed databases (`.pd_`): [MS-CAB], "Microsoft Cabinet File Format".
///
/// Stored folders are unpacked here, those compressed with MSZIP or LZX by libarchive. Quantum is recognized and refused.
public struct Cabinet {
  /// What the folder's data are compressed with.
  enum Method: UInt16 { case none = 0, mszip = 1, quantum = 2, lzx = 3 }

  public static let maximumBytes = 1 << 30

  private let file: MappedFile
  private let firstBlock: Int
  private let blockCount: Int
  private let blockReserve: Int
  private let method: Method
  private let memberBytes: Int

  /// The bytes of a cabinet's first file. Throws where it has none, is damaged, or is compressed in a way that is not read.
  public static func firstMember(of file: MappedFile) throws(ReadError) -> [UInt8] {
    try Cabinet(parsing: file).firstMember()
  }

  public static func matches(firstBytes bytes: RawSpan) -> Bool { bytes.starts(with: "MSCF") }

  init(parsing file: MappedFile) throws(ReadError) {
    self.file = file
    let bytes = file.bytes
    func half(_ at: Int, _ reading: String) throws(ReadError) -> UInt16 {
      try bytes.load(at: at, as: UInt16.self, reading: reading)
    }
    let files = Int(try bytes.load(at: 16, as: UInt32.self, reading: "coffFiles"))
    let folderCount = try half(26, "cFolders")
    guard folderCount >= 1 else {
      throw ReadError(
        .malformed, reading: "cFolders", at: .file(26), expected: "at least 1", found: "0", trail: ["CAB"])
    }
    let flags = try half(30, "flags")
    var folder = 36
    var reserve = 0
    if flags & 4 != 0 {
      folder += 4 + Int(try half(36, "cbCFHeader"))
      reserve = Int(try bytes.load(at: 39, as: UInt8.self))
    }
    guard flags & 3 == 0 else {
      throw ReadError(
        .unsupported, reading: "flags", at: .file(30), expected: "a cabinet in one file", found: "one of several",
        trail: ["CAB"])
    }
    blockReserve = reserve
    firstBlock = Int(try bytes.load(at: folder, as: UInt32.self, reading: "coffCabStart"))
    blockCount = Int(try half(folder + 4, "cCFData"))
    let type = try half(folder + 6, "typeCompress")
    guard let method = Method(rawValue: type & 15) else {
      throw ReadError(
        .unsupported, reading: "typeCompress", at: .file(UInt64(folder + 6)), expected: "0 to 3",
        found: String(type & 15), trail: ["CAB"])
    }
    self.method = method
    memberBytes = Int(try bytes.load(at: files, as: UInt32.self, reading: "cbFile"))
  }

  /// The bytes of the first file.
  func firstMember() throws(ReadError) -> [UInt8] {
    guard memberBytes <= Self.maximumBytes else {
      throw ReadError(
        .unsupported, reading: "cbFile", at: .nowhere, expected: "at most \(Self.maximumBytes) bytes",
        found: String(memberBytes), trail: ["CAB"])
    }
    if method == .mszip || method == .lzx {
      guard let library = CabinetLibrary.shared else {
        throw ReadError(
          .unsupported, reading: "cabinet", at: .file(0),
          expected:
            "libarchive, which this computer lacks (Debian: libarchive13); or a file unpacked with cabextract or expand",
          found: "\(method) compression", trail: ["CAB"])
      }
      return try library.firstMember(of: file.array(), bytes: memberBytes)
    }
    guard method == .none else {
      throw ReadError(
        .unsupported, reading: "cabinet", at: .file(0),
        expected: "a file stored or compressed by MSZIP or LZX; unpack it with cabextract or expand",
        found: "\(method) compression", trail: ["CAB"])
    }
    guard memberBytes <= file.byteCount else {
      throw ReadError(
        .malformed, reading: "cbFile", at: .nowhere, expected: "at most the cabinet's \(file.byteCount) bytes",
        found: String(memberBytes), trail: ["CAB"])
    }
    var result: [UInt8] = []
    var at = firstBlock
    for _ in 0..<blockCount where result.count < memberBytes {
      let packed = Int(try file.bytes.load(at: at + 4, as: UInt16.self, reading: "cbData"))
      let start = at + 8 + blockReserve
      guard let part = file.bytes.array(at: start, count: packed) else {
        throw ReadError(
          .malformed, reading: "CFDATA", at: .file(UInt64(clamping: start)), expected: "\(packed) bytes",
          found: "the end",
          trail: ["CAB"])
      }
      result += part
      at = start + packed
    }
    return Array(result.prefix(memberBytes))
  }
}
