import ByteReading
import CrashDumpFormat
import Facts
import KnowledgeBase

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
    for (magic, kind, reason) in magics where bytes.array(at: 0, count: magic.count) == magic { return (kind, reason) }
    let head = bytes.array(at: 0, count: min(textPrefix, bytes.byteCount)) ?? []
    guard !head.isEmpty else { return (.unknown, "an empty file") }
    // Text has no zero bytes but in UTF-16, which has a byte-order mark or every other byte zero.
    let (text, encoding) = decodeText(head)
    if encoding == .windows1252 || encoding == .utf8, head.contains(0) {
      return (.unknown, "binary data with no known signature")
    }
    return detect(text: text, head: head)
  }

  private static let magics: [([UInt8], EvidenceKind, String)] = [
    ([0xD4, 0xC3, 0xB2, 0xA1], .capture, "pcap"), ([0xA1, 0xB2, 0xC3, 0xD4], .capture, "pcap, big-endian"),
    ([0x4D, 0x3C, 0xB2, 0xA1], .capture, "pcap with nanoseconds"),
    ([0xA1, 0xB2, 0x3C, 0x4D], .capture, "pcap with nanoseconds, big-endian"),
    ([0x0A, 0x0D, 0x0D, 0x0A], .capture, "pcapng"), (Array("GMBU".utf8), .capture, "Network Monitor"),
    (Array("regf".utf8), .registryHive, "regf"), (Array("MZ".utf8), .image, "MZ"),
    (Array("Microsoft C/C++ MSF 7.00".utf8), .symbols, "MSF 7.00"),
    (Array("Microsoft C/C++ program database 2.00".utf8), .symbols, "PDB 2.00"),
    ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], .symbols, "xz"),
  ]

  /// Phrases that tools print in every language or that no other text has. The first list with enough hits wins.
  private static let phrases: [(kind: EvidenceKind, least: Int, words: [String])] = [
    (
      .debuggerLog, 2,
      [
        "BUGCHECK_CODE", "BUGCHECK_STR", "STACK_TEXT", "FAILURE_BUCKET_ID", "Bugcheck Analysis", "!analyze -v", "Arg1:",
        "IMAGE_NAME:",
        "DEFAULT_BUCKET_ID", "Arguments:", "FAULTING_IP", "PROCESS_NAME:", "Child-SP", "ChildEBP", "TRAP_FRAME:",
        "BugCheck ",
      ]
    ),
    (
      .poolLog, 2,
      ["Nonp", "Paged", "Allocs", "Frees", "Diff", "Per Alloc", "Pool Used", "Tag  Type", "NonPaged", "Commit:"]
    ),
    (
      .inventory, 2,
      [
        "Hotfix(s)", "OS Version:", "Host Name:", "HotFixID", "Hotfix", "System Type:", "InstalledOn", "KB", "QFE",
        "Systemtyp", "x64-based PC",
        "X86-based PC", "File 1",
      ]
    ),
  ]

  private static func detect(text: String, head: [UInt8]) -> (EvidenceKind, String) {
    let first = text.unicodeScalars.first { !$0.properties.isWhitespace && $0 != "\u{FEFF}" }
    if first == "{" {
      if text.contains("faultline.symptoms") { return (.symptoms, "faultline.symptoms JSON") }
      if text.contains("\"user_types\"") || text.contains("\"base_types\"") {
        return (.symbols, "a symbol table in JSON")
      }
    }
    let isArticle = Article.looksLikeArticle(head)
    for (kind, least, words) in phrases {
      let hits = words.filter { text.contains($0) }
      let needed = isArticle.0 ? least + 3 : least
      if hits.count >= needed { return (kind, hits.prefix(3).joined(separator: ", ")) }
    }
    if isArticle.0 { return (.article, isArticle.reason) }
    return (.unknown, "text of no known kind")
  }
}
