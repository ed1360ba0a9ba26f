import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import PortableExecutable
import Symbols

/// A crash dump with its kernel understood: which build, what is loaded, who ran, what the stack says.
public struct KernelDump: Sendable {
  public struct Process: Hashable, Sendable {
    public var name: String
    public var id: UInt64?
    public var session: UInt32?
    /// True where the offsets are another build's.
    public var isGuess: Bool
    /// Of its EPROCESS, where the dump is one of whole pages.
    public var address: VirtualAddress?
  }

  public let dump: CrashDump
  /// Virtual memory that the dump holds: a triage dump's pieces, or everything the kernel's page tables map.
  public let memory: (any MemoryReading)?
  /// The kernel's address space, in dumps of whole pages.
  public let space: KernelSpace?
  /// From CmNtCSDVersion; nil where the dump does not say.
  public let servicePack: ServicePack?
  public let unloadedModules: [TriageDump.UnloadedDriver]
  public let modules: ModuleMap
  /// The list holds every loaded module, so that a module's absence means something.
  public let modulesAreComplete: Bool
  public let buildMatch: KernelBuildMatch?
  public let exception: StopException?
  public let process: Process?
  public let stack: [StackFrame]
  /// Index of the first frame that is not the stop's own machinery: where the failing code is.
  public let topFrame: Int?
  public let missing: [Missing]
  public let notes: [String]

  public var header: CrashDumpHeader { dump.header }
  public var architecture: Architecture { dump.header.architecture }

  /// Where the kernel's structures have their fields, and whether that is certain; nil where no layout is known.
  public let layout: (layout: KernelLayout, isExact: Bool)?
  /// KPRCB of the processor that stopped; nil where it was not found.
  let stoppedProcessor: UInt64?

  /// - Parameters:
  ///   - symbols: the user's own symbol files.
  ///   - images: the user's own image files.
  ///   - server: asked for what neither has, of the kernel and of the modules on the stack.
  public init(
    _ dump: CrashDump, symbols: SymbolFolder? = nil, images: ImageFolder? = nil, server: SymbolServer? = nil
  ) {
    self.dump = dump
    var missing = dump.missing
    var notes: [String] = []
    var space = KernelSpace(dump)
    memory = dump.triage?.memory ?? space?.memory
    var modules: ModuleMap
    (modules, modulesAreComplete) = Self.modules(dump, space, &missing)
    if let images { modules.attach(images) }
    modules.readVersions()

    let buildMatch = modules.kernel.flatMap { kernel in
      kernel.identity.base.flatMap {
        KernelBuildMatch.find(
          header: dump.header, debuggerData: dump.triage?.debuggerData ?? space?.debuggerData,
          context: dump.crashContext ?? dump.context, kernelBase: $0, identity: kernel.image?.debugIdentity)
      }
    }
    self.buildMatch = buildMatch
    if let match = buildMatch, match.isUnique,
      let index = modules.entries.firstIndex(where: { $0.identity.isKernel })
    {
      modules.setVersion(match.build.version, at: index)
    }
    if let match = buildMatch, match.isUnique, let base = modules.kernel?.identity.base {
      space = space?.with(match.build, kernelBase: base.rawValue)
    }
    if let symbols { Self.attach(symbols, to: &modules, match: buildMatch, &missing, &notes) }
    let tables = symbols ?? SymbolFolder(paths: [])
    var asked: Set<Int> = []
    if let server, let kernel = modules.entries.firstIndex(where: { $0.identity.isKernel }) {
      _ = Self.fetch(
        [kernel], from: server, tables: tables, into: &modules, asked: &asked, match: buildMatch, &missing)
    }
    if let found = space, found.debuggerData == nil {
      if let data = Self.hiddenData(found, modules) {
        space = found.with(data)
      } else {
        missing.append(
          Missing(
            "debuggerData", because: .notInDump,
            detail:
              "The block by which debuggers find processors and unloaded modules is not in the dump, or hidden; symbols of the kernel uncover it."
          ))
      }
    }
    let structures = KernelStructures(modules)
    space = space?.with(structures)
    self.space = space
    let servicePack = dump.triage?.servicePack ?? space?.servicePack
    self.servicePack = servicePack
    unloadedModules = dump.triage?.unloadedDrivers ?? space.map(UnloadedModuleRing.read) ?? []

    let layout = structures.layout(
      build: Int(dump.header.build), servicePack: servicePack, architecture: dump.header.architecture,
      revision: buildMatch.map { Int($0.build.version.revision) })
    self.layout = layout
    let processor = space.flatMap {
      CrashedProcessor.find($0, context: dump.context, layout?.layout)
    }
    stoppedProcessor = processor?.prcb
    let context = dump.crashContext ?? dump.context ?? processor?.context
    let exception = StopException(dump: dump, memory: memory, layout: layout?.layout)
    self.exception = exception
    var frames: [StackFrame] = []
    if let memory, let context {
      let contexts = [exception?.context, dump.context]
      frames = Self.walker(memory, modules, contexts, buildMatch).walk(context)
      if let server {
        for _ in 0..<Self.maximumRounds {
          let indices = frames.compactMap { modules.index(of: $0.address.rawValue) }
          guard
            Self.fetch(
              indices, from: server, tables: tables, into: &modules, asked: &asked, match: buildMatch, &missing)
          else { break }
          frames = Self.walker(memory, modules, contexts, buildMatch).walk(context)
        }
      }
    } else if let context {
      frames = [modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context)]
    }
    stack = frames
    if frames.isEmpty {
      missing.append(
        Missing(
          "stack", because: memory == nil ? .unsupported : .notInDump,
          detail: "No register context or no stack memory could be read."))
    }
    if let triage = dump.triage {
      process = Self.process(triage, dump, layout, &missing)
    } else if let space {
      process = Self.process(space, processor, servicePack, buildMatch, &missing)
    } else {
      process = nil
      if dump.header.dumpType != nil || frames.isEmpty {
        missing.append(
          Missing("process", because: .unsupported, detail: "Nothing but the header is read of this dump."))
      }
    }
    topFrame = StopMachinery.firstFailingFrame(frames, exception: exception, bugcheck: dump.header.bugcheck)
    self.modules = modules
    self.missing = missing
    self.notes = notes
  }

  private static func walker(
    _ memory: any MemoryReading, _ modules: ModuleMap, _ contexts: [RegisterContext?], _ match: KernelBuildMatch?
  ) -> StackWalker {
    StackWalker(
      memory: memory, modules: modules, contexts: contexts.compactMap { $0 },
      name: BundledSymbols.naming(match, kernel: modules.kernel?.identity))
  }

  /// Walks any stack of this dump; nil where it holds no memory.
  public var stackWalker: StackWalker? {
    memory.map { Self.walker($0, modules, [exception?.context, dump.context], buildMatch) }
  }

  private static func hiddenData(_ space: KernelSpace, _ modules: ModuleMap) -> DebuggerData? {
    guard space.architecture == .x64, let kernel = modules.kernel, let base = kernel.identity.base,
      let symbols = kernel.symbols
    else { return nil }
    return HiddenDebuggerData.read(space.memory, kernelBase: base.rawValue, symbols: symbols)
  }

  private static func modules(
    _ dump: CrashDump, _ space: KernelSpace?, _ missing: inout [Missing]
  ) -> (ModuleMap, isComplete: Bool) {
    guard let space else {
      let identities = (dump.triage?.drivers ?? []).map { driver in
        ModuleIdentity(
          name: driver.name.isEmpty ? "?" : driver.name, path: driver.path, base: driver.base,
          size: UInt64(driver.size), timestamp: driver.timestamp, checksum: driver.checksum)
      }
      return (ModuleMap(identities, memory: dump.triage?.memory), dump.triage?.driversAreComplete ?? false)
    }
    let list = LoadedModuleList(space)
    if list.modules.isEmpty {
      let why = space.memory.absence(at: space.psLoadedModuleList)?.description ?? "leads to no entry that can be read"
      missing.append(
        Missing(
          "modules", because: .notInDump,
          detail: "The list of loaded modules (PsLoadedModuleList, \(space.psLoadedModuleList)) \(why)."))
    } else if !list.isWhole {
      missing.append(
        Missing(
          "modules", because: .notInDump,
          detail:
            "The list of loaded modules breaks off: \(list.modules.count) were read, \(list.unread) entries are not in the dump."
        ))
    }
    return (ModuleMap(list.modules, memory: space.memory), list.isWhole)
  }

  private static func attach(
    _ folder: SymbolFolder, to modules: inout ModuleMap, match: KernelBuildMatch?, _ missing: inout [Missing],
    _ notes: inout [String]
  ) {
    for index in modules.entries.indices {
      let entry = modules.entries[index]
      var found: (SymbolFolder.Entry, SymbolFolder.Match)?
      if let identity = entry.image?.debugIdentity {
        found = folder.find(identity).map { ($0, .identity) }
      } else if entry.identity.isKernel, let match, match.isUnique {
        // The addresses fit one build only, whose PDB the table names.
        for name in ["ntkrnlmp.pdb", "ntoskrnl.pdb"] where found == nil {
          found = folder.find(DebugIdentity(name: name, guid: match.build.pdbGUID, age: match.build.pdbAge))
            .map { ($0, .identity) }
        }
      } else if !entry.identity.isKernel {
        found = folder.findByName(entry.identity.moduleName + ".pdb").map { ($0, .nameOnly) }
      }
      guard let (file, how) = found else { continue }
      do {
        modules.setSymbols(try folder.load(file), match: how, path: file.path, at: index)
        if how == .nameOnly {
          notes.append(
            "Symbols of \(entry.identity.name) were chosen by file name alone; the dump does not say which build it is."
          )
        }
      } catch {
        missing.append(Missing("symbols.\(entry.identity.name)", because: .malformed, detail: "\(file.path): \(error)"))
      }
    }
  }
}
