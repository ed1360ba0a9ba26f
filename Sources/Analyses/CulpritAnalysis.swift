import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

/// The module the failure is laid to, with the reason. The kernel itself is never blamed for detecting a failure.
enum CulpritAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard let found = culprit(dump) else { return [] }
    var attributes: [FactAttribute: FactValue] = [
      "module": .text(found.module), "reason": .text(found.reason), "inbox": .flag(InboxModules.contains(found.module)),
    ]
    if let entry = dump.modules.entries.first(where: { $0.identity.name == found.module }) {
      if let path = entry.identity.path, !path.isEmpty { attributes["path"] = .text(path) }
      if let version = entry.identity.version { attributes["version"] = .version(version) }
    }
    return [
      Fact(
        .culprit, "\(found.module) \(found.reason).", attributes: attributes, trust: found.trust, origin: found.origin)
    ]
  }

  struct Culprit: Hashable {
    var module: String
    var reason: String
    var trust: Trust
    var origin: String
  }

  /// Modules that carry other modules' work: the one they carry is asked first.
  static let carriers: Set<String> = [
    "hal.dll", "wdf01000.sys", "wdfldr.sys", "ndis.sys", "storport.sys", "scsiport.sys", "ataport.sys", "classpnp.sys",
    "usbport.sys",
    "hidclass.sys", "portcls.sys", "ks.sys", "dxgkrnl.sys", "watchdog.sys", "fltmgr.sys", "verifierext.sys",
    "videoprt.sys",
    "tcpip.sys", "netio.sys", "afd.sys", "ci.dll",
  ]

  static func culprit(_ dump: KernelDump) -> Culprit? {
    // A forced dump has no failing module; who hangs whom is another analysis.
    // Whoever asked for memory last when the pool ran out is a victim, not the cause.
    let stopClass = StopCodeMeaning.of(dump.header.bugcheck)?.stopClass
    if stopClass == .forced || stopClass == .poolExhaustion { return nil }
    if let address = dump.exception?.address {
      if let gone = dump.unloaded(at: address) {
        return Culprit(
          module: gone, reason: "had been unloaded when its address was executed", trust: .observed,
          origin: "exception address")
      }
      if let module = dump.modules.entry(at: address.rawValue)?.identity, !isCarrier(module.name), !module.isKernel {
        return Culprit(
          module: module.name, reason: "holds the failing instruction", trust: .observed, origin: "exception address")
      }
    }
    let start = dump.topFrame ?? 0
    let candidates = dump.stack.enumerated().filter { index, frame in
      guard index >= start, let module = frame.module else { return false }
      return !ModuleIdentity(name: module).isKernel
    }
    let chosen = candidates.first { !isCarrier($0.element.module ?? "") } ?? candidates.first
    if let (index, frame) = chosen, let module = frame.module {
      return Culprit(
        module: module,
        reason: isCarrier(module)
          ? "is the first module outside the kernel on the stack (frame \(index)); it carries others' work, so it may not be the cause"
          : "is the first module outside the kernel on the stack (frame \(index))",
        trust: frame.trust == .scan || isCarrier(module) ? .guessed : .inferred, origin: "frame \(index)")
    }
    if let broken = dump.dump.triage?.brokenDriver {
      return Culprit(
        module: broken, reason: "is named by the kernel itself as the broken driver", trust: .observed,
        origin: "BrokenDriver")
    }
    return nil
  }

  static func isCarrier(_ name: String) -> Bool { carriers.contains(name.lowercased()) }

  /// `nt!PnpSendIrp+0x9e` → `nt!PnpSendIrp`: conditions name routines, not places in them.
  static func routine(_ symbol: String) -> String { String(symbol.prefix { $0 != "+" }) }
}

extension KernelDump {
  /// The unloaded driver whose last place in memory holds an address.
  func unloaded(at address: VirtualAddress) -> String? {
    guard modules.entry(at: address.rawValue) == nil else { return nil }
    return unloadedModules.first { $0.start <= address && address < $0.end }?.name
  }
}
