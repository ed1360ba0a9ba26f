import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// A crash dump with its kernel understood: which build, what is loaded, who ran, what the stack says.
public struct KernelDump: Sendable {
  public struct Process: Hashable, Sendable {
    public var name: String
    public var id: UInt64?
    public var session: UInt32?
    /// True where the offsets are another build's.
    public var isGuess: Bool
  }

  public let dump: CrashDump
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

  public init(_ dump: CrashDump, symbols: SymbolFolder? = nil) {
    self.dump = dump
    var missing = dump.missing
    var notes: [String] = []
    let identities = (dump.triage?.drivers ?? []).map { driver in
      ModuleIdentity(
        name: driver.name.isEmpty ? "?" : driver.name, path: driver.path, base: driver.base, size: UInt64(driver.size),
        timestamp: driver.timestamp, checksum: driver.checksum)
    }
    var modules = ModuleMap(identities, memory: dump.triage?.memory)
    modulesAreComplete = dump.triage?.driversAreComplete ?? false

    buildMatch = modules.kernel?.identity.base.flatMap {
      KernelBuildMatch.find(
        header: dump.header, debuggerData: dump.triage?.debuggerData, context: dump.crashContext ?? dump.context,
        kernelBase: $0)
    }
    if let match = buildMatch, match.isUnique,
      let index = modules.entries.firstIndex(where: { $0.identity.isKernel })
    {
      modules.setVersion(match.build.version, at: index)
    }
    if let symbols { Self.attach(symbols, to: &modules, match: buildMatch, &missing, &notes) }

    let exception = StopException(dump: dump)
    self.exception = exception
    var frames: [StackFrame] = []
    if let triage = dump.triage, let context = dump.crashContext ?? dump.context {
      let walker = StackWalker(
        memory: triage.memory, modules: modules, contexts: [exception?.context, dump.context].compactMap { $0 },
        name: BundledSymbols.naming(buildMatch, kernel: modules.kernel?.identity))
      frames = walker.walk(context)
    } else if let context = dump.context {
      frames = [modules.frame(context.instructionPointer, stackPointer: context.stackPointer, trust: .context)]
    }
    stack = frames
    if dump.triage == nil, dump.header.dumpType != nil || frames.isEmpty {
      missing.append(
        Missing("process", because: .unsupported, detail: "Nothing but the header is read of this dump."))
    }
    if frames.isEmpty {
      missing.append(
        Missing(
          "stack", because: dump.triage == nil ? .unsupported : .notInDump,
          detail: "No register context or no stack memory could be read."))
    }
    process = Self.process(dump, buildMatch: buildMatch, &missing)
    topFrame = StopMachinery.firstFailingFrame(frames, exception: exception, bugcheck: dump.header.bugcheck)
    self.modules = modules
    self.missing = missing
    self.notes = notes
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
        modules.setSymbols(try folder.load(file), match: how, at: index)
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

  private static func process(
    _ dump: CrashDump, buildMatch: KernelBuildMatch?, _ missing: inout [Missing]
  ) -> Process? {
    guard let triage = dump.triage else { return nil }
    guard let region = triage.process else {
      missing.append(Missing("process", because: .notPresent, detail: "The dump holds no process block."))
      return nil
    }
    let pack = triage.servicePack
    guard
      let (layout, isExact) = KernelLayout.find(
        build: Int(dump.header.build), servicePack: pack, architecture: dump.header.architecture,
        revision: buildMatch.map { Int($0.build.version.revision) })
    else {
      missing.append(
        Missing(
          "process", because: .unsupported,
          detail: "No structure layout is bundled for build \(dump.header.build) on \(dump.header.architecture)."))
      return nil
    }
    guard let nameOffset = layout.offset("_EPROCESS", "ImageFileName"), nameOffset + 15 <= region.count,
      let bytes = dump.file.bytes.array(at: region.offset + nameOffset, count: 15)
    else {
      missing.append(Missing("process", because: .notInDump, detail: "The process block is shorter than its layout."))
      return nil
    }
    let raw = bytes.prefix { $0 != 0 }
    guard !raw.isEmpty, raw.allSatisfy({ (0x20...0x7E).contains($0) }) else {
      missing.append(
        Missing(
          "process", because: isExact ? .malformed : .unsupported,
          detail: "The process block has no name where the layout of build \(layout.build) puts it."))
      return nil
    }
    let pointer = dump.header.is64Bit ? 8 : 4
    let id = layout.offset("_EPROCESS", "UniqueProcessId").flatMap { offset -> UInt64? in
      guard offset + pointer <= region.count else { return nil }
      return pointer == 8
        ? dump.file.bytes.loadIfPresent(at: region.offset + offset, as: UInt64.self)
        : dump.file.bytes.loadIfPresent(at: region.offset + offset, as: UInt32.self).map(UInt64.init)
    }
    // Process ids are multiples of 4 and small; another value means another layout.
    let plausible = id.flatMap { $0 < 1 << 32 && $0 & 3 == 0 ? $0 : nil }
    return Process(
      name: String(decoding: raw, as: UTF8.self), id: plausible, session: nil, isGuess: !isExact)
  }
}

extension TriageDump {
  /// From CmNtCSDVersion; Service Pack 0 where the kernel wrote zero, nil where it wrote nothing.
  public var servicePack: ServicePack? {
    servicePackBuild.map { Product.servicePack(csdVersion: $0) ?? ServicePack(0) }
  }
}
