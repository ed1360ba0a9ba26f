import Facts
import Testing

@testable import KernelLayouts

@Suite struct ProductTests {
  @Test func everyRecordIsUnderstood() {
    let table = ProductTable.shared
    let records = EmbeddedTable(PackageResources.products_tsv).records.count
    #expect(table.builds.count + table.spellings.count + table.products.count + table.architectures.count == records)
    for row in table.builds { #expect(row.architecture.map(Architecture.known.contains) ?? true) }
    for row in table.architectures { #expect(Architecture.known.contains(Architecture(rawValue: row.result))) }
  }

  /// No two rows may claim the same build for the same type and architecture with equal right.
  @Test func buildsAreNotClaimedTwice() {
    for build in Set(ProductTable.shared.builds.map(\.builds.lowerBound)) {
      for type in ProductType.allCases {
        for architecture in Architecture.known {
          #expect(
            Product.candidates(build: build, type: type, architecture: architecture).count <= 1, "\(build) \(type)")
        }
      }
    }
  }

  @Test(
    arguments: [
      (1381, .workstation, .x86, "Windows NT 4.0", nil, nil), (2195, .server, .x86, "Windows 2000", nil, nil),
      (2600, .workstation, .x86, "Windows XP", nil, nil), (3790, .server, .x86, "Windows Server 2003", nil, nil),
      (3790, .server, .x64, "Windows Server 2003", nil, nil),
      (3790, .workstation, .x64, "Windows XP Professional x64 Edition", nil, nil),
      (6000, .workstation, .x86, "Windows Vista", nil, 0), (6001, .workstation, .x64, "Windows Vista", nil, 1),
      (6001, .server, .x64, "Windows Server 2008", nil, 1), (6003, .server, .x64, "Windows Server 2008", nil, 2),
      (7601, .workstation, .x64, "Windows 7", nil, 1), (7601, .server, .x64, "Windows Server 2008 R2", nil, 1),
      (9200, .server, .x64, "Windows Server 2012", nil, nil), (9600, .workstation, .x86, "Windows 8.1", nil, nil),
      (10240, .workstation, .x64, "Windows 10", "1507", nil), (19045, .workstation, .x64, "Windows 10", "22H2", nil),
      (14393, .server, .x64, "Windows Server 2016", "1607", nil),
      (17763, .server, .x64, "Windows Server 2019", "1809", nil),
      (20348, .server, .x64, "Windows Server 2022", "21H2", nil),
      (26100, .server, .x64, "Windows Server 2025", "24H2", nil),
      (22000, .workstation, .arm64, "Windows 11", "21H2", nil), (26100, .workstation, .x64, "Windows 11", "24H2", nil),
      (18326, .workstation, .x64, "Windows 10", nil, nil),
    ] as [(Int, ProductType, Architecture, String, String?, UInt8?)])
  func products(
    build: Int, type: ProductType, architecture: Architecture, name: String, release: String?, pack: UInt8?
  ) throws {
    let product = try #require(Product.find(build: build, type: type, architecture: architecture))
    #expect(product.name == name)
    #expect(product.release == release)
    #expect(product.servicePack == pack.map { ServicePack($0) })
  }

  @Test func nothingIsGuessed() {
    #expect(Product.find(build: 3790, architecture: .x86)?.name == "Windows Server 2003")
    #expect(Product.find(build: 6002) == nil)
    #expect(Product.candidates(build: 6002).map(\.name) == ["Windows Vista", "Windows Server 2008"])
    #expect(Product.find(build: 2600)?.version == nil)
    #expect(Product.find(build: 2600, architecture: .x86)?.version == "5.1")
    #expect(Product.find(build: 1234) == nil)
  }

  @Test func servicePackOfACSDVersion() {
    #expect(Product.servicePack(csdVersion: 0x0200) == ServicePack(2))
    #expect(Product.servicePack(csdVersion: 0x0600) == ServicePack(6))
    #expect(Product.servicePack(csdVersion: 0x0ECE_0100) == ServicePack(1))
    #expect(Product.servicePack(csdVersion: 0) == nil)
    #expect(Product.servicePack(csdVersion: 0x0700) == nil)
  }

  @Test func namesOfAVersion() {
    #expect(Product.names(ofVersion: "6.0") == ["Windows Vista", "Windows Server 2008"])
    #expect(Product.names(ofVersion: "6.0.6002.18005") == ["Windows Vista", "Windows Server 2008"])
    for version in ["5", "5.9", ""] { #expect(Product.names(ofVersion: version).isEmpty, "\(version)") }
  }

  @Test func productTypes() {
    #expect(ProductType(ntProductType: 1) == .workstation && ProductType(ntProductType: 2) == .server)
    #expect(ProductType(ntProductType: 9) == nil)
    #expect(ProductType(registryValue: "WinNT") == .workstation && ProductType(registryValue: "ServerNT") == .server)
  }

  @Test(
    arguments: [
      ("Windows Server 2003 R2", "Windows Server 2003", nil, nil),
      ("Microsoft Windows Server 2003, Standard Edition", "Windows Server 2003", nil, nil),
      ("Microsoft Windows Server 2003, Standard Edition (32-bit x86)", "Windows Server 2003", nil, .x86),
      ("Microsoft(R) Windows(R) Server 2003 Standard x64 Edition", "Windows Server 2003", nil, .x64),
      (
        "Microsoft Windows Server 2003, Enterprise Edition for Itanium-based Systems", "Windows Server 2003", nil, .ia64
      ),
      ("Windows Server 2003, 64-Bit Datacenter Edition", "Windows Server 2003", nil, .ia64),
      ("Microsoft Windows Small Business Server 2003 Premium Edition", "Windows Server 2003", nil, nil),
      ("Windows Vista Business 64-bit Edition", "Windows Vista", nil, .x64),
      ("Microsoftr Windows VistaT Enterprise", "Windows Vista", nil, nil),
      ("Windows Vista Service Pack 1 (SP1)", "Windows Vista", "1", nil),
      ("Microsoftr Windows Serverr 2008 Standard", "Windows Server 2008", nil, nil),
      ("Microsoft\u{AE} Windows Server\u{AE} 2008 R2 Standard", "Windows Server 2008 R2", nil, nil),
      ("Windows NT Server 4.0, Terminal Server Edition", "Windows NT 4.0 Terminal Server Edition", nil, nil),
      (
        "Microsoft Windows NT Server versions 4.0, 4.0 SP4, 4.0 SP5, 4.0 SP6, Terminal Server Edition",
        "Windows NT 4.0 Terminal Server Edition", nil, nil
      ),
      ("Microsoft Windows NT Workstation version 4.0 SP5", "Windows NT 4.0", "5", nil),
      ("Microsoft Windows NT Server version 4.0 SP6a", "Windows NT 4.0", "6a", nil),
      ("Microsoft Windows NT Server versions 4.0, 4.0 SP6a", "Windows NT 4.0", nil, nil),
      ("Microsoft Windows NT Server version 3.51", "Windows NT 3.51", nil, nil),
      ("WinNT", "Windows NT", nil, nil), ("winnt 4.0", "Windows NT 4.0", nil, nil),
      ("Microsoft Windows versions 2000, 2000 SP1 Advanced Server", "Windows 2000", nil, nil),
      ("Microsoft Windows\u{FF}7 Entreprise N", "Windows 7", nil, nil),
      ("Windows XP with Service Pack 3 (SP3), x86-based versions", "Windows XP", "3", .x86),
      ("Microsoft(R) Windows(R) XP Professional x64 Edition", "Windows XP Professional x64 Edition", nil, .x64),
      ("Windows XP 64-Bit Edition Version 2003", "Windows XP 64-Bit Edition", nil, .ia64),
      ("Microsoft Windows\u{A0}7 Entreprise N", "Windows 7", nil, nil), ("w2k3", "Windows Server 2003", nil, nil),
      ("Windows 8.1 Pro", "Windows 8.1", nil, nil), ("Windows 8 for 32-bit Systems", "Windows 8", nil, .x86),
      ("Windows 10 Version 1809 for ARM64-based Systems", "Windows 10", nil, .arm64),
      ("Windows Server, version 20H2 (Server Core Installation)", "Windows Server", nil, nil),
      ("Windows Server 2012 R2 Standard", "Windows Server 2012 R2", nil, nil),
      ("Microsoft Windows 11 Enterprise LTSC", "Windows 11", nil, nil),
    ] as [(String, String, String?, Architecture?)])
  func canonicalNames(text: String, product: String, pack: String?, architecture: Architecture?) throws {
    let name = try #require(Product.canonical(text))
    #expect(name.product == product)
    #expect(name.servicePack == pack.flatMap { ServicePack($0) })
    #expect(name.architecture == architecture)
    #expect(Product.names.contains(product))
  }

  @Test func releasesInNames() {
    #expect(Product.canonical("Windows 10 Version 1809 for x64-based Systems")?.release == "1809")
    #expect(Product.canonical("Windows Server, version 20H2")?.release == "20H2")
  }

  @Test func listsOfVersions() {
    let packs = Product.canonical("Windows NT Workstation versions 4.0, 4.0 SP6a, 4.0 SP4")?.servicePacks
    #expect(packs == [ServicePack(4), ServicePack(6, letter: "a")])
    let names = Product.canonicalAll("Microsoft Windows NT Server versions 3.5, 3.51, 4.0").map(\.product)
    #expect(names == ["Windows NT 3.5", "Windows NT 3.51", "Windows NT 4.0"])
    #expect(Product.canonicalAll("Microsoft Windows Server 2003 R2").map(\.product) == ["Windows Server 2003"])
    let both = Product.canonicalAll("Windows Server 2008 and Windows Vista SP1, x86-based versions")
    #expect(both.map(\.product) == ["Windows Server 2008", "Windows Vista"])
    #expect(both.map(\.servicePack) == [nil, ServicePack(1)])
    #expect(both.map(\.architecture) == [.x86, .x86])
    #expect(Product.canonicalAll("Microsoft Home Games").isEmpty)
  }

  /// Names of other products that carry the same words.
  @Test(
    arguments: [
      "Microsoft SNA Server, version 4.0 SP4", "Microsoft Host Integration Server 2000", "Microsoft SQL Server 2008 R2",
      "Microsoft Visual Basic Enterprise Edition for Windows, version 6.0", "Microsoft FrontPage 2000 for Windows",
      "Microsoft Exchange Server 2003", "Microsoft PowerPoint for Windows 95, version 7.0", "Internet Explorer 8", "",
    ])
  func otherProductsAreNotWindows(text: String) { #expect(Product.canonical(text) == nil) }
}
