import Facts
import Servicing

/// Windows systems as far as their command lines differ, from the oldest up.
enum WindowsGeneration: Int, Comparable, CaseIterable, Sendable {
  case nt4, windows2000, xp, server2003, vista, windows7, windows8, windows10, windows11

  /// nil where the machine's product and version are not known.
  init?(_ machine: Machine) {
    if let version = machine.version, let known = Self(version: version) {
      self = known
    } else if let product = machine.product, let known = Self.products[ProductNames.canonical(product)] {
      self = known
    } else {
      return nil
    }
  }

  private init?(version: String) {
    let parts = version.split(separator: ".").map { Int($0) ?? -1 }
    switch (parts.first, parts.dropFirst().first) {
    case (3, _), (4, _): self = .nt4
    case (5, 0): self = .windows2000
    case (5, 1): self = .xp
    case (5, 2): self = .server2003
    case (6, 0): self = .vista
    case (6, 1): self = .windows7
    case (6, 2), (6, 3): self = .windows8
    case (10, _): self = (parts.dropFirst(2).first ?? 0) >= 22000 ? .windows11 : .windows10
    default: return nil
    }
  }

  private static let products: [String: WindowsGeneration] = [
    "Windows NT": .nt4, "Windows NT 3.1": .nt4, "Windows NT 3.5": .nt4, "Windows NT 3.51": .nt4,
    "Windows NT 4.0": .nt4, "Windows NT 4.0 Terminal Server Edition": .nt4,
    "Windows 2000": .windows2000,
    "Windows XP": .xp, "Windows XP 64-Bit Edition": .xp,
    "Windows XP Professional x64 Edition": .server2003, "Windows Server 2003": .server2003,
    "Windows Vista": .vista, "Windows Server 2008": .vista,
    "Windows 7": .windows7, "Windows Server 2008 R2": .windows7,
    "Windows 8": .windows8, "Windows Server 2012": .windows8,
    "Windows 8.1": .windows8, "Windows Server 2012 R2": .windows8,
    "Windows 10": .windows10, "Windows Server": .windows10, "Windows Server 2016": .windows10,
    "Windows Server 2019": .windows10, "Windows Server 2022": .windows10,
    "Windows 11": .windows11, "Windows Server 2025": .windows11,
  ]

  var name: String {
    switch self {
    case .nt4: "Windows NT 4.0"
    case .windows2000: "Windows 2000"
    case .xp: "Windows XP"
    case .server2003: "Windows Server 2003"
    case .vista: "Windows Vista"
    case .windows7: "Windows 7"
    case .windows8: "Windows 8"
    case .windows10: "Windows 10"
    case .windows11: "Windows 11"
    }
  }

  static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }

  /// `Windows XP to Windows 7`, `Windows Vista and later`.
  static func span(_ range: ClosedRange<Self>) -> String {
    if range.lowerBound == range.upperBound { return range.lowerBound.name }
    if range.upperBound == .windows11 { return "\(range.lowerBound.name) and later" }
    return "\(range.lowerBound.name) to \(range.upperBound.name)"
  }
}
