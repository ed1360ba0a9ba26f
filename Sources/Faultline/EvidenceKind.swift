import ByteReading
import CaptureFormat
import CrashDumpFormat
import Facts
import KnowledgeBase
import MachineInventory

/// What a piece of evidence is, by its first bytes; the contract's names.
public enum EvidenceKind: String, Hashable, Sendable, CaseIterable {
  case crashDump = "crash-dump"
  case poolLog = "pool-log"
  case capture
  case debuggerLog = "debugger-log"
  case inventory
  case registryHive = "registry-hive"
  case image, symbols, article, symptoms, unknown

  /// As much of a text file as decides its kind.
  static let textPrefix = 64 << 10

  /// The kind and why, from the file's bytes alone: names and endings lie.
  public static func detect(_ file: MappedFile) -> (kind: EvidenceKind, reason: String) {
    let bytes = file.bytes
    if CrashDump.matches(firstBytes: bytes) { return (.crashDump, "signature PAGEDUMP or PAGEDU64") }
    if ElfCore.matches(firstBytes: bytes) { return (.crashDump, "an ELF core") }
    if let found = binary(bytes) { return found }
    if Gzip.matches(firstBytes: bytes) { return packed(bytes) }
    let head = bytes.array(at: 0, count: min(textPrefix, bytes.byteCount)) ?? []
    guard !head.isEmpty else { return (.unknown, "an empty file") }
    // Text has no zero bytes but in UTF-16, which has a byte-order mark or every other byte zero.
    let (text, encoding) = decodeText(head)
    if encoding == .windows1252 || encoding == .utf8, head.contains(0) {
      // `wmic` puts UTF-16 behind a message in bytes.
      if let mixed = InventoryText.mixedText(head), let (kind, reason) = TextSigns(mixed).kind(least: TextSigns.enough),
        kind == .inventory
      {
        return (kind, reason)
      }
      return (.unknown, "binary data with no known signature")
    }
    return detect(text: text, head: head)
  }

  private static let magics: [([UInt8], EvidenceKind, String)] = [
    (Array("regf".utf8), .registryHive, "regf"), (Array("Microsoft C/C++ MSF 7.00".utf8), .symbols, "MSF 7.00"),
    (Array("Microsoft C/C++ program database 2.00".utf8), .symbols, "PDB 2.00"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .symbols, "xz"),
  ]

  /// Bytes of which an image's DOS header has at least one that is zero, and no text does.
  private static let dosHeader = 64

  private static func binary(_ bytes: RawSpan) -> (EvidenceKind, String)? {
    if let capture = CaptureContainer.name(firstBytes: bytes) { return (.capture, capture) }
    for (magic, kind, reason) in magics where bytes.array(at: 0, count: magic.count) == magic { return (kind, reason) }
    let start = bytes.array(at: 0, count: min(dosHeader, bytes.byteCount)) ?? []
    if start.starts(with: Array("MZ".utf8)), start.contains(0) { return (.image, "MZ") }
    return nil
  }

  /// Capture tools pack what they write; other evidence is unpacked by those who packed it.
  private static func packed(_ bytes: RawSpan) -> (EvidenceKind, String) {
    do {
      let start = MappedFile(bytes: try Gzip.unpack(bytes, limit: 4096), path: "")
      if let (kind, reason) = binary(start.bytes), kind == .capture { return (kind, reason + ", packed by gzip") }
      return (.unknown, "a file packed by gzip: unpack it first")
    } catch {
      return (.unknown, "a damaged file of gzip: \(error)")
    }
  }

  private static func detect(text: String, head: [UInt8]) -> (EvidenceKind, String) {
    let first = text.unicodeScalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
    guard let first else { return (.unknown, "an empty text") }
    if first == "{" {
      if text.contains("faultline.symptoms") { return (.symptoms, "faultline.symptoms JSON") }
      if text.contains("\"user_types\"") || text.contains("\"base_types\"") {
        return (.symbols, "a symbol table in JSON")
      }
    }
    let article = Article.looksLikeArticle(head)
    // Articles quote what tools print: a few lines of it do not make one a log.
    if let (kind, reason) = TextSigns(text).kind(least: article.0 ? TextSigns.enoughInArticle : TextSigns.enough) {
      return (kind, reason)
    }
    if article.0 { return (.article, article.reason) }
    return (.unknown, "text of no known kind")
  }
}
