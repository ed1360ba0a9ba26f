import Facts

/// How a processor's page tables are built.
@frozen
public enum PagingMode: String, Hashable, Sendable, CaseIterable {
  /// x86, two levels, 4 KB and 4 MB pages.
  case x86
  /// x86 with physical address extension, three levels, 4 KB and 2 MB pages.
  case x86PAE = "x86-pae"
  /// x64, four and five levels, 4 KB, 2 MB and 1 GB pages.
  case x64
  case x64FiveLevels = "x64-5"
  /// ARM64 with the 4 KB granule, four levels, blocks of 2 MB and 1 GB.
  case arm64

  public init?(architecture: Architecture, paeEnabled: Bool) {
    switch architecture {
    case .x86: self = paeEnabled ? .x86PAE : .x86
    case .x64: self = .x64
    case .arm64: self = .arm64
    default: return nil
    }
  }

  /// Tables on the way to a 4 KB page.
  @inlinable
  var levels: Int {
    switch self {
    case .x86: 2
    case .x86PAE: 3
    case .x64, .arm64: 4
    case .x64FiveLevels: 5
    }
  }

  @inlinable var entryBytes: UInt64 { self == .x86 ? 4 : 8 }

  /// Bits of an address that index a full table.
  @inlinable var indexBits: UInt64 { self == .x86 ? 10 : 9 }

  /// Bits of an entry that hold a physical address. ARM64 without 52-bit addresses has 48.
  @inlinable
  var addressMask: UInt64 {
    switch self {
    case .x86: 0xFFFF_F000
    case .arm64: 0x0000_FFFF_FFFF_F000
    case .x86PAE, .x64, .x64FiveLevels: 0x000F_FFFF_FFFF_F000
    }
  }

  /// The part of DirectoryTableBase that is an address: below it are the process-context number and cache bits. The first
  /// table under PAE has 32 bytes and need not begin a page.
  @inlinable var rootMask: UInt64 { self == .x86PAE ? 0xFFFF_FFE0 : addressMask }

  /// Whether the sign bits above the translated ones agree with it; 32-bit addresses may come sign-extended.
  @inlinable
  func isCanonical(_ address: UInt64) -> Bool {
    switch self {
    case .x86, .x86PAE: address >> 32 == 0 || address >> 31 == 0x1_FFFF_FFFF
    case .x64, .arm64: address >> 47 == 0 || address >> 47 == 0x1_FFFF
    case .x64FiveLevels: address >> 56 == 0 || address >> 56 == 0xFF
    }
  }
}
