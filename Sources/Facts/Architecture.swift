/// A processor architecture, by the contract's names. Open: an unknown machine type keeps its number as text.
@frozen
public struct Architecture: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public var rawValue: String

  @inlinable public init(rawValue: String) { self.rawValue = rawValue }

  public static let x86 = Architecture(rawValue: "x86")
  public static let x64 = Architecture(rawValue: "x64")
  public static let arm64 = Architecture(rawValue: "arm64")
  public static let ia64 = Architecture(rawValue: "ia64")
  public static let alpha = Architecture(rawValue: "alpha")
  public static let known: [Architecture] = [.x86, .x64, .arm64, .ia64, .alpha]

  /// As articles, inventories and people write it: `x64`, `AMD64`, `IA-64`, `Itanium`, `i386`, `X86`, `x64-based PC`.
  public init?(named text: some StringProtocol) {
    var name = text.lowercased()
    name.removeAll { $0 == "-" || $0 == " " || $0 == "_" }
    for (prefixes, architecture) in [
      (["arm64", "aarch64"], Architecture.arm64), (["ia64", "itanium"], .ia64), (["alpha"], .alpha),
      (["x64", "amd64", "x8664", "em64t"], .x64), (["x86", "i386", "i486", "i586", "i686"], .x86),
    ] where prefixes.contains(where: { name.hasPrefix($0) }) {
      self = architecture
      return
    }
    return nil
  }

  /// From IMAGE_FILE_HEADER.Machine (PE format, "Machine Types").
  public init(machineType: UInt16) {
    switch machineType {
    case 0x014C: self = .x86
    case 0x8664: self = .x64
    case 0xAA64: self = .arm64
    case 0x0200: self = .ia64
    case 0x0184, 0x0284: self = .alpha
    default: self.init(rawValue: hexadecimal(UInt64(machineType), digits: 4))
    }
  }

  /// Bytes of a pointer; nil where the machine is not known.
  public var pointerSize: Int? {
    switch self {
    case .x86, .alpha: 4
    case .x64, .arm64, .ia64: 8
    default: nil
    }
  }

  public var description: String { rawValue }
}
