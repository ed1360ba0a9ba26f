import Facts

/// Puts a machine together from a profile: loads its modules, places functions in them, and lays out a stack. Everything
/// the seed decides is decided here, in the order of the calls.
struct CaseBuilder {
  let profile: SystemProfile
  var random: SplitMix64
  private(set) var modules: [SynthesizedModule] = []
  /// Addresses of functions relative to their module, by debugger name of the module (`nt`, `netbt`).
  private(set) var functions: [String: [String: UInt32]] = [:]
  private var cursors: [String: UInt32] = [:]

  init(_ profile: SystemProfile, seed: UInt64, drivers: [DriverTemplate]) {
    self.profile = profile
    random = SplitMix64(seed: seed)
    load(DriverTemplate.common(build: profile.version.build) + drivers)
    functions["nt"] = profile.symbols
  }

  var isWide: Bool { profile.isWide }

  private mutating func load(_ templates: [DriverTemplate]) {
    var kernel = profile.kernel
    kernel.base &+= 0x1000 &* random.below(profile.kernelSpread + 1)
    kernel.entryPoint = kernel.base &+ UInt64(kernel.size / 2) & ~0xF
    modules = [kernel]
    var next = profile.driverRegion &+ 0x1000 &* random.below(0x40)
    var nextSession = profile.sessionRegion
    let hal = templates.filter { $0.name == "hal.dll" }
    for template in hal + random.shuffled(templates.filter { $0.name != "hal.dll" && !$0.isSessionImage }) {
      modules.append(module(template, at: next))
      next = (next &+ UInt64(template.size) &+ 0xFFF) & ~0xFFF &+ 0x1000 &* random.below(6)
    }
    for template in templates where template.isSessionImage {
      modules.append(module(template, at: nextSession))
      nextSession = (nextSession &+ UInt64(template.size) &+ 0xFFFF) & ~0xFFFF
    }
  }

  private mutating func module(_ template: DriverTemplate, at base: UInt64) -> SynthesizedModule {
    SynthesizedModule(
      name: template.name, path: template.path, base: base, size: template.size, timestamp: template.timestamp,
      checksum: UInt32(truncatingIfNeeded: UInt64(template.size) &+ random.below(0xC000)),
      entryPoint: base &+ UInt64(template.size) &- 0x2000)
  }

  /// `nt` for the kernel, else the file name without its ending.
  static func debuggerName(_ module: SynthesizedModule) -> String {
    module.name == "ntoskrnl.exe" ? "nt" : String(module.name.prefix { $0 != "." })
  }

  func module(named name: String) -> SynthesizedModule? {
    modules.first { Self.debuggerName($0).lowercased() == name.lowercased() }
  }

  /// Address of a function; the first call gives it a place behind those placed before.
  mutating func function(_ symbol: String) -> UInt64 {
    let parts = symbol.split(separator: "!", maxSplits: 1).map(String.init)
    guard parts.count == 2, let module = module(named: parts[0]) else { return 0 }
    if let known = functions[parts[0]]?[parts[1]] { return module.base &+ UInt64(known) }
    let cursor = cursors[parts[0]] ?? (parts[0] == "nt" && !profile.symbols.isEmpty ? 0x9_0000 : 0x1000)
    let place = (cursor &+ 0x100 &+ UInt32(random.below(UInt64(module.size / 64)))) & ~0xF
    cursors[parts[0]] = place &+ 0x400
    functions[parts[0], default: [:]][parts[1]] = place
    return module.base &+ UInt64(place)
  }

  /// A frame in a function, `offset` bytes in (where the profile knows no better; decided by the seed where nil), with so
  /// many words of local data.
  mutating func frame(
    _ symbol: String, _ offset: UInt64? = nil, words: Int = 6, arguments: Int = 3, trap: RegisterContext? = nil
  ) -> SynthesizedFrame {
    let start = function(symbol)
    let into = profile.calls[symbol] ?? offset ?? 0x10 &+ random.below(0x300)
    let locals = trap == nil ? noise(words: words) : []
    let pushed = isWide ? [] : (0..<arguments).map { _ in UInt32(truncatingIfNeeded: noiseWord()) }
    return SynthesizedFrame(
      symbol + "+" + hexadecimal(into), at: start &+ into, locals: locals, arguments: pushed, trap: trap)
  }

  mutating func noise(words: Int) -> [UInt8] {
    var out = ByteBuilder()
    for _ in 0..<max(0, words) { out.putPointer(noiseWord(), width: isWide ? 8 : 4, at: out.count) }
    return out.bytes
  }

  /// What stands on stacks between the things that matter: zeros, small numbers, pool addresses; nothing that looks like
  /// a return address.
  mutating func noiseWord() -> UInt64 {
    switch random.below(4) {
    case 0: 0
    case 1: random.below(0x400)
    default: poolAddress()
    }
  }

  mutating func poolAddress() -> UInt64 { profile.poolRegion &+ 8 &* random.below(0x20_0000) }

  mutating func stackBase() -> UInt64 { profile.stackRegion &+ 0x1000 &* (0x10 &+ random.below(0x400)) }

  /// 32 hexadecimal digits.
  mutating func guid() -> String {
    (0..<2).map { _ in
      let digits = String(random.next(), radix: 16, uppercase: true)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }

  /// Tables of the modules that functions were placed in.
  mutating func symbolTables() -> [SynthesizedSymbolTable] {
    var tables: [SynthesizedSymbolTable] = []
    for name in functions.keys.sorted() {
      guard let module = module(named: name), let symbols = functions[name], !symbols.isEmpty else { continue }
      let isKernel = name == "nt"
      tables.append(
        SynthesizedSymbolTable(
          module: module.name, database: isKernel ? profile.database : name.lowercased() + ".pdb",
          guid: (isKernel ? profile.guid : nil) ?? guid(),
          machineType: UInt16(truncatingIfNeeded: DumpHeader.machineType(profile.architecture)), symbols: symbols))
    }
    return tables
  }
}
