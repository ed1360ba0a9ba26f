import Facts
import KernelLayouts
import Synchronization

/// How a machine's product stands to one an article names.
@frozen
public enum ProductRelation: Hashable, Sendable {
  case same
  /// Certainly another product.
  case other
  /// The evidence does not tell the two apart.
  case unclear
}

/// Comparison of product names. The names themselves, their spellings and versions are `KernelLayouts`' table.
public enum ProductNames {
  /// An edition's name reduced to its product: `Microsoft(R) Windows(R) Server 2003, Enterprise Edition` → `Windows Server 2003`.
  /// What is no Windows comes back as printed.
  public static func canonical(_ text: some StringProtocol) -> String {
    listed(String(text)).first ?? String(text)
  }

  /// Built on one kernel and numbered the same.
  private static let nt4: Set<String> = ["Windows NT 4.0", "Windows NT 4.0 Terminal Server Edition"]
  /// As people write it where the version does not matter to them, or goes without saying.
  private static let unversionedNT = "Windows NT"

  /// Products of one kernel version, for machines of which only the version is known.
  static func products(ofVersion version: String) -> Set<String> {
    let names = Product.names(ofVersion: version)
    return names.isDisjoint(with: nt4) ? names : names.union(nt4)
  }

  /// A name that lists several products (`Windows NT Server versions 3.51, 4.0`) is the machine's where one of them is.
  public static func relation(of machine: Machine, to product: String) -> ProductRelation {
    let listed = listed(product)
    // An article about an SNA Server says nothing about which Windows it ran on.
    guard !listed.isEmpty else { return .unclear }
    let relations = listed.map { relation(of: machine, toCanonical: $0) }
    return relations.contains(.same) ? .same : relations.contains(.unclear) ? .unclear : .other
  }

  /// Thousands of articles print the same few hundred names.
  private static let known = Mutex<[String: [String]]>([:])
  private static let maximumKnown = 4096

  private static func listed(_ text: String) -> [String] {
    if let names = known.withLock({ $0[text] }) { return names }
    let names = Product.canonicalAll(text).map(\.product)
    known.withLock { if $0.count < maximumKnown { $0[text] = names } }
    return names
  }

  private static func relation(of machine: Machine, toCanonical wanted: String) -> ProductRelation {
    if let stated = machine.product {
      let own = listed(stated).first ?? stated
      if own == wanted { return .same }
      // Evidence often says just "Windows NT 4.0" on a terminal server, and articles about NT 4.0 often hold for its terminal
      // server edition.
      if nt4.contains(own), nt4.contains(wanted) { return .unclear }
      if own == unversionedNT || wanted == unversionedNT, own.hasPrefix(unversionedNT), wanted.hasPrefix(unversionedNT)
      {
        return .unclear
      }
      return Product.names.contains(own) ? .other : .unclear
    }
    guard let version = machine.version else { return .unclear }
    let candidates = products(ofVersion: version)
    if candidates.isEmpty { return .unclear }
    guard candidates.contains(wanted) else { return .other }
    return candidates.count == 1 ? .same : .unclear
  }
}
