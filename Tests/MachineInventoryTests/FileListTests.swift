import Facts
import MachineInventory
import Testing

@Suite struct FileListTests {
  private func files(_ text: String) -> [ModuleIdentity] { InventoryText.read(Array(text.utf8)).machine.files }

  @Test(arguments: [
    "Name=c:\\windows\\system32\\ntoskrnl.exe\r\nVersion=5.1.2600.5586\r\n",
    "Name                                 Version\r\nc:\\windows\\system32\\ntoskrnl.exe     5.1.2600.5586\r\n",
    "Node,Name,Version\r\nPC1,c:\\windows\\system32\\ntoskrnl.exe,5.1.2600.5586\r\n",
    "C:\\>wmic datafile where name=\"C:\\\\Windows\\\\System32\\\\ntoskrnl.exe\" get Version\r\nVersion\r\n5.1.2600.5586\r\n",
    "FileName    : C:\\Windows\\System32\\ntoskrnl.exe\r\nFileVersion : 5.1.2600.5586 (xpsp_sp3_qfe.080423-1147)\r\n",
    "ntoskrnl.exe\t5.1.2600.5586\r\n",
  ])
  func versionsInEveryForm(text: String) {
    let found = files(text)
    #expect(found.map(\.name) == ["ntoskrnl.exe"])
    #expect(found.first?.version == FileVersion(5, 1, 2600, 5586))
    if text.contains("qfe") { #expect(found.first?.branchSuffix == "xpsp_sp3_qfe.080423-1147") }
  }

  @Test func listsOfSeveral() {
    let found = files(
      "\r\nName=C:\\Windows\\system32\\drivers\\netbt.sys\r\nVersion=5.2.3790.4318\r\n\r\n\r\nName=C:\\Windows\\system32\\drivers\\mup.sys\r\nVersion=5.2.3790.71\r\n"
    )
    #expect(found.map(\.name) == ["netbt.sys", "mup.sys"])
    #expect(found.map { $0.version?.revision } == [4318, 71])
  }

  @Test func directoryListings() {
    let american = files(
      " Directory of C:\\WINNT\\system32\\drivers\r\n\r\n01/17/2002  10:47a              10,360 Tdpipe.sys\r\n01/07/2002  10:47 AM            18,488 Tdtcp.sys\r\n"
    )
    #expect(american.map(\.fileDate) == ["2002-01-17", "2002-01-07"])
    #expect(american.map(\.fileSize) == [10360, 18488])
    let german = files("07.01.2002  10:47            10.360 tdpipe.sys\r\n")
    #expect(german.first?.fileDate == "2002-01-07" && german.first?.fileSize == 10360)
    // Which of the two numbers is the day cannot be told.
    #expect(files("01/07/2002  10:47 AM            10,360 Tdpipe.sys\r\n").isEmpty)
  }

  @Test func stacksAndPlainTextAreNone() {
    #expect(files("nt!KeBugCheckEx+0x1b acme.sys 1.2.3.4\n").isEmpty)
    #expect(files("ntoskrnl.exe is the kernel, and 5.1 is XP\n").isEmpty)
  }

  @Test func namesOfTheMachine() {
    let report = """
      Host Name:                 SRV1
      OS Name:                   Microsoft(R) Windows(R) Server 2003, Standard Edition
      OS Version:                5.2.3790 Service Pack 2 Build 3790
      System Type:               X86-based PC
      """
    #expect(InventoryText.read(Array(report.utf8)).machine.computerName == "SRV1")
    #expect(InventoryText.read(Array(TextTests.table.utf8)).machine.computerName == "PC1")
    let values = "Node,HotFixID\r\nPC7,KB950162\r\nPC7,KB961799\r\n"
    #expect(InventoryText.read(Array(values.utf8)).machine.computerName == "PC7")
    // Lists of two machines name none.
    #expect(InventoryText.read(Array((values + "PC8,KB1234567\r\n").utf8)).machine.computerName == nil)
  }

  @Test func packageNames() {
    #expect(PackageName.update(in: "KB950162.cat") == "KB950162")
    #expect(PackageName.update(in: "KB961799-IA64.cat") == "KB961799")
    #expect(PackageName.update(in: "Package_1_for_KB950162~31bf3856ad364e35~x86~~6.0.1.0.mum") == "KB950162")
    #expect(PackageName.update(in: "nt5.cat") == nil)
  }
}
