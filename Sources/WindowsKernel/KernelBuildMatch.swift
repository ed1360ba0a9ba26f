import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// Which kernel build a dump without debug identity comes from, by addresses relative to the kernel's base.
public struct KernelBuildMatch: Sendable {
  public var build: KernelBuild
  /// Symbols whose address in the dump is base + the build's own offset, and those that could be compared.
  public var agreed: [String]
  public var compared: Int
  /// False where another build of the table agrees as well.
  public var isUnique: Bool

  /// Fewer agreeing addresses are chance: neighbouring builds share one or two.
  public static let leastAgreed = 3

  /// Every address of the dump that a build's table can be asked about.
  static func addresses(
    header: CrashDumpHeader, debuggerData: DebuggerData?
  ) -> [(symbol: String, address: UInt64)] {
    var result: [(String, UInt64)] = [
      ("PsLoadedModuleList", header.psLoadedModuleList.rawValue),
      ("PsActiveProcessHead", header.psActiveProcessHead.rawValue),
    ]
    if let block = header.kdDebuggerDataBlock { result.append(("KdDebuggerDataBlock", block.rawValue)) }
    let fields: [(String, DebuggerData.Field)] = [
      ("KiProcessorBlock", .kiProcessorBlock), ("MmUnloadedDrivers", .mmUnloadedDrivers),
      ("ExpSystemResourcesList", .expSystemResourcesList),
    ]
    for (symbol, field) in fields {
      if let address = debuggerData?[field] { result.append((symbol, address.rawValue)) }
    }
    return result
  }

  /// nil where the table does not know the build, or several addresses contradict.
  ///
  /// The table holds x64 kernels only: an ARM64 kernel of the same number has other addresses, and a chance agreement would
  /// name a build that never ran there.
  ///
  /// - Parameter identity: the image's own, where the dump holds it: no other build is then asked.
  public static func find(
    header: CrashDumpHeader, debuggerData: DebuggerData?, context: RegisterContext?, kernelBase: VirtualAddress,
    identity: DebugIdentity? = nil
  ) -> KernelBuildMatch? {
    guard header.architecture == .x64 else { return nil }
    let addresses = addresses(header: header, debuggerData: debuggerData)
    var best: [KernelBuildMatch] = []
    for build in KernelBuilds.all where build.architecture == .x64 && build.build == Int(header.build) {
      if let identity, identity.guid.uppercased() != build.pdbGUID { continue }
      var agreed: [String] = []
      var compared = 0
      for (symbol, address) in addresses where address != 0 {
        guard let offset = build.rva(of: symbol) else { continue }
        compared += 1
        if address == kernelBase.rawValue &+ UInt64(offset) { agreed.append(symbol) }
      }
      // KeBugCheckEx saves the context at its own first instruction; a live dump's context is elsewhere, which says nothing.
      if let context, let offset = build.rva(of: "KeBugCheckEx"),
        context.instructionPointer == kernelBase.rawValue &+ UInt64(offset)
      {
        compared += 1
        agreed.append("KeBugCheckEx")
      }
      guard agreed.count >= (identity == nil ? leastAgreed : 1), agreed.count == compared else { continue }
      let match = KernelBuildMatch(build: build, agreed: agreed, compared: compared, isUnique: true)
      if let first = best.first, first.agreed.count > agreed.count { continue }
      if let first = best.first, first.agreed.count < agreed.count { best = [] }
      best.append(match)
    }
    guard var found = best.first else { return nil }
    found.isUnique = best.count == 1
    return found
  }
}
