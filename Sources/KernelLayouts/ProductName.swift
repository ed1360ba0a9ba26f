import Facts

/// A product's name as somebody printed or typed it, taken apart.
public struct ProductName: Hashable, Sendable {
  /// The name the project uses (`Windows Server 2003`); editions and R2 of 2003 are not told apart, since they run the same
  /// system files.
  public var product: String
  /// The service pack, where the name gives exactly one. nil for a list such as `versions 4.0, 4.0 SP6a`.
  public var servicePack: ServicePack?
  /// Every service pack the name gives, ascending.
  public var servicePacks: [ServicePack]
  public var architecture: Architecture?
  /// The release of Windows 10 and later, where the name gives one (`1809`).
  public var release: String?

  public init(
    product: String, servicePack: ServicePack? = nil, servicePacks: [ServicePack] = [],
    architecture: Architecture? = nil, release: String? = nil
  ) {
    self.product = product
    self.servicePack = servicePack
    self.servicePacks = servicePacks
    self.architecture = architecture
    self.release = release
  }
}

extension Product {
  /// The product behind a name such as `Microsoft(R) Windows(R) Server 2003, Standard x64 Edition`, `Windows NT Server 4.0,
  /// Terminal Server Edition` or `W2K3`; nil for anything else. A name that lists several versions gives the first product
  /// of the table's order: see `canonicalAll`.
  public static func canonical(_ text: some StringProtocol) -> ProductName? {
    canonical(words: words(of: text))
  }

  /// The products behind a name that lists several: `Windows NT Server versions 3.51, 4.0`, `Windows 7 and Windows Server
  /// 2008 R2, x64-based versions`. An architecture stated once holds for all.
  public static func canonicalAll(_ text: some StringProtocol) -> [ProductName] {
    let words = words(of: text)
    var found: [ProductName] = []
    for part in words.split(whereSeparator: { $0 == "and" || $0 == "or" }).map(Array.init) {
      let listed = part.filter { ["3.1", "3.5", "3.51", "4.0"].contains($0) }
      let singles =
        Set(listed).count > 1 ? listed.map { version in part.filter { $0 == version || !listed.contains($0) } } : [part]
      for name in singles.compactMap(canonical) where !found.contains(where: { $0.product == name.product }) {
        found.append(name)
      }
    }
    guard let architecture = canonical(words: words)?.architecture else { return found }
    return found.map { name in
      var name = name
      name.architecture = name.architecture ?? architecture
      return name
    }
  }

  private static func canonical(words: [String]) -> ProductName? {
    let table = ProductTable.shared
    guard let product = table.products.first(where: { $0.holds(for: words) })?.result else { return nil }
    let architecture = table.architectures.first { $0.holds(for: words) }?.result
    let release = table.builds.lazy.compactMap { $0.product.name == product ? $0.product.release : nil }
      .first { words.contains($0.lowercased()) }
    let packs = servicePacks(in: words)
    // A version printed twice is a list: `4.0, 4.0 SP6a` names two states of one product.
    let versions = words.filter { word in
      word.utf8.count > 1 && word.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) }
    }
    let isList = packs.count != 1 || Set(versions).count < versions.count
    return ProductName(
      product: product, servicePack: isList ? nil : packs.first, servicePacks: packs,
      architecture: architecture.map(Architecture.init(rawValue:)), release: release)
  }

  /// Lower-case words: letters, digits and points; signs such as ® separate, `(R)` and `(TM)` go, and so does the maker.
  private static func words(of text: some StringProtocol) -> [String] {
    let lowered = text.lowercased()
    var words: [String] = []
    var word = ""
    for scalar in lowered.unicodeScalars {
      // Most names are ASCII; the tables behind the properties are slow.
      let isPart =
        scalar.isASCII
        ? (0x30...0x39).contains(scalar.value) || (0x61...0x7A).contains(scalar.value) || scalar == "."
        : scalar.properties.isAlphabetic || scalar.properties.numericType != nil
      if isPart {
        word.unicodeScalars.append(scalar)
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    var result: [String] = []
    for var word in words {
      while word.hasSuffix(".") { word.removeLast() }
      for word in ProductTable.shared.spellings[word] ?? [word]
      where !word.isEmpty && !["microsoft", "r", "tm", "version", "versions", "the"].contains(word) {
        result.append(word)
      }
    }
    return result
  }

  /// `sp2`, `service pack 2`, `sp 6a`: the different ones, ascending.
  private static func servicePacks(in words: [String]) -> [ServicePack] {
    var found: Set<ServicePack> = []
    for (index, word) in words.enumerated() {
      let next = index + 1 < words.count ? words[index + 1] : ""
      if word.hasPrefix("sp"), let pack = ServicePack(word.dropFirst(2)) {
        found.insert(pack)
      } else if word == "sp" || (word == "pack" && index > 0 && words[index - 1] == "service"),
        let pack = ServicePack(next)
      {
        found.insert(pack)
      }
    }
    return found.sorted()
  }
}
