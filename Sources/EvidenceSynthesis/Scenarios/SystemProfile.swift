import Facts

/// A system that scenarios run on: what all its machines have in common. Versions, layouts, kernel addresses and build
/// strings are real where a comment says so or the name is a public build's; sizes, time stamps and check sums of images
/// are invented but of the right order.
struct SystemProfile: Sendable {
  var architecture: Architecture
  var version: SystemVersion
  var productType: ProductType
  var suiteMask: UInt32
  var layout: SynthesisLayout?
  /// The kernel image; its base is the lowest the system loads it at.
  var kernel: SynthesizedModule
  /// How many pages above that base the kernel may be.
  var kernelSpread: UInt64
  /// Where drivers and session images (win32k and its like) are loaded.
  var driverRegion: UInt64
  var sessionRegion: UInt64
  /// Where kernel stacks and pool lie.
  var stackRegion: UInt64
  var poolRegion: UInt64
  /// Known addresses of one public build, and its PDB.
  var symbols: [String: UInt32]
  /// Return addresses within routines of that build.
  var calls: [String: UInt64] = [:]
  var database: String
  var guid: String?

  var isWide: Bool { architecture != .x86 }
}

extension SystemProfile {
  /// Windows Server 2003 SP2, multiprocessor PAE kernel. Build string: the public one of SP2.
  static let server2003 = SystemProfile(
    architecture: .x86, version: SystemVersion(5, 2, 3790, servicePack: 2, buildLab: "3790.srv03_sp2_rtm.070216-1710"),
    productType: .server, suiteMask: 0x0112, layout: .server2003SP2x86,
    kernel: kernel(base: 0x8080_0000, size: 0x24B000, timestamp: 0x45D6_9AD8, checksum: 0x0023_B6C1), kernelSpread: 0,
    driverRegion: 0xF700_0000, sessionRegion: 0xBF80_0000, stackRegion: 0xF480_0000, poolRegion: 0x8900_0000,
    symbols: [:], database: "ntkrpamp.pdb")

  /// Windows Server 2003 SP2 x64; no offsets for its debugger data block were taken down.
  static let server2003x64 = SystemProfile(
    architecture: .x64,
    version: SystemVersion(5, 2, 3790, servicePack: 2, buildLab: "3790.srv03_sp2_rtm.070216-1710"),
    productType: .server, suiteMask: 0x0112, layout: nil,
    kernel: kernel(base: 0xFFFF_F800_0100_0000, size: 0x45E000, timestamp: 0x45D6_97F6, checksum: 0x0045_1A23),
    kernelSpread: 0, driverRegion: 0xFFFF_FADF_C800_0000, sessionRegion: 0xFFFF_F97F_FF00_0000,
    stackRegion: 0xFFFF_FADF_9000_0000, poolRegion: 0xFFFF_FADF_D800_0000, symbols: [:], database: "ntkrnlmp.pdb")

  /// Windows Server 2008 (6001), terminal server, x86.
  static let server2008x86 = SystemProfile(
    architecture: .x86,
    version: SystemVersion(6, 0, 6001, servicePack: 1, buildLab: "6001.18000.x86fre.longhorn_rtm.080118-1840"),
    productType: .server, suiteMask: SuiteMask.terminal | SuiteMask.enterprise, layout: .vistaSP1x86,
    kernel: kernel(base: 0x8180_0000, size: 0x3B9000, timestamp: 0x4791_8B12, checksum: 0x0037_7A19),
    kernelSpread: 0x80,
    driverRegion: 0x8A00_0000, sessionRegion: 0x9600_0000, stackRegion: 0xA400_0000, poolRegion: 0x8500_0000,
    symbols: [:], database: "ntkrpamp.pdb")

  /// Windows Server 2008 (6001), terminal server, x64.
  static let server2008x64 = SystemProfile(
    architecture: .x64,
    version: SystemVersion(6, 0, 6001, servicePack: 1, buildLab: "6001.18000.amd64fre.longhorn_rtm.080118-1840"),
    productType: .server, suiteMask: SuiteMask.terminal | SuiteMask.enterprise, layout: .vistaSP1x64,
    kernel: kernel(base: 0xFFFF_F800_0180_0000, size: 0x518000, timestamp: 0x4791_9591, checksum: 0x0047_3E7D),
    kernelSpread: 0x80, driverRegion: 0xFFFF_FA60_0060_0000, sessionRegion: 0xFFFF_F960_0000_0000,
    stackRegion: 0xFFFF_FA60_0900_0000, poolRegion: 0xFFFF_FA80_0400_0000, symbols: [:], database: "ntkrnlmp.pdb")

  /// Windows NT 4.0 Terminal Server Edition SP6. Real ones write full dumps only.
  static let terminalServer4 = SystemProfile(
    architecture: .x86, version: SystemVersion(4, 0, 1381, servicePack: 6), productType: .server,
    suiteMask: SuiteMask.terminal, layout: nil,
    kernel: kernel(base: 0x8010_0000, size: 0x0D_5E00, timestamp: 0x3820_5F0C, checksum: 0x000E_9A41), kernelSpread: 0,
    driverRegion: 0xFB00_0000, sessionRegion: 0xA000_0000, stackRegion: 0xFCD0_0000, poolRegion: 0x8070_0000,
    symbols: [:], database: "ntkrnlmp.pdb")

  /// Windows 2000 Server SP2.
  static let server2000 = SystemProfile(
    architecture: .x86, version: SystemVersion(5, 0, 2195, servicePack: 2), productType: .server,
    suiteMask: SuiteMask.terminal, layout: nil,
    kernel: kernel(base: 0x8040_0000, size: 0x19_E6C0, timestamp: 0x3AD7_AD60, checksum: 0x001A_68A0), kernelSpread: 0,
    driverRegion: 0xF640_0000, sessionRegion: 0xA000_0000, stackRegion: 0xF210_0000, poolRegion: 0x8170_0000,
    symbols: [:], database: "ntoskrnl.pdb")

  /// Windows 7 SP1 x64, kernel 6.1.7601.24540; the date in its build string is invented.
  static let windows7 = SystemProfile(
    architecture: .x64,
    version: SystemVersion(6, 1, 7601, servicePack: 1, buildLab: "7601.24540.amd64fre.win7sp1_ldr_escrow.191230-1647"),
    productType: .workstation, suiteMask: SuiteMask.singleUserTerminalServer, layout: .windows7SP1x64,
    kernel: kernel(base: 0xFFFF_F800_02A0_0000, size: 0x5EA000, timestamp: 0x5E0A_BD3C, checksum: 0x0055_1B5A),
    kernelSpread: 0x80, driverRegion: 0xFFFF_F880_00C0_0000, sessionRegion: 0xFFFF_F960_0000_0000,
    stackRegion: 0xFFFF_F880_0900_0000, poolRegion: 0xFFFF_FA80_0400_0000, symbols: KernelBuild.windows7,
    calls: KernelBuild.windows7Calls,
    database: "ntkrnlmp.pdb", guid: "339E74133576439CBCDF7E0229DA3773")

  /// Windows 10 x64, kernel 10.0.19041.804; size, time stamp and checksum of that kernel stand in a real dump.
  static let windows10 = SystemProfile(
    architecture: .x64, version: SystemVersion(10, 0, 19041, buildLab: "19041.1.amd64fre.vb_release.191206-1406"),
    productType: .workstation, suiteMask: 0x0110, layout: .windows10x64,
    kernel: kernel(base: 0xFFFF_F804_7BA0_0000, size: 0x0104_6000, timestamp: 0x0D83_33E6, checksum: 0x00A5_938C),
    kernelSpread: 0x400, driverRegion: 0xFFFF_F804_8600_0000, sessionRegion: 0xFFFF_F96E_9800_0000,
    stackRegion: 0xFFFF_8504_2900_0000, poolRegion: 0xFFFF_C08B_D800_0000, symbols: KernelBuild.windows10,
    calls: KernelBuild.windows10Calls,
    database: "ntkrnlmp.pdb", guid: "5278AFF86C341677D7D7835C85B7B844")

  /// The loader's list names the kernel ntoskrnl.exe whichever of the four files was loaded (real dumps of 10.0.19041).
  private static func kernel(base: UInt64, size: UInt32, timestamp: UInt32, checksum: UInt32) -> SynthesizedModule {
    SynthesizedModule(
      name: "ntoskrnl.exe", path: "\\SystemRoot\\system32\\ntoskrnl.exe", base: base, size: size, timestamp: timestamp,
      checksum: checksum)
  }
}
