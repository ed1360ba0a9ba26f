import Facts
import KernelLayouts

/// The product behind a printed name and a build number: the number knows the release, the name whether it is a server.
func product(named name: String?, build: Int?, architecture: Architecture?) -> String? {
  let printed = name.flatMap { name in
    // Windows XP for x64 is another product than Windows XP: the architecture is part of the name.
    architecture.flatMap { Product.canonical("\(name) \($0.rawValue)") } ?? Product.canonical(name)
  }?.product
  guard let build else { return printed }
  let type: ProductType? = name.map { $0.lowercased().contains("server") ? .server : .workstation }
  let candidates = Product.candidates(build: build, type: type, architecture: architecture)
  if let printed, candidates.contains(where: { $0.name == printed }) { return printed }
  // Windows 11 still calls itself 10 in its registry: the build is right.
  return candidates.count == 1 ? candidates[0].name : printed
}

/// The service pack of systems that have them; nil from Windows 8 on.
func servicePack(stated: ServicePack?, build: Int?) -> ServicePack? {
  guard let build else { return stated }
  return build < 9200 ? stated ?? ServicePack(0) : nil
}

/// `en-us` as `en-US`, `zh-hans-cn` as `zh-Hans-CN`; nil for what is no language.
func languageTag(_ text: some StringProtocol) -> String? {
  let parts = text.split(separator: "-", omittingEmptySubsequences: false)
  guard let first = parts.first, (2...3).contains(first.utf8.count), parts.count <= 3,
    parts.allSatisfy({ part in
      (2...4).contains(part.utf8.count) && part.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) }
    })
  else { return nil }
  return
    ([first.lowercased()]
    + parts.dropFirst().map {
      $0.utf8.count == 4 ? $0.prefix(1).uppercased() + $0.dropFirst().lowercased() : $0.uppercased()
    })
    .joined(separator: "-")
}

/// The id at the beginning of an entry: `KB893803v2 - Update`, `KB2834904-v2_WM11`, `Q329834`; nil for anything else. The
/// number alone is the update: what is behind it names a package of it.
func updateID(_ text: some StringProtocol) -> String? {
  let bytes = Array(text.utf8.prefix(12))
  let prefix: Int
  if bytes.count > 2, bytes[0] | 0x20 == UInt8(ascii: "k"), bytes[1] | 0x20 == UInt8(ascii: "b") {
    prefix = 2
  } else if bytes.first == UInt8(ascii: "Q") {
    prefix = 1
  } else {
    return nil
  }
  let digits = bytes[prefix...].prefix { (0x30...0x39).contains($0) }
  guard (prefix == 1 ? 6...6 : 5...8).contains(digits.count) else { return nil }
  if let next = bytes.dropFirst(prefix + digits.count).first, ![0x20, 0x2D, 0x5F, 0x7E, 0x28, 0x29].contains(next) {
    // `v2`, or a language behind an old hotfix; anything else is a word that only begins like an id.
    guard next | 0x20 == UInt8(ascii: "v") else { return nil }
  }
  return (prefix == 2 ? "KB" : "Q") + String(decoding: digits, as: UTF8.self)
}

/// Stands in lists of Windows XP and Server 2003 that have no such update: a placeholder of the tool.
let placeholderUpdate = "Q147222"

/// Updates in the order they were met, each once.
struct UpdateList {
  private(set) var ids: [String] = []
  private var seen: Set<String> = []

  mutating func add(_ id: String) {
    if id != placeholderUpdate, seen.insert(id).inserted { ids.append(id) }
  }
}
