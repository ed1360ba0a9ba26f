import Facts

/// How a machine's product stands to one an article names.
@frozen
public enum ProductRelation: Hashable, Sendable {
  case same
  /// Certainly another product.
  case other
  /// The evidence does not tell the two apart.
  case unclear
}

/// Comparison of product names, in one place: the names' normalization can be redirected here when a table of products has it.
public enum ProductNames {
  /// An edition's name reduced to its product: `Microsoft(R) Windows(R) Server 2003, Enterprise Edition` → `Windows Server 2003`.
  /// What is not recognized comes back without the maker's name and marks.
  public static func canonical(_ text: some StringProtocol) -> String {
    let words = text.lowercased().map { $0.isLetter || $0.isNumber || $0 == "." ? $0 : " " }
    let padded =
      " " + String(words).split(separator: " ").filter { $0 != "r" && $0 != "tm" }.joined(separator: " ") + " "
    for (needles, name) in patterns where needles.allSatisfy({ padded.holds($0) }) { return name }
    return String(padded.dropFirst().dropLast()).split(separator: " ").filter { $0 != "microsoft" }.joined(
      separator: " ")
  }

  /// First row whose every word occurs wins, so the narrower names come first.
  private static let patterns: [([String], String)] = [
    (["nt", "terminal"], "Windows NT 4.0 Terminal Server Edition"),
    (["nt", "3.51"], "Windows NT 3.51"), (["nt", "4.0"], "Windows NT 4.0"), (["nt"], "Windows NT 4.0"),
    (["xp", "x64"], "Windows XP Professional x64 Edition"), (["xp", "64 bit"], "Windows XP 64-Bit Edition"),
    (["xp"], "Windows XP"), (["vista"], "Windows Vista"),
    (["2003"], "Windows Server 2003"), (["2000"], "Windows 2000"),
    (["server", "2008", "r2"], "Windows Server 2008 R2"), (["server", "2008"], "Windows Server 2008"),
    (["server", "2012", "r2"], "Windows Server 2012 R2"), (["server", "2012"], "Windows Server 2012"),
    (["server", "2016"], "Windows Server 2016"), (["server", "2019"], "Windows Server 2019"),
    (["server", "2022"], "Windows Server 2022"), (["server", "2025"], "Windows Server 2025"),
    (["windows", "8.1"], "Windows 8.1"), (["windows", "11"], "Windows 11"), (["windows", "10"], "Windows 10"),
    (["windows", "8"], "Windows 8"), (["windows", "7"], "Windows 7"),
  ]

  /// Products of one kernel version, for machines of which only the version is known.
  private static let byVersion: [String: Set<String>] = [
    "3.51": ["Windows NT 3.51"],
    "4.0": ["Windows NT 4.0", "Windows NT 4.0 Terminal Server Edition"],
    "5.0": ["Windows 2000"],
    "5.1": ["Windows XP", "Windows XP 64-Bit Edition"],
    "5.2": ["Windows Server 2003", "Windows XP Professional x64 Edition", "Windows XP 64-Bit Edition"],
    "6.0": ["Windows Vista", "Windows Server 2008"],
    "6.1": ["Windows 7", "Windows Server 2008 R2"],
    "6.2": ["Windows 8", "Windows Server 2012"],
    "6.3": ["Windows 8.1", "Windows Server 2012 R2"],
    "10.0": [
      "Windows 10", "Windows 11", "Windows Server 2016", "Windows Server 2019", "Windows Server 2022",
      "Windows Server 2025",
    ],
  ]

  static func products(ofVersion version: String) -> Set<String> {
    let parts = version.split(separator: ".")
    return parts.count >= 2 ? byVersion["\(parts[0]).\(parts[1])"] ?? [] : []
  }

  public static func relation(of machine: Machine, to product: String) -> ProductRelation {
    let wanted = canonical(product)
    if let stated = machine.product {
      let own = canonical(stated)
      if own == wanted { return .same }
      // Evidence often says just "Windows NT 4.0" on a terminal server, and articles about NT 4.0 often hold for its terminal
      // server edition, which is built on the same kernel and numbered the same.
      let nt: Set<String> = ["Windows NT 4.0", "Windows NT 4.0 Terminal Server Edition"]
      if nt.contains(own), nt.contains(wanted) { return .unclear }
      let known = Set(byVersion.values.joined()).contains(own)
      return known ? .other : .unclear
    }
    guard let version = machine.version else { return .unclear }
    let candidates = products(ofVersion: version)
    if candidates.isEmpty { return .unclear }
    guard candidates.contains(wanted) else { return .other }
    return candidates.count == 1 ? .same : .unclear
  }
}

extension String {
  /// Whether whole words occur in a text padded with spaces.
  fileprivate func holds(_ words: String) -> Bool {
    let needle = Array((" " + words + " ").utf8)
    let bytes = Array(utf8)
    guard bytes.count >= needle.count else { return false }
    return (0...(bytes.count - needle.count)).contains { bytes[$0..<($0 + needle.count)].elementsEqual(needle) }
  }
}
