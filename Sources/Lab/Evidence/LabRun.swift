import EvidenceSynthesis
import Facts

/// The evidence that one run of a case leaves behind.
public struct LabRun: Sendable {
  public struct File: Sendable {
    /// Relative to the output folder; evidence stands below `evidence/`.
    public var path: String
    public var bytes: [UInt8]
  }

  /// The strongest verdict that this evidence may give, and what stands in the way of a stronger one.
  public struct Truth: Sendable {
    /// Verdict that must be reached; nil where the run must not lead to the article at all.
    public var atLeast: String?
    public var atMost: String
    public var because: String
  }

  public let labCase: LabCase
  public let isFixed: Bool
  /// What only looks like the case; nil for the case itself.
  public let variant: LabVariant?
  public let system: LabSystem
  public let seed: UInt64
  public let scale: Int
  public private(set) var files: [File] = []
  public private(set) var truth = Truth(atLeast: nil, atMost: "possible", because: "")

  /// `scale` of 1 is a small case: a day of snapshots, some hundred frames, 8 MiB of memory.
  public static let scales = 1...256

  var random: SplitMix64
  /// Seconds since 1970 at which the machine stopped: what else is written of it ends there.
  var end: Int64?

  /// A variant is a failure of its own: it has no fixed machine.
  public init(
    _ labCase: LabCase, isFixed: Bool, variant: LabVariant? = nil, system: LabSystem, seed: UInt64, scale: Int = 1
  ) {
    self.labCase = labCase
    self.isFixed = isFixed && variant == nil
    self.variant = variant
    self.system = system
    self.seed = seed
    self.scale = min(max(scale, Self.scales.lowerBound), Self.scales.upperBound)
    random = SplitMix64(seed: seed ^ 0x1AB)
    write()
    truth = expected()
  }

  private mutating func write() {
    switch labCase {
    case .sessionImages: writeSessions()
    case .shadowing: writeShadowing()
    case .driverLoads: writeDriverLoads()
    case .criticalQueue: writeQueue()
    case .receivePath: writeReceivePath()
    }
    writeInventory()
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) { files.append(File(path: "evidence/" + name, bytes: bytes)) }

  /// Of a machine whose service pack could have brought the fix as well.
  var isFixedByHotfix: Bool { seed % 2 == 0 }

  private mutating func writeInventory() {
    // systeminfo came with Windows XP.
    guard !system.version.hasPrefix("4."), !system.version.hasPrefix("5.0") else { return }
    var updates = random.shuffled(["KB100\(1000 + random.below(9000))", "KB101\(1000 + random.below(9000))"])
    var servicePack = system.servicePack
    if isFixed, let fixedIn = system.fixedIn, !isFixedByHotfix {
      servicePack = max(servicePack, fixedIn)
    } else if isFixed || variant?.id == "listed-update" {
      updates.append(labCase.hotfix)
    }
    add("systeminfo.txt", Array(system.systemReport(updates: updates, servicePack: servicePack).utf8))
  }

  /// The verdict by `Documentation/Lab.md`.
  private func expected() -> Truth {
    if isFixed {
      return Truth(
        atLeast: system.isAffected ? "ruled-out" : nil, atMost: system.isAffected ? "ruled-out" : "possible",
        because: "the fix is in place and nothing failed")
    }
    if let variant, variant.alsoFinds == nil {
      return Truth(atLeast: nil, atMost: "probable", because: variant.title)
    }
    if !system.isAffected {
      return Truth(atLeast: nil, atMost: "probable", because: "the article does not name this system")
    }
    return switch labCase {
    case .sessionImages:
      Truth(
        atLeast: "confirmed", atMost: "confirmed",
        because: "the entry that another session's thread holds has been taken out of its list of images")
    case .shadowing:
      Truth(
        atLeast: "confirmed", atMost: "confirmed",
        because: "the descriptors describe buffers of tdpipe.sys, and its own code makes them of these buffers")
    case .driverLoads:
      Truth(
        atLeast: "confirmed", atMost: "confirmed",
        because: "by the kernel's own count each driver load leaves the same blocks of both tags behind")
    case .criticalQueue:
      Truth(
        atLeast: "confirmed", atMost: "confirmed",
        because: "the code of the pending items was followed to the calls that set the workers' events")
    case .receivePath:
      Truth(
        atLeast: "confirmed", atMost: "confirmed",
        because: "netbt.sys is caught while it copies a malformed packet by the length the packet states")
    }
  }
}
