import ByteReading
import CrashDumpFormat
import Facts

/// Finds the kernel's page tables in physical memory that nothing else describes.
///
/// The first table of every Windows address space has one entry that leads back to the table. Where it stands is fixed on
/// x86 and on x64 up to Windows 10 1511, chosen at each start since (public descriptions: Volatility 3, MemProcFS). A hit
/// counts only where it maps KUSER_SHARED_DATA with a version that exists.
enum TableSearch {
  /// The System process's table is allocated at start, low in memory: real ones lie below 512 MiB.
  static let searchedPages: UInt64 = 1 << 20

  /// Pages that look like PAE's last directory, for which all of low memory is asked.
  private static let maximumWideSearches = 8

  /// KUSER_SHARED_DATA (public header ntddk.h): where the kernel maps it, and its fields.
  enum SharedData {
    static func address(_ architecture: Architecture) -> UInt64 {
      architecture == .x86 ? 0xFFDF_0000 : 0xFFFF_F780_0000_0000
    }
    static let interruptTime: UInt64 = 0x08
    static let systemTime: UInt64 = 0x14
    static let build: UInt64 = 0x260
    static let productType: UInt64 = 0x264
    static let major: UInt64 = 0x26C
    static let suiteMask: UInt64 = 0x2D0
  }

  static func find(_ physical: PhysicalMemory) -> (memory: VirtualMemory, architecture: Architecture)? {
    var found: (VirtualMemory, Architecture)?
    var wideSearches = maximumWideSearches
    var searched: UInt64 = 0
    physical.forEachSegment { segment in
      let bytes = physical.file.bytes
      for page in 0..<segment.pageCount {
        guard searched < searchedPages else { return false }
        searched += 1
        let at = Int(segment.fileOffset + page * UInt64(PhysicalMemory.pageBytes))
        if let hit = candidate(bytes, at: at, frame: segment.firstPage + page, physical, &wideSearches) {
          found = hit
          return false
        }
      }
      return true
    }
    return found
  }

  private static func candidate(
    _ bytes: RawSpan, at offset: Int, frame: UInt64, _ physical: PhysicalMemory, _ wideSearches: inout Int
  ) -> (VirtualMemory, Architecture)? {
    let own = frame << 12
    func entry(_ index: Int) -> UInt64 { bytes.loadIfPresent(at: offset + 8 * index, as: UInt64.self) ?? 0 }
    func check(_ mode: PagingMode, _ root: UInt64, _ architecture: Architecture) -> (VirtualMemory, Architecture)? {
      let memory = VirtualMemory(physical, mode: mode, directoryTableBase: PhysicalAddress(root))
      return isWindows(memory, architecture) ? (memory, architecture) : nil
    }
    // x64: exactly one entry of the kernel's half leads back.
    var selfEntries = 0
    for index in 0x100..<0x200 where entry(index) & 0x000F_FFFF_FFFF_F001 == own | 1 { selfEntries += 1 }
    if selfEntries == 1 {
      for mode in [PagingMode.x64, .x64FiveLevels, .arm64] {
        if let hit = check(mode, own, mode == .arm64 ? .arm64 : .x64) { return hit }
      }
    }
    // PAE: the fourth directory maps all four, itself last; the pointers to them stand in a table of 32 bytes.
    if entry(3) & 0x000F_FFFF_FFFF_F001 == own | 1 {
      let directories = (0..<4).map { entry($0) & 0x000F_FFFF_FFFF_F000 }
      if let root = pointers(to: directories, near: frame, physical, &wideSearches),
        let hit = check(.x86PAE, root, .x86)
      {
        return hit
      }
    }
    // x86: the directory maps itself at 0xC0000000.
    if let word = bytes.loadIfPresent(at: offset + 4 * 0x300, as: UInt32.self),
      word & 0xFFFF_F001 == UInt32(truncatingIfNeeded: own) | 1,
      own < 1 << 32, let hit = check(.x86, own, .x86)
    {
      return hit
    }
    return nil
  }

  /// Where four present entries lead to four directories: looked for right before them, then in low memory.
  private static func pointers(
    to directories: [UInt64], near frame: UInt64, _ physical: PhysicalMemory, _ wideSearches: inout Int
  ) -> UInt64? {
    func isTable(_ place: UInt64) -> Bool {
      directories.enumerated().allSatisfy { index, directory in
        physical.load(at: PhysicalAddress(place + UInt64(8 * index)), as: UInt64.self).map {
          $0 & 0x000F_FFFF_FFFF_F001 == directory | 1
        } ?? false
      }
    }
    if frame >= 4, isTable((frame - 4) << 12) { return (frame - 4) << 12 }
    guard wideSearches > 0 else { return nil }
    wideSearches -= 1
    // The table's own address is kept below 4 GiB; the first 64 MiB hold it on the systems that used PAE.
    for page in 0..<0x4000 as Range<UInt64> where physical.fileOffset(ofPage: page) != nil {
      for place in stride(from: page << 12, to: (page + 1) << 12, by: 32) where isTable(place) { return place }
    }
    return nil
  }

  /// A version that a Windows had: 4 to 6 and 10, minor below 4.
  private static func isWindows(_ memory: VirtualMemory, _ architecture: Architecture) -> Bool {
    let place = SharedData.address(architecture) + SharedData.major
    guard let major = memory.load(at: VirtualAddress(place), as: UInt32.self),
      let minor = memory.load(at: VirtualAddress(place + 4), as: UInt32.self)
    else { return false }
    return [4, 5, 6, 10].contains(major) && minor < 4
  }
}
