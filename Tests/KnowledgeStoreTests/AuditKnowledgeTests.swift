import Facts
import Foundation
import Testing

@testable import KnowledgeStore

/// Of systems that have no service packs.
private let noPack = -1

@Suite struct AuditKnowledgeTests {
  private func target(_ name: String) -> UpdateTarget? { UpdateTarget(catalogueName: name) }

  @Test(arguments: [
    ("Windows 7 for x64-based Systems Service Pack 1", "Windows 7", 7601, 1, Architecture.x64),
    ("Windows 7 for 32-bit Systems", "Windows 7", 7600, 0, .x86),
    ("Windows 8.1 for 32-bit systems", "Windows 8.1", 9600, noPack, .x86),
    ("Windows Vista x64 Edition Service Pack 2", "Windows Vista", 6002, 2, .x64),
    ("Windows Vista", "Windows Vista", 6000, 0, .x86),
    ("Windows Server 2008 for 32-bit Systems", "Windows Server 2008", 6001, 1, .x86),
    ("Windows Server 2008 for Itanium-Based Systems Service Pack 2", "Windows Server 2008", 6002, 2, .ia64),
    ("Windows Server 2008 R2 for x64-based Systems Service Pack 1", "Windows Server 2008 R2", 7601, 1, .x64),
    ("Microsoft Windows Server 2003 Service Pack 2", "Windows Server 2003", 3790, 2, .x86),
    ("Microsoft Windows Server 2003 x64 Edition", "Windows Server 2003", 3790, 1, .x64),
    ("Windows Server 2003 R2 x64 Edition Service Pack 2", "Windows Server 2003", 3790, 2, .x64),
    ("Microsoft Windows XP Service Pack 3", "Windows XP", 2600, 3, .x86),
    (
      "Microsoft Windows XP Professional x64 Edition Service Pack 2", "Windows XP Professional x64 Edition", 3790, 2,
      .x64
    ),
    ("Microsoft Windows 2000 Service Pack 4", "Windows 2000", 2195, 4, .x86),
    ("Windows 10 for x64-based Systems", "Windows 10", 10240, noPack, .x64),
    ("Windows 10 Version 1809 for ARM64-based Systems", "Windows 10", 17763, noPack, .arm64),
    ("Windows 11 version 21H2 for x64-based Systems", "Windows 11", 22000, noPack, .x64),
    ("Windows Server 2012 R2", "Windows Server 2012 R2", 9600, noPack, .x64),
    ("Windows Server 2019", "Windows Server 2019", 17763, noPack, .x64),
    ("Windows Server, version 1803 (Server Core Installation)", "Windows Server", 17134, noPack, .x64),
    ("Windows Server 2022, 23H2 Edition (Server Core installation)", "Windows Server", 25398, noPack, .x64),
  ])
  func names(name: String, product: String, build: Int, pack: Int, architecture: Architecture) throws {
    let found = try #require(target(name))
    #expect(found.product == product && found.build == build && found.architecture == architecture)
    #expect(found.servicePack == (pack == noPack ? nil : ServicePack(UInt8(pack))) && found.component == nil)
    #expect(found.isCore == name.lowercased().contains("core"))
  }

  @Test func partsOfWindows() throws {
    let browser = try #require(target("Internet Explorer 11 on Windows 7 for x64-based Systems Service Pack 1"))
    #expect(browser.component == "Internet Explorer 11" && browser.build == 7601)
    let framework = try #require(
      target("Microsoft .NET Framework 3.5 on Windows Server 2012 R2 (Server Core installation)"))
    #expect(framework.component == "Microsoft .NET Framework 3.5" && framework.isCore)
  }

  @Test(arguments: [
    "Windows ADK for Windows 10, version 1607", "Windows RT 8.1", "Windows 10 Version 1607 for HoloLens",
    "Windows 10 HLK Version 22H2", "Microsoft Office 2010 Service Pack 2 (32-bit editions)", "Windows Admin Center",
    "Microsoft Windows SharePoint Services 2.0", "OneDrive for Windows", "Windows Terminal for Windows 10", "",
  ])
  func whatIsNoWindows(name: String) { #expect(target(name) == nil) }

  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("faultline-\(UUID().uuidString)")

  private static let header =
    "\"DatePosted\",\"CVE\",\"BulletinKB\",\"Title\",\"AffectedProduct\",\"AffectedComponent\",\"Severity\",\"Impact\",\"Supersedes\",\"Exploits\"\n"

  private func row(_ id: String, _ product: String, _ supersedes: String = "") -> String {
    "\"20150310\",\"CVE-2015-1\",\"\(id)\",\"Update\",\"\(product)\",\"\",\"Critical\",\"\",\"\(supersedes)\",\"\"\n"
  }

  @Test func onlyTheMachinesOwn() async throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let file = folder.appendingPathComponent("updates.csv")
    let text =
      Self.header + row("1000001", "Windows 7 for x64-based Systems Service Pack 1")
      + row("1000001", "Windows 7 for 32-bit Systems Service Pack 1")
      + row("1000002", "Windows 7 for x64-based Systems Service Pack 1", "1000001")
      + row("1000003", "Windows 7 for 32-bit Systems Service Pack 1")
      + row("1000004", "Windows 7 for x64-based Systems")
      + row("1000005", "Windows Server 2008 R2 for x64-based Systems Service Pack 1", "1000002")
      + row("1000006", "Windows Vista Service Pack 2", "1000001")
    try Data(text.utf8).write(to: file)
    let database = folder.appendingPathComponent("kb.sqlite").path
    _ = try await KnowledgeImporter(path: database, now: "2020-01-01T00:00:00Z").run([file.path])
    let store = try KnowledgeStore(readingAt: database)
    let machine = Machine(product: "Windows 7", servicePack: ServicePack(1), architecture: .x64, version: "6.1.7601")
    let knowledge = try store.auditKnowledge(of: machine)
    #expect(knowledge.updates.map(\.id) == ["KB1000001", "KB1000002"])
    // One kernel, so what replaces what on the server holds here too; what is stated for Vista does not.
    #expect(
      knowledge.replacements
        == [Replacement(older: "KB1000001", newer: "KB1000002"), Replacement(older: "KB1000002", newer: "KB1000005")])
    // What is listed for the service pack itself is of no later one.
    #expect(knowledge.later.isEmpty)
    var released = machine
    released.servicePack = ServicePack(0)
    released.version = "6.1.7600"
    #expect(try store.auditKnowledge(of: released).updates.map(\.id) == ["KB1000004"])
    #expect(
      try store.auditKnowledge(of: released).later
        == [LaterServicePack(ServicePack(1), listed: ["KB1000001", "KB1000002"], lastPublished: "2015-03-10")])
    var unknown = machine
    unknown.architecture = nil
    #expect(try store.auditKnowledge(of: unknown).updates.isEmpty)
  }
}
