import Facts
import KernelLayouts

/// What the stack says of the debugger's own blame.
enum StackBlame {
  /// Routines through which the kernel stops the system, takes traps and hands faults on: the failing code stands below them.
  private static let machinery: Set<String> = [
    "nt!kebugcheck", "nt!kebugcheckex", "nt!kebugcheck2", "nt!kebugcheck3", "nt!kibugcheckdispatch",
    "nt!kibugcheckdebugbreak",
    "nt!rtlpbreakwithstatusinstruction", "nt!dbgbreakpointwithstatus", "nt!dbgbreakpointwithstatusend",
    "nt!kipagefault",
    "nt!kitrap0e", "nt!kitrap0d", "nt!mmaccessfault", "nt!misystemfault", "nt!kifastfaildispatch",
    "nt!kiraisesecuritycheckfailure", "nt!kidispatchexception", "nt!kei386eoihelper", "nt!kiexceptionexit",
    "nt!kiexceptiondispatch",
    "nt!kigeneralprotectionfault", "nt!commondispatchexception", "nt!kidoublefaultabort", "nt!kibreakpointtrap",
    "nt!kisystemservicehandler", "nt!rtlpexecutehandlerforexception", "nt!rtldispatchexception",
    "nt!kispecialapchandler",
    "nt! ?? ::fnodobfm::`string'", "nt!kidivideerrorfault", "nt!kiinvalidopcodefault", "nt!kistackfault",
    "verifier!verifierbugcheckifappropriate", "verifierext!slic_abort", "nt!verifierbugcheckifappropriate",
  ]

  static func topFrame(_ view: DebuggerLogView) -> Int? {
    if let address = view.faultingAddress, let index = view.stack.firstIndex(where: { $0.address == address }) {
      return index
    }
    guard let last = view.stack.prefix(24).lastIndex(where: isMachinery) else { return view.stack.isEmpty ? nil : 0 }
    var index = last + 1
    while index < view.stack.count, isMachinery(view.stack[index]) { index += 1 }
    return index < view.stack.count ? index : last
  }

  static func isMachinery(_ frame: DebuggerLogView.Frame) -> Bool {
    guard let symbol = frame.symbol else { return false }
    return machinery.contains(symbol.lowercased())
  }

  /// Whether a module's name, with or without its ending, is one that Windows ships.
  static func isInbox(_ module: String) -> Bool {
    let name = module.lowercased()
    if name == "nt" || name == "hal" || name == "unknown_module" { return true }
    return InboxModules.contains(name) || [".sys", ".dll", ".exe"].contains { InboxModules.contains(name + $0) }
  }

  /// The first frame of the kernel's half whose module Windows does not ship.
  static func foreignFrame(_ view: DebuggerLogView) -> Int? {
    view.stack.indices.first { index in
      guard let module = view.stack[index].module, !view.stack[index].isUserMode else { return false }
      return !isInbox(module)
    }
  }

  static func notes(_ view: DebuggerLogView) -> [String] {
    guard let index = view.foreignFrame, let module = view.stack[index].module else { return [] }
    let blamed = view.module ?? view.image
    guard let blamed else { return [] }
    let stem = (view.image ?? blamed).prefix { $0 != "." }.lowercased()
    guard module.lowercased() != blamed.lowercased(), module.lowercased() != stem else { return [] }
    let isPlaceholder = !(view.image ?? "").utf8.contains(UInt8(ascii: ".")) && view.image != nil
    guard isPlaceholder || isInbox(blamed) else { return [] }
    return [
      "The debugger lays it to \(blamed)\(view.image.map { $0 == blamed ? "" : " (\($0))" } ?? ""), but the stack passes through "
        + "\(module), which Windows does not ship (frame \(index), \(view.stack[index].place))."
    ]
  }
}
