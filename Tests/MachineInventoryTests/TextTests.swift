import Facts
import MachineInventory
import Testing

extension String {
  /// Little-endian, without a byte-order mark.
  var utf16Bytes: [UInt8] { utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] } }
}

@Suite struct TextTests {
  static let french = """

    Nom de l'hôte:                              PC1
    Nom du système d'exploitation:              Microsoft Windows 7 Entreprise N
    Version du système:                         6.1.7601 Service Pack 1 version 7601
    Fabricant du système d'exploitation:        Microsoft Corporation
    Type du système:                            x64-based PC
    Processeur(s):                              1 processeur(s) installé(s).
                                                [01] : Intel64 Family 6 Model 158 Stepping 9 GenuineIntel ~2808 MHz
    Option régionale du système:                fr;Français (France)
    Mémoire virtuelle : en cours d'utilisation: 3 209 Mo
    Correctif(s):                               4 Corrections installées.
                                                [01] : File 1
                                                [02] : Q147222
                                                [03] : KB2491683
                                                [04] : KB893803v2 - Update
    Carte(s) réseau:                            1 carte(s) réseau installée(s).
                                                [01]: Intel(R) PRO/1000 MT Network Connection
                                                      [01]: 192.168.1.2
    """

  static let table = """
    Caption                                     CSName  Description      FixComments  HotFixID   InstalledOn  ServicePackInEffect
    http://support.microsoft.com/?kbid=2849697  PC1     Security Update               KB2849697  5/22/2015
    http://support.microsoft.com                PC1     Update                        943729     5/22/2015
                                                PC1                                   File 1                  KB2115168
    """

  static let packages = """
    Version des Abbildimages: 6.1.7601.18489

    Paketidentität : Microsoft-Windows-Foundation-Package~31bf3856ad364e35~amd64~~6.1.7601.17514
    Zustand : Installiert

    Paketidentität : Package_for_KB2479943~31bf3856ad364e35~amd64~~6.1.1.0
    Zustand : Installiert
    Installationszeit : 04.03.2019 11:44

    Paketidentität : Package_for_KB2491683~31bf3856ad364e35~amd64~~6.1.1.1
    Zustand : Bereitgestellt
    """

  static let offered = """
    KB4462930: Update for Adobe Flash Player for Windows 10 Version 1803 for x64-based Systems (KB4462930)
    KB890830: Windows Malicious Software Removal Tool x64 - February 2019 (KB890830)
    """

  static let samples = [french, table, packages, offered]

  @Test func anyLanguage() {
    let view = InventoryText.read(Array(Self.french.utf8))
    #expect(view.forms == [.systemInformation])
    var machine = Machine(
      product: "Windows 7", servicePack: ServicePack(1), architecture: .x64, version: "6.1.7601", language: "fr",
      updates: ["KB2491683", "KB893803"], updatesAreComplete: true)
    machine.computerName = "PC1"
    machine.edition = "Microsoft Windows 7 Entreprise N"
    #expect(view.machine == machine)
    #expect(view.statedUpdates == 4)
    #expect(view.listedUpdates == 4)
  }

  @Test func codePagesAndUTF16GiveTheSame() {
    let expected = InventoryText.read(Array(Self.french.utf8)).machine
    #expect(InventoryText.read(Self.french.utf16Bytes).machine == expected)
    #expect(InventoryText.read([0xFF, 0xFE] + Self.french.utf16Bytes).machine == expected)
    // Code page 850: é is 0x82; what matters is ASCII.
    let oem = Self.french.unicodeScalars.map { $0.isASCII ? UInt8($0.value) : 0x82 }
    #expect(InventoryText.read(oem).machine == expected)
  }

  @Test func aListThatEndsEarlyIsNotWhole() {
    let cut = Self.french.replacing("4 Corrections", with: "40 Corrections")
    let view = InventoryText.read(Array(cut.utf8))
    #expect(!view.machine.updatesAreComplete)
    #expect(view.statedUpdates == 40)
  }

  @Test func serversAreToldFromWorkstations() {
    for (name, version, product, pack) in [
      ("Microsoft(R) Windows(R) Server 2003, Standard Edition", "5.2.3790 Build 3790", "Windows Server 2003", 0),
      (
        "Microsoft(R) Windows(R) XP Professional x64 Edition", "5.2.3790 Service Pack 2 Build 3790",
        "Windows XP Professional x64 Edition", 2
      ),
      ("Microsoftr Windows Serverr 2008 Standard", "6.0.6001 Service Pack 1 Build 6001", "Windows Server 2008", 1),
    ] {
      let text = "OS Name:      \(name)\r\nOS Version:   \(version)\r\nSystem Type:  x64-based PC\r\n"
      let machine = InventoryText.read(Array(text.utf8)).machine
      #expect(machine.product == product)
      #expect(machine.servicePack == ServicePack(UInt8(pack)))
    }
  }

  @Test func tablesOfHotfixes() {
    let view = InventoryText.read(Array(Self.table.utf8))
    #expect(view.forms == [.installedUpdates])
    #expect(view.machine.updates == ["KB2849697", "KB2115168"])
    #expect(view.otherEntries == ["943729"])
    #expect(view.machine.updatesAreComplete)
  }

  @Test func aTableInUTF16BehindAMessageInBytes() {
    for message in ["Please wait while WMIC is being installed.", "Please wait."] {
      let view = InventoryText.read(Array(message.utf8) + Self.table.utf16Bytes)
      #expect(view.machine.updates == ["KB2849697", "KB2115168"])
      #expect(view.otherEntries == ["943729"])
    }
  }

  @Test func bytesBehindUTF16() {
    let bytes = [0xFF, 0xFE] + (Self.table + "\r\n").utf16Bytes + Array(Self.french.utf8)
    let view = InventoryText.read(bytes)
    #expect(view.forms == [.systemInformation, .installedUpdates])
    #expect(Set(view.machine.updates) == ["KB2849697", "KB2115168", "KB2491683", "KB893803"])
    #expect(view.machine.updatesAreComplete)
  }

  @Test(arguments: [
    "HotFixID=KB976902\r\r\nInstalledBy=\r\r\n\r\r\nHotFixID=KB2534111\r\r\n",
    "Node,Caption,CSName,HotFixID\r\nPC1,http://support.microsoft.com/?kbid=976902,PC1,KB976902\r\nPC1,,PC1,KB2534111\r\n",
    "<PROPERTY NAME=\"HotFixID\"><VALUE>KB976902</VALUE></PROPERTY>\n<PROPERTY NAME=\"HotFixID\"><VALUE>KB2534111</VALUE>",
    "<th>HotFixID</th>\n<td>KB976902</td>\n<td>KB2534111</td>",
    "Source  Description  HotFixID   InstalledBy\n------  -----------  --------   -----------\nPC1     Update       KB976902   A\\B\nPC1     Hotfix       KB2534111  A\\B",
    "HotFixID    : KB976902\nInstalledBy : A\\B\n\nHotFixID    : KB2534111",
    "\"Source\",\"Description\",\"HotFixID\"\n\"PC1\",\"Update\",\"KB976902\"\n\"PC1\",\"Update\",\"KB2534111\"",
    "KB976902\nKB2534111\n",
  ])
  func everyFormOfAHotfixList(_ text: String) {
    #expect(InventoryText.read(Array(text.utf8)).machine.updates == ["KB976902", "KB2534111"])
  }

  @Test func packagesThatAreNotInstalledAreLeftOut() {
    #expect(InventoryText.read(Array(Self.packages.utf8)).machine.updates == ["KB2479943"])
  }

  @Test func offersAreNotInstalled() {
    let view = InventoryText.read(Array(Self.offered.utf8))
    #expect(view.forms == [.offeredUpdates])
    #expect(view.machine.updates.isEmpty)
    #expect(view.offered == ["KB4462930", "KB890830"])
    #expect(view.machine.architecture == .x64)
  }

  @Test func reportsAsCommaSeparatedValues() {
    let text = """
      "Host Name","OS Name","OS Version","System Type","System Locale","Hotfix(s)","Network Card(s)"
      "PC1","Microsoft Windows Server 2003, Standard Edition","5.2.3790 Service Pack 1 Build 3790","X86-based PC","en-us;English","2 Hotfix(s) Installed.,[01]: Q147222,[02]: KB893803v2 - Update","1 NIC(s) Installed.,[01]: A card"
      """
    let view = InventoryText.read(Array(text.utf8))
    var machine = Machine(
      product: "Windows Server 2003", servicePack: ServicePack(1), architecture: .x86, version: "5.2.3790",
      language: "en-US", updates: ["KB893803"], updatesAreComplete: true)
    machine.computerName = "PC1"
    machine.edition = "Microsoft Windows Server 2003, Standard Edition"
    #expect(view.machine == machine)
  }
}
