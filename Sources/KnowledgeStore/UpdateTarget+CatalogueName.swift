import Facts
import KernelLayouts

extension UpdateTarget {
  /// From a product's name as catalogues of security updates print it; nil for what is no Windows, nor part of one.
  ///
  /// The names follow one pattern since 2008: `COMPONENT on WINDOWS for ARCHITECTURE Systems Service Pack N (Server Core
  /// installation)`. A name with a word that the pattern does not have is not taken for a Windows: `Windows ADK for Windows 10`,
  /// `Windows RT 8.1`, `Windows 10 Version 1607 for HoloLens`.
  init?(catalogueName name: String) {
    let (component, system) = Self.parts(name)
    guard let system else { return nil }
    var words = system.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "." || $0 == "-") }.map(String.init)
    if words.first == "microsoft" { words.removeFirst() }
    guard words.first == "windows", words.allSatisfy(Self.isPart) else { return nil }
    let isCore = words.contains("core")
    words.removeAll { ["core", "installation"].contains($0) }
    // `(Server Core installation)` leaves its first word behind.
    if isCore, words.last == "server" { words.removeLast() }
    let architecture = Self.architecture(&words)
    // A release of Server that is named after the year of the one before it.
    if words.contains("2022"), words.contains("23h2") { words.removeAll { $0 == "2022" || $0 == "edition" } }
    let spoken = words.joined(separator: " ")
    guard let found = Product.canonical(spoken) else { return nil }
    let own = architecture ?? found.architecture ?? Self.unnamedArchitecture[found.product]
    guard let own else { return nil }
    let pack = found.servicePack ?? Self.unnamedServicePack(found.product, own, words)
    let release = found.release ?? (found.product == "Windows 10" ? Self.firstRelease : nil)
    self.init(
      name: name, product: found.product,
      build: Product.build(of: found.product, release: release, servicePack: pack), servicePack: pack,
      architecture: own, component: component, isCore: isCore)
  }

  /// `Windows 10 for x64-based Systems` without a version is the first one.
  private static let firstRelease = "1507"

  /// `Internet Explorer 11 on Windows 7 …`, `Microsoft .NET Framework 3.5 when installed on Microsoft Windows XP …`.
  private static func parts(_ name: String) -> (component: String?, system: Substring?) {
    let bytes = Array(name.utf8)
    for marker in [" on Windows", " on Microsoft Windows"] {
      let wanted = Array(marker.utf8)
      guard bytes.count > wanted.count,
        let place = (0...(bytes.count - wanted.count)).last(where: { bytes[$0...].starts(with: wanted) })
      else { continue }
      var component = String(decoding: bytes[..<place], as: UTF8.self)
      for ending in [" when installed", " installed"] where component.hasSuffix(ending) {
        component.removeLast(ending.count)
      }
      return (component, Substring(String(decoding: bytes[(place + 4)...], as: UTF8.self)))
    }
    return (nil, Substring(name))
  }

  private static let fixedWords: Set<String> = [
    "windows", "server", "version", "for", "32-bit", "x64-based", "arm64-based", "arm", "itanium-based", "systems",
    "system", "service", "pack", "edition", "xp", "vista", "professional", "x64", "r2", "2000", "2003", "2008", "2012",
    "2016", "2019", "2022", "2025", "core", "installation", "media", "center", "tablet", "pc", "2005", "nt",
  ]

  private static func isPart(_ word: String) -> Bool {
    if fixedWords.contains(word) { return true }
    // `8.1`, `1809`, `21h2`.
    return word.utf8.count <= 4 && word.utf8.first.map { (0x30...0x39).contains($0) } == true
      && word.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "h") }
  }

  /// Takes `for x64-based Systems` out of the words, which names of products do not have.
  private static func architecture(_ words: inout [String]) -> Architecture? {
    guard let place = words.firstIndex(of: "for"), place + 1 < words.count else { return nil }
    let architecture: Architecture
    switch words[place + 1] {
    case "32-bit": architecture = .x86
    case "x64-based": architecture = .x64
    case "arm64-based", "arm": architecture = .arm64
    case "itanium-based": architecture = .ia64
    default: return nil
    }
    let isFollowed = place + 2 < words.count && ["systems", "system"].contains(words[place + 2])
    words.removeSubrange(place..<(place + (isFollowed ? 3 : 2)))
    return architecture
  }

  /// Names without an architecture: up to Vista the 32-bit edition goes without saying, and servers since 2008 R2 have but one.
  private static let unnamedArchitecture: [String: Architecture] = [
    "Windows 2000": .x86, "Windows XP": .x86, "Windows Server 2003": .x86, "Windows Vista": .x86,
    "Windows NT 4.0": .x86, "Windows NT 4.0 Terminal Server Edition": .x86,
    "Windows Server 2008 R2": .x64, "Windows Server 2012": .x64, "Windows Server 2012 R2": .x64,
    "Windows Server 2016": .x64, "Windows Server 2019": .x64, "Windows Server 2022": .x64,
    "Windows Server 2025": .x64, "Windows Server": .x64,
  ]

  /// What a name without a service pack means: the system as first released, which for some was at the level of a service pack
  /// already.
  private static func unnamedServicePack(
    _ product: String, _ architecture: Architecture, _ words: [String]
  ) -> ServicePack? {
    switch product {
    case "Windows Server 2008", "Windows XP Professional x64 Edition": ServicePack(1)
    case "Windows Server 2003": ServicePack(architecture == .x64 ? 1 : 0)
    // The editions of 2005 are built on Service Pack 2.
    case "Windows XP": ServicePack(words.contains("2005") ? 2 : 0)
    case "Windows NT 4.0", "Windows NT 4.0 Terminal Server Edition", "Windows 2000", "Windows Vista", "Windows 7",
      "Windows Server 2008 R2":
      ServicePack(0)
    default: nil
    }
  }
}
