/// A driver as machines have it before it is loaded anywhere.
struct DriverTemplate: Sendable {
  var name: String
  var size: UInt32
  var timestamp: UInt32
  var isSessionImage = false
  var path: String?

  init(_ name: String, _ size: UInt32, _ timestamp: UInt32, isSessionImage: Bool = false, path: String? = nil) {
    self.name = name
    self.size = size
    self.timestamp = timestamp
    self.isSessionImage = isSessionImage
    self.path = path
  }

  /// What nearly every machine of the time has loaded. Sizes are of the right order; dates fall within the system's time.
  static func common(build: UInt32) -> [DriverTemplate] {
    let date: UInt32 =
      switch build {
      case ..<2000: 0x3820_0000
      case ..<3000: 0x3AD0_0000
      case ..<6000: 0x45D6_0000
      case ..<7000: 0x4791_0000
      case ..<9000: 0x4CE7_0000
      default: 0x5E10_0000
      }
    let names: [(String, UInt32)] = [
      ("hal.dll", 0x2C000), ("kdcom.dll", 0x8000), ("ACPI.sys", 0x30000), ("pci.sys", 0x17000), ("isapnp.sys", 0xF000),
      ("disk.sys", 0x13000), ("CLASSPNP.SYS", 0x15000), ("partmgr.sys", 0xB000), ("VolSnap.sys", 0x2A000),
      ("atapi.sys", 0x1D000), ("SCSIPORT.SYS", 0x1F000), ("fltmgr.sys", 0x22000), ("Ntfs.sys", 0x97000),
      ("KSecDD.sys", 0x19000), ("NDIS.sys", 0x2E000), ("Mup.sys", 0x1B000), ("i8042prt.sys", 0x14000),
      ("kbdclass.sys", 0xB000), ("mouclass.sys", 0xB000), ("serial.sys", 0x15000), ("cdrom.sys", 0x12000),
      ("rasl2tp.sys", 0x14000), ("ndiswan.sys", 0x1A000), ("TDI.SYS", 0x9000), ("termdd.sys", 0xE000),
      ("swenum.sys", 0x5000), ("update.sys", 0x33000), ("Fs_Rec.SYS", 0xB000), ("Null.SYS", 0x7000),
      ("Beep.SYS", 0x7000), ("vga.sys", 0x9000), ("Msfs.SYS", 0xC000), ("Npfs.SYS", 0x10000), ("rdbss.sys", 0x30000),
      ("mrxsmb.sys", 0x5C000), ("afd.sys", 0x26000), ("netbios.sys", 0xC000), ("ipsec.sys", 0x1A000),
      ("tcpip.sys", 0x65000), ("srv.sys", 0x5B000), ("HTTP.sys", 0x42000), ("e1000325.sys", 0x24000),
    ]
    return names.enumerated().map { index, entry in
      DriverTemplate(
        entry.0, entry.1, date &+ 0x3D1 &* UInt32(index),
        path: entry.0.hasSuffix(".dll") ? "\\SystemRoot\\system32\\" + entry.0 : nil)
    } + [
      DriverTemplate(
        "win32k.sys", 0x1C3000, date &+ 0xF000, isSessionImage: true, path: "\\SystemRoot\\System32\\win32k.sys"),
      DriverTemplate("dxg.sys", 0x17000, date &+ 0xF100, isSessionImage: true, path: "\\SystemRoot\\System32\\dxg.sys"),
    ]
  }

  /// netbt.sys as Server 2003 SP2 shipped it, in February 2007.
  static let netbt = DriverTemplate("netbt.sys", 0x2A000, 0x45D6_9A8C)
  /// A later one, of January 2013.
  static let netbtOf2013 = DriverTemplate("netbt.sys", 0x2A000, 0x5107_6A00)
}
