import Facts

/// One spelling for names that evidence writes in several ways, so that catalogue and facts meet.
enum Spelling {
  /// Attributes that hold a module's file name.
  static let moduleAttributes: Set<FactAttribute> = ["module", "client", "needs"]

  /// Attributes by whose names facts are found; the order is that in which a clause's are tried.
  static let namedAttributes: [FactAttribute] = ["symbol", "module", "client", "tag"]

  /// A name in its one spelling. Two values that a literal constraint takes for equal have the same.
  static func name(_ text: String, of attribute: FactAttribute) -> String {
    switch attribute {
    case "symbol": symbol(text)
    case "tag": PoolTag(text)?.description ?? text
    default: moduleAttributes.contains(attribute) ? module(text) : text.lowercased()
    }
  }

  /// File name without folder and case; the kernel's four names and the debugger's `nt` are one. An ending that one side
  /// leaves out (`netbt`) is taken to be the usual one of a driver.
  static func module(_ text: String) -> String {
    var name = text.lowercased()
    if let slash = name.lastIndex(where: { $0 == "\\" || $0 == "/" }) {
      name = String(name[name.index(after: slash)...])
    }
    if name == "nt" || name == "ntoskrnl" || ModuleIdentity.kernelNames.contains(name) { return "nt" }
    if name.utf8.contains(UInt8(ascii: ".")) || name.utf8.contains(UInt8(ascii: "*")) || name.isEmpty { return name }
    return name + ".sys"
  }

  /// `module!Name` without offset and case, with the kernel's names as one.
  static func symbol(_ text: String) -> String {
    var name = text.lowercased()[...]
    if let plus = name.range(of: "+0x") { name = name[..<plus.lowerBound] }
    guard let mark = name.firstIndex(of: "!") else { return String(name) }
    var module = String(name[..<mark])
    for ending in [".sys", ".exe", ".dll"] where module.hasSuffix(ending) { module.removeLast(ending.count) }
    if ModuleIdentity.kernelNames.contains(module + ".exe") { module = "nt" }
    return module + name[mark...]
  }

  /// `Pp, IoSe` → `IoSe,Pp`.
  static func tags(_ text: String) -> String {
    text.split(separator: ",").map { $0.filter { $0 != " " } }.sorted().joined(separator: ",")
  }
}

extension Substring {
  /// Foundation-free search for a short needle.
  fileprivate func range(of needle: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(needle) { return start..<index(start, offsetBy: needle.count) }
      start = index(after: start)
    }
    return nil
  }
}

/// Whether a text is of the form of a pattern with `*` (any text) and `?` (one character). Linear in the text for each star,
/// so that a hostile pattern cannot blow up.
func matchesWildcard(_ text: String, _ pattern: String) -> Bool {
  let text = Array(text.utf8)
  let pattern = Array(pattern.utf8)
  var t = 0
  var p = 0
  var star: (pattern: Int, text: Int)?
  while t < text.count {
    if p < pattern.count, pattern[p] == UInt8(ascii: "*") {
      star = (p, t)
      p += 1
    } else if p < pattern.count, pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?") {
      t += 1
      p += 1
    } else if let back = star {
      star = (back.pattern, back.text + 1)
      p = back.pattern + 1
      t = back.text + 1
    } else {
      return false
    }
  }
  while p < pattern.count, pattern[p] == UInt8(ascii: "*") { p += 1 }
  return p == pattern.count
}
