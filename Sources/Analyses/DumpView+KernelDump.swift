import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

extension KernelDump {
  /// The dump as reports print it.
  public var view: DumpView {
    var view = DumpView(architecture: architecture, bugcheck: header.bugcheck)
    view.signature = dump.container.rawValue
    view.dumpType = header.dumpType?.name
    view.dumpTypeNumber = header.dumpType?.rawValue
    view.bytes = dump.file.byteCount
    view.comment = header.comment
    view.secondaryDataBlocks = dump.triage?.secondaryData.count ?? 0
    view.memoryBytes = dump.triage?.memory.byteCount ?? dump.physical.map { Int(clamping: $0.presentPages * 4096) } ?? 0
    view.absentPages = dump.physical?.truncatedPages ?? 0
    view.absentRanges = dump.physical?.absentRanges(limit: CrashDump.listedAbsentRanges) ?? []
    let machine = machine
    view.version = machine.version
    view.build = header.build
    view.processors = header.processors
    view.uptimeSeconds = header.upTime.map { $0 / 10_000_000 }
    view.crashTime = header.systemTime?.rfc3339
    view.product = machine.product
    view.servicePack = machine.servicePack
    view.productType = header.productType.map {
      [1: "workstation", 2: "domain-controller", 3: "server"][$0] ?? "type-\($0)"
    }
    view.buildMatch = buildMatch.map {
      DumpView.BuildMatch(
        version: $0.build.version, agreed: $0.agreed, compared: $0.compared, isUnique: $0.isUnique,
        pdbName: "ntkrnlmp.pdb",
        pdbGUID: $0.build.pdbGUID, pdbAge: $0.build.pdbAge)
    }
    view.hasStop = hasStop
    view.bugcheckName = StopCodes.name(of: header.bugcheck)
    view.parameters = header.parameters
    if hasStop, let meaning = StopCodeMeaning.of(header.bugcheck) {
      view.meaning = meaning.sentence.isEmpty ? nil : meaning.sentence
      view.parameterMeanings = zip(meaning.parameters(for: header.parameters), header.parameters).map {
        parameter, value in
        DumpView.ParameterMeaning(value: value, text: explain(parameter, value))
      }
    }
    if let exception {
      view.hasException = true
      view.exceptionCode = exception.code
      view.exceptionName = exception.code.flatMap { NTStatusNames.name(of: $0) }
      view.exceptionAddress = exception.address
      view.exceptionPlace = exception.address.map { frame(at: $0).place }
      view.referenced = exception.referenced
      view.access = exception.access?.rawValue
    }
    if let culprit = CulpritAnalysis.culprit(self) {
      view.culprit = culprit.module
      view.culpritReason = culprit.reason
    }
    view.modules = modules.modules.map { module in
      let inbox = InboxModules.contains(module.name)
      return DumpView.Module(
        identity: module, timestampMeaning: meaning(ofTimestampOf: module), isInbox: inbox)
    }
    view.unloadedModules = unloadedModules.map {
      DumpView.UnloadedModule(name: $0.name, start: $0.start, end: $0.end)
    }
    view.processName = process?.name
    view.processID = process?.id
    view.session = process?.session
    view.stack = stack
    view.topFrame = topFrame
    view.missing = missing + absent
    view.notes = notes
    return view
  }

  /// The same with the stacks of all processors.
  public var viewOfAllProcessors: DumpView {
    var view = view
    let (stacks, missing) = processorStacks()
    view.processorStacks = stacks.map {
      DumpView.ProcessorStack(
        number: $0.number, isStopped: $0.isStopped, thread: $0.thread, processName: $0.process?.name,
        processID: $0.process?.id, stack: $0.frames)
    }
    view.missing += missing
    return view
  }

  /// Whether the machine had stopped: a memory image can be of one that runs.
  public var hasStop: Bool {
    dump.container == .dump32 || dump.container == .dump64 || header.bugcheck.rawValue != 0
  }

  /// What the dump does not say, beyond what reading it already found.
  private var absent: [Missing] {
    var missing: [Missing] = []
    if memory != nil, !modules.entries.isEmpty, buildMatch == nil {
      let known = KernelBuilds.all.filter { $0.build == Int(header.build) }.count
      missing.append(
        Missing(
          "system.revision", because: .notInDump,
          detail: architecture == .x64 && known > 0
            ? "The revision of build \(header.build) is not known: none of the \(known) bundled kernels of that build has its addresses."
            : "The revision of build \(header.build) is not known: no kernel addresses of that build are bundled for \(architecture)."
        ))
    }
    if dump.triage != nil, process != nil, process?.session == nil {
      missing.append(
        Missing(
          "process.session", because: .notInDump,
          detail: "The session number lies in memory that this dump does not hold."))
    }
    if header.systemTime?.rfc3339 == nil {
      missing.append(
        Missing("system.crashTime", because: .notPresent, detail: "The header's SystemTime is not filled."))
    }
    if header.upTime == nil {
      missing.append(
        Missing("system.uptimeSeconds", because: .notPresent, detail: "The header's SystemUpTime is not filled."))
    }
    if !hasStop {
      missing.append(
        Missing(
          "bugcheck", because: .notPresent,
          detail: "The image is of a machine that was running: it had not stopped."))
    }
    if header.processors == 0 {
      missing.append(
        Missing(
          "system.processors", because: .notInDump, detail: "Nothing that can be read says how many there are."))
    }
    if hasStop, exception == nil {
      missing.append(
        Missing(
          "exception", because: .notPresent,
          detail: "This stop code carries no exception, and the header's record is only the breakpoint placeholder."))
    }
    return missing
  }

  /// Images built reproducibly hold a hash in the timestamp; Windows' own have since 2016 (build 14393), and third-party ones
  /// of that age may: there a "date" before 1990 or after the crash is none. Older systems know no such images.
  func meaning(ofTimestampOf module: ModuleIdentity) -> DumpView.TimestampMeaning {
    guard let timestamp = module.timestamp, timestamp != 0 else { return .unknown }
    let first: Int64 = 631_152_000
    guard header.build >= 14393 else { return Int64(timestamp) >= first ? .date : .unknown }
    if InboxModules.contains(module.name) { return .buildHash }
    let crash = header.systemTime.flatMap { $0.rfc3339 == nil ? nil : $0.unixSeconds } ?? 4_000_000_000
    return Int64(timestamp) >= first && Int64(timestamp) <= crash + 86_400 ? .date : .buildHash
  }

  /// A parameter's meaning with its value read: an address as module and offset, a status by name.
  private func explain(_ parameter: StopParameter, _ value: UInt64) -> String {
    guard parameter.rule != .unused else { return "" }
    var text = parameter.text
    var reading: String?
    switch parameter.rule {
    case .codeAddress, .dataAddress:
      let frame = frame(at: VirtualAddress(value))
      if frame.module != nil { reading = frame.place }
    case .ntstatus: reading = NTStatusNames.name(of: NTStatus(UInt32(truncatingIfNeeded: value)))
    case .poolTag: reading = PoolTag(rawValue: UInt32(truncatingIfNeeded: value)).description
    case .irql: reading = Self.irqlName(value, architecture)
    default: reading = parameter.meaning(of: value)
    }
    if let reading { text += text.isEmpty ? reading : ": " + reading }
    return text
  }

  /// Interrupt request levels by name (public documentation, "Managing Hardware Priorities").
  private static func irqlName(_ value: UInt64, _ architecture: Architecture) -> String? {
    switch value {
    case 0: "PASSIVE_LEVEL"
    case 1: "APC_LEVEL"
    case 2: "DISPATCH_LEVEL"
    case 15 where architecture == .x64: "HIGH_LEVEL"
    case 31 where architecture == .x86: "HIGH_LEVEL"
    case 3..<32: "a device's level"
    default: nil
    }
  }
}
