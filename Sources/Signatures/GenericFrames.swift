import Facts

/// Functions that tell no failures apart: the bundled list `generic-frames.txt`.
enum GenericFrames {
  enum Kind: Hashable {
    /// Left out; what called it counts.
    case machinery
    /// The kernel's end of the stack.
    case entry
  }

  /// What a function as `ModuleSpelling.symbol` spells it is; nil for one that counts.
  static func kind(of symbol: String) -> Kind? {
    let name = symbol.lowercased()
    guard let mark = name.firstIndex(of: "!") else { return nil }
    let anywhere = "*" + name[mark...]
    for pattern in patterns where pattern.matches(name) || pattern.isOfAnyModule && pattern.matches(anywhere) {
      return pattern.kind
    }
    return nil
  }

  struct Pattern {
    var kind: Kind
    var isOfAnyModule: Bool
    /// Before the star, or the whole name.
    var text: String
    var isPrefix: Bool

    func matches(_ name: String) -> Bool { isPrefix ? name.hasPrefix(text) : name == text }
  }

  static let patterns: [Pattern] = String(decoding: PackageResources.generic_frames_txt, as: UTF8.self)
    .split(separator: "\n").compactMap { line in
      guard !line.hasPrefix("#") else { return nil }
      var name = line[...]
      var kind = Kind.machinery
      if name.hasPrefix("entry ") {
        kind = .entry
        name = name.dropFirst("entry ".count)
      }
      let isPrefix = name.hasSuffix("*")
      if isPrefix { name = name.dropLast() }
      return Pattern(kind: kind, isOfAnyModule: name.hasPrefix("*!"), text: name.lowercased(), isPrefix: isPrefix)
    }
}
