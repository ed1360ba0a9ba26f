/// DUMP_HEADER.DumpType. Open: debuggers write newer ones, and an unknown number is reported as a number.
@frozen
public struct DumpType: RawRepresentable, Hashable, Sendable {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  public static let full = DumpType(rawValue: 1)
  public static let kernel = DumpType(rawValue: 2)
  public static let header = DumpType(rawValue: 3)
  public static let triage = DumpType(rawValue: 4)
  public static let bitmapFull = DumpType(rawValue: 5)
  public static let bitmapKernel = DumpType(rawValue: 6)
  public static let automatic = DumpType(rawValue: 7)
  /// 8 to 10 are written by debuggers and hypervisor tools; kdmp-parser (public, MIT) reads 8, 9 and 10 and gives these names.
  public static let kernelMemory = DumpType(rawValue: 8)
  public static let kernelAndUserMemory = DumpType(rawValue: 9)
  public static let completeMemory = DumpType(rawValue: 10)

  /// Name for reports: `triage`, or `type-42` for an unknown number.
  public var name: String {
    switch self {
    case .full: "full"
    case .kernel: "kernel"
    case .header: "header"
    case .triage: "triage"
    case .bitmapFull: "bitmap-full"
    case .bitmapKernel: "bitmap-kernel"
    case .automatic: "automatic"
    case .kernelMemory: "kernel-memory"
    case .kernelAndUserMemory: "kernel-and-user-memory"
    case .completeMemory: "complete-memory"
    default: "type-\(rawValue)"
    }
  }
}
