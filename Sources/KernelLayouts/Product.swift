import Facts

/// Workstation or server: the same build carries two products.
public enum ProductType: String, Hashable, Sendable, CaseIterable {
  case workstation, server

  /// From the `ProductType` of dump headers and OSVERSIONINFOEX: 1 workstation, 2 domain controller, 3 server.
  public init?(ntProductType: UInt32) {
    switch ntProductType {
    case 1: self = .workstation
    case 2, 3: self = .server
    default: return nil
    }
  }

  /// From the registry's `ProductType`: `WinNT`, `LanmanNT`, `ServerNT`; letter case does not matter.
  public init?(registryValue text: some StringProtocol) {
    switch text.lowercased() {
    case "winnt": self = .workstation
    case "lanmannt", "servernt": self = .server
    default: return nil
    }
  }
}

/// A Windows product as a build number gives it.
///
/// Source: Microsoft's public release information; see Documentation/Formats/bundled-data.md, `products.tsv`.
public struct Product: Hashable, Sendable {
  /// The name the project uses (`Windows Server 2003`).
  public let name: String
  /// Major and minor version (`5.2`).
  public let version: String
  /// The release, where one name spans several (`22H2`).
  public let release: String?
  /// The service pack the build number implies: from Vista to 7 each has its own. nil where the build does not tell (up to
  /// 2003) and where service packs are no more (from 8 on).
  public let servicePack: ServicePack?

  /// The products a build number can be. More than one when the type or architecture is not known and makes a difference.
  public static func candidates(
    build: Int, type: ProductType? = nil, architecture: Architecture? = nil
  ) -> [Product] {
    let fitting = ProductTable.shared.builds.filter { $0.fits(build: build, type: type, architecture: architecture) }
    guard let narrowest = fitting.map(\.builds.count).min() else { return [] }
    var products: [Product] = []
    for row in fitting where row.builds.count == narrowest && !products.contains(row.product) {
      products.append(row.product)
    }
    return products
  }

  /// The product of a build number; nil when it is not known, or the type or architecture would have to be guessed.
  public static func find(
    build: Int, type: ProductType? = nil, architecture: Architecture? = nil
  ) -> Product? {
    let found = candidates(build: build, type: type, architecture: architecture)
    return found.count == 1 ? found.first : nil
  }

  /// The build of a product by its name: of Windows 10 and later with the release, of Vista to 2008 R2 with the service pack. nil
  /// where these do not name one build. Where a service pack's build was counted on later (6003), the first one stands for both.
  public static func build(of name: String, release: String?, servicePack: ServicePack?) -> Int? {
    let found = ProductTable.shared.builds.filter { row in
      row.product.name == name && row.builds.count <= widestBuild
        && (release == nil || row.product.release?.lowercased() == release?.lowercased())
        && (servicePack == nil || row.product.servicePack == nil || row.product.servicePack == servicePack)
    }
    let builds = Set(found.map(\.builds.lowerBound))
    return builds.count == 1 ? builds.first : nil
  }

  /// The build by which a machine's updates are listed: its own, or the first of those that are serviced as one (6002 for 6003).
  public static func servicingBuild(_ build: Int) -> Int {
    ProductTable.shared.builds.first { $0.builds.count <= widestBuild && $0.builds.contains(build) }?.builds.lowerBound
      ?? build
  }

  /// Ranges of more builds stand for what is not known yet, not for one product.
  private static let widestBuild = 10

  /// Every canonical name, sorted.
  public static var names: [String] { ProductTable.shared.names }

  /// The products of a kernel version, by its first two numbers: `5.2` and `5.2.3790` give the same. Empty where it is not known.
  public static func names(ofVersion version: some StringProtocol) -> Set<String> {
    let wanted = version.split(separator: ".", omittingEmptySubsequences: false).prefix(2).joined(separator: ".")
    return Set(ProductTable.shared.builds.lazy.map(\.product).filter { $0.version == wanted }.map(\.name))
  }

  /// The service pack in a CSD version word: 0x0200 is Service Pack 2. The upper half, where kernels keep the service pack's
  /// build, is ignored. nil for 0, and for more than any Windows ever had, which is no service pack but damage. SP6a calls
  /// itself 6.
  public static func servicePack(csdVersion: UInt32) -> ServicePack? {
    let number = UInt8(truncatingIfNeeded: csdVersion >> 8)
    return (1...highestServicePack).contains(number) ? ServicePack(number) : nil
  }

  /// Windows NT 4.0 had six.
  static let highestServicePack: UInt8 = 6
}
