import Facts
import Testing

@testable import KernelLayouts

@Suite struct NTStatusNamesTests {
  @Test func tableIsSortedUniqueAndWhole() {
    let table = EmbeddedTable(PackageResources.nt_status_tsv)
    let codes = table.records.compactMap { table.hexadecimal(table.key(of: $0)) }
    #expect(codes.count == table.records.count && codes.count >= 250)
    #expect(zip(codes, codes.dropFirst()).allSatisfy { $0 < $1 })
    #expect(NTStatusNames.all.count == codes.count)
    #expect(Set(NTStatusNames.all.compactMap(NTStatusNames.name)).count == codes.count)
  }

  @Test(
    arguments: [
      (0xC000_0005, "STATUS_ACCESS_VIOLATION"), (0x8000_0003, "STATUS_BREAKPOINT"),
      (0xC000_0006, "STATUS_IN_PAGE_ERROR"),
      (0xC000_001D, "STATUS_ILLEGAL_INSTRUCTION"), (0xC000_0094, "STATUS_INTEGER_DIVIDE_BY_ZERO"),
      (0xC000_0096, "STATUS_PRIVILEGED_INSTRUCTION"), (0xC000_00FD, "STATUS_STACK_OVERFLOW"),
      (0xC000_021A, "STATUS_SYSTEM_PROCESS_TERMINATED"), (0xC000_0409, "STATUS_STACK_BUFFER_OVERRUN"),
      (0xC000_0420, "STATUS_ASSERTION_FAILURE"), (0xC000_009C, "STATUS_DEVICE_DATA_ERROR"),
      (0xC000_0185, "STATUS_IO_DEVICE_ERROR"), (0x8000_0002, "STATUS_DATATYPE_MISALIGNMENT"),
      (0x8000_0004, "STATUS_SINGLE_STEP"), (0xE06D_7363, "CPP_EH_EXCEPTION"),
    ] as [(UInt32, String)])
  func knownNames(code: UInt32, name: String) {
    #expect(NTStatusNames.name(of: NTStatus(code)) == name)
    #expect(NTStatusNames.status(named: name.lowercased()) == NTStatus(code))
  }

  @Test func unknownCodes() {
    #expect(NTStatusNames.name(of: NTStatus(0x0BAD_F00D)) == nil)
    #expect(NTStatusNames.status(named: "STATUS_NO_SUCH_NAME") == nil)
  }
}

@Suite struct TagOwnersTests {
  @Test func ownersAreSortedAndTagsUnique() {
    let table = EmbeddedTable(PackageResources.tag_owners_tsv)
    let rows = table.records.map { table.fields(of: $0).map(table.text) }
    let tags = rows.flatMap { $0.dropFirst() }
    #expect(zip(rows, rows.dropFirst()).allSatisfy { ($0.first ?? "") < ($1.first ?? "") })
    #expect(tags.allSatisfy { (1...4).contains($0.utf8.count) })
    #expect(Set(tags).count == tags.count && tags.count >= 3000)
    #expect(TagOwners.count == tags.count)
  }

  @Test(
    arguments: [
      ("TcpE", "tcpip.sys", nil), ("AfdX", "afd.sys", nil), ("Mdl", "ntoskrnl.exe", "io"),
      ("MmSt", "ntoskrnl.exe", "mm"), ("Proc", "ntoskrnl.exe", "ps"), ("NtfF", "ntfs.sys", nil),
    ] as [(String, String, String?)])
  func knownOwners(text: String, owner: String, component: String?) throws {
    let tag = try #require(PoolTag(text))
    #expect(TagOwners.owner(of: tag) == owner)
    #expect(TagOwners.component(of: tag) == component)
    #expect(TagOwners.owner(of: PoolTag(rawValue: tag.rawValue | 0x8000_0000)) == owner)
  }

  @Test func unknownTag() throws {
    #expect(TagOwners.owner(of: try #require(PoolTag("\u{1}zz9"))) == nil)
  }
}

@Suite struct InboxModulesTests {
  @Test func namesAreSortedLowerCaseAndUnique() {
    let table = EmbeddedTable(PackageResources.inbox_modules_txt)
    let names = table.records.map(table.text)
    #expect(names.count >= 400)
    #expect(zip(names, names.dropFirst()).allSatisfy { $0 < $1 })
    #expect(names.allSatisfy { $0 == $0.lowercased() && $0.contains(".") || $0 == "ntldr" })
    #expect(InboxModules.count == names.count)
  }

  @Test(
    arguments: [
      "ntoskrnl.exe", "hal.dll", "Ntfs.sys", "TCPIP.SYS", "ndis.sys", "Wdf01000.sys", "amdppm.sys", "intelppm.sys",
      "storport.sys", "netbt.sys", "mup.sys", "rdbss.sys", "tdpipe.sys", "srv.sys", "win32k.sys",
      "\\SystemRoot\\system32\\drivers\\afd.sys", "dump_storahci.sys", "dump_dumpfve.sys",
    ])
  func inbox(name: String) { #expect(InboxModules.contains(name)) }

  @Test(arguments: ["myfault.sys", "nvlddmkm.sys", "WinDivert64.sys", "vmnet.sys", "", "dump_", "sys"])
  func notInbox(name: String) { #expect(!InboxModules.contains(name)) }
}
