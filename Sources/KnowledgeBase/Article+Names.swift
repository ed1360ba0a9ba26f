/// Kernel binaries that do not end in `.sys`, and files that do and are no drivers.
enum KernelBinaryNames {
  static let kernels: Set<String> = [
    "ntoskrnl.exe", "ntkrnlmp.exe", "ntkrnlpa.exe", "ntkrpamp.exe", "ntkrnlup.exe", "hal.dll", "bootvid.dll",
    "kdcom.dll",
    "atmfd.dll", "framebuf.dll", "vga.dll", "vga256.dll", "vga64k.dll", "rdpdd.dll", "tsddd.dll", "cdd.dll", "ci.dll",
  ]
  /// `halmps.dll`, `halsp.dll`: a HAL for one kind of computer is named after it.
  static let prefixOfHALs = "hal"
  static let notDrivers: Set<String> = [
    "config.sys", "io.sys", "msdos.sys", "pagefile.sys", "hiberfil.sys", "swapfile.sys", "command.sys", "ibmbio.sys",
    "ibmdos.sys", "autoexec.sys",
  ]
}

extension ArticleDocument {
  /// Kernel binaries named in the title and the prose, in lower case and in that order.
  func drivers(title: String?, _ paragraphs: [ArticleParagraph]) -> [String] {
    var result: [String] = []
    func add(from text: FoldedBytes) {
      for name in Self.binaryNames(in: text) { result.appendNew(name) }
    }
    if let title { add(from: FoldedBytes(title)) }
    for paragraph in paragraphs
    where paragraph.section != .appliesTo && paragraph.phrases.holdsAny(PassagePhrases.binaries) {
      add(from: paragraph.text)
    }
    return result
  }

  static func binaryNames(in text: FoldedBytes) -> [String] {
    var result: [String] = []
    var offset = 0
    while let dot = text.bytes[offset...].firstIndex(of: ASCII.dot) {
      offset = dot + 1
      let end = dot + 4
      guard end <= text.count, end == text.count || !text.bytes[end].isWord, text.bytes[dot + 1].isLetter else {
        continue
      }
      var start = dot
      while start > 0, text.bytes[start - 1].isWord || text.bytes[start - 1] == ASCII.hyphen { start -= 1 }
      guard start < dot, dot - start <= 64 else { continue }
      // `*.sys` and `%name%.sys` stand for any file.
      if start > 0, text.bytes[start - 1] == 0x2A || text.bytes[start - 1] == 0x25 { continue }
      let name = String(decoding: text.folded[start..<end], as: UTF8.self)
      let isDriver = name.hasSuffix(".sys") && !KernelBinaryNames.notDrivers.contains(name)
      let isHAL = name.hasPrefix(KernelBinaryNames.prefixOfHALs) && name.hasSuffix(".dll")
      if isDriver || isHAL || KernelBinaryNames.kernels.contains(name) { result.append(name) }
    }
    return result
  }

  /// `netbt!NbtCopyToStartOfIndicate`, without offsets. A listing under MORE INFORMATION illustrates; it identifies
  /// nothing, as labellers of the archive read it.
  func symbols(_ paragraphs: [ArticleParagraph]) -> [String] {
    var result: [String] = []
    for paragraph in paragraphs
    where paragraph.phrases.holdsAny(PassagePhrases.exclamation)
      && !(paragraph.section == .moreInformation && paragraph.isListing)
    {
      let bytes = paragraph.bytes
      for mark in bytes.indices where bytes[mark] == 0x21 && mark > 0 && mark + 1 < bytes.count {
        guard bytes[mark - 1].isWord, bytes[mark + 1].isLetter || Self.symbolMarks.contains(bytes[mark + 1]) else {
          continue
        }
        var start = mark
        while start > 0, bytes[start - 1].isWord { start -= 1 }
        // `DaoBug.exe!AfxDaoCheck`: the module with its ending.
        if start > 1, bytes[start - 1] == ASCII.dot, bytes[start - 2].isWord, mark - start <= 3 {
          start -= 1
          while start > 0, bytes[start - 1].isWord { start -= 1 }
        }
        var end = mark + 1
        while end < bytes.count, bytes[end].isWord || Self.symbolMarks.contains(bytes[end]) { end += 1 }
        while end > mark + 1, bytes[end - 1] == ASCII.colon || bytes[end - 1] == 0x3F { end -= 1 }
        guard end - mark > 2, mark - start <= 64, end - mark <= 256 else { continue }
        let symbol = String(decoding: bytes[start..<end], as: UTF8.self)
        result.appendNew(symbol)
      }
    }
    return result
  }

  /// `_`, `?`, `@`, `$`, `:` occur in symbols of compilers.
  private static let symbolMarks: Set<UInt8> = [ASCII.underscore, 0x3F, 0x40, ASCII.dollar, ASCII.colon]
}
