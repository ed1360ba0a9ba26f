import Facts

/// A failed machine, described far enough that its crash dump can be written.
public struct SynthesizedMachine: Hashable, Sendable {
  /// `x86`, `x64` or `arm64`; headers also `ia64` and `alpha`.
  public var architecture: Architecture
  public var version: SystemVersion
  public var productType: ProductType
  /// VER_SUITE_* bits (public header winnt.h).
  public var suiteMask: UInt32
  public var processors: UInt32
  public var paeEnabled: Bool
  /// 100 ns intervals since 1601-01-01, UTC.
  public var systemTime: UInt64
  /// 100 ns intervals since the start.
  public var upTime: UInt64
  public var directoryTableBase: UInt64

  /// The kernel comes first, as in the loader's list.
  public var modules: [SynthesizedModule]
  public var unloadedModules: [SynthesizedUnloadedModule]
  /// Addresses of kernel symbols relative to the kernel's base, to make a dump agree with one build. Missing ones get a
  /// fixed place in the kernel's data.
  public var kernelSymbols: [String: UInt32]

  public var stop: SynthesizedStop
  public var registers: RegisterContext
  /// Registers in the PRCB's ProcessorState; nil: the same. A real dump of a 0x7E (10.0.19041) has the exception's registers
  /// in its header and those of KeBugCheckEx in the PRCB.
  public var processorRegisters: RegisterContext?
  /// nil: the placeholder that kernels write.
  public var exception: SynthesizedException?
  public var process: SynthesizedProcess?
  public var thread: SynthesizedThread?
  public var stack: SynthesizedStack
  /// Further memory a triage dump carries as data blocks.
  public var memory: [SynthesizedMemory]
  /// At most 128 bytes; nil leaves the field as the kernel does, filled with `PAGE`.
  public var comment: String?
  /// nil: no PRCB, EPROCESS and ETHREAD copies are written, their offsets are zero.
  public var layout: SynthesisLayout?
  /// The sizes that the debugger data block had, see `DebuggerDataBlock.size(build:)`.
  public var debuggerDataSize: Int

  public init(
    architecture: Architecture, version: SystemVersion, productType: ProductType = .workstation,
    suiteMask: UInt32 = SuiteMask.singleUserTerminalServer, processors: UInt32 = 1, systemTime: UInt64 = 0,
    upTime: UInt64 = 0, modules: [SynthesizedModule], stop: SynthesizedStop, registers: RegisterContext,
    stack: SynthesizedStack, layout: SynthesisLayout? = nil
  ) {
    self.architecture = architecture
    self.version = version
    self.productType = productType
    self.suiteMask = suiteMask
    self.processors = processors
    paeEnabled = architecture == .x86
    self.systemTime = systemTime
    self.upTime = upTime
    directoryTableBase = architecture == .x86 ? 0x0072_7000 : 0x001A_D000
    self.modules = modules
    unloadedModules = []
    kernelSymbols = [:]
    self.stop = stop
    self.registers = registers
    processorRegisters = nil
    exception = nil
    process = nil
    thread = nil
    self.stack = stack
    memory = []
    comment = nil
    self.layout = layout
    debuggerDataSize = DebuggerDataBlock.size(build: version.build)
  }

  /// 4 or 8; architectures nobody knows are taken for 64-bit ones.
  public var pointerWidth: Int { architecture.pointerSize ?? 8 }

  public var kernelBase: UInt64 { modules.first?.base ?? 0 }

  /// The module an address lies in.
  public func module(at address: UInt64) -> SynthesizedModule? { modules.first { $0.contains(address) } }
}

/// Version as the system states it. A crash dump holds only the build: its "major version" is 15 (free) or 12 (checked).
public struct SystemVersion: Hashable, Sendable {
  public var major: UInt32
  public var minor: UInt32
  public var build: UInt32
  /// CmNtCSDVersion: the service pack times 0x100 (`Service Pack 2` is 0x200); 0 for none.
  public var servicePack: UInt32
  /// `3790.srv03_sp2_gdr.090319-1204`; nil where the dump does not hold it.
  public var buildLab: String?

  public init(_ major: UInt32, _ minor: UInt32, _ build: UInt32, servicePack: UInt32 = 0, buildLab: String? = nil) {
    self.major = major
    self.minor = minor
    self.build = build
    self.servicePack = servicePack << 8
    self.buildLab = buildLab
  }
}

/// VER_NT_* of the public header winnt.h.
public enum ProductType: UInt32, Hashable, Sendable, CaseIterable {
  case workstation = 1
  case domainController = 2
  case server = 3
}

/// VER_SUITE_* of the public header winnt.h.
public enum SuiteMask {
  public static let enterprise: UInt32 = 0x0002
  public static let terminal: UInt32 = 0x0010
  public static let singleUserTerminalServer: UInt32 = 0x0100
}

/// What KeBugCheckEx got.
public struct SynthesizedStop: Hashable, Sendable {
  public var code: StopCode
  /// Four; fewer are filled with zeros.
  public var parameters: [UInt64]

  public init(_ code: StopCode, _ parameters: [UInt64] = []) {
    self.code = code
    self.parameters = Array((parameters + [0, 0, 0, 0]).prefix(4))
  }
}

/// Bytes at a virtual address.
public struct SynthesizedMemory: Hashable, Sendable {
  public var address: UInt64
  public var bytes: [UInt8]

  public init(address: UInt64, bytes: [UInt8]) {
    self.address = address
    self.bytes = bytes
  }
}
