import ByteReading
import CrashDumpFormat
import Facts
import KernelLayouts

/// The process that was current when the system stopped.
extension KernelDump {
  /// From the copy of its block that a triage dump holds.
  static func process(
    _ triage: TriageDump, _ dump: CrashDump, _ found: (layout: KernelLayout, isExact: Bool)?,
    _ missing: inout [Missing]
  ) -> Process? {
    guard let region = triage.process else {
      missing.append(Missing("process", because: .notPresent, detail: "The dump holds no process block."))
      return nil
    }
    guard let (layout, isExact) = found else {
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

  /// From the thread that the crashed processor ran.
  static func process(
    _ space: KernelSpace, _ processor: CrashedProcessor?, _ servicePack: ServicePack?, _ match: KernelBuildMatch?,
    _ missing: inout [Missing]
  ) -> Process? {
    guard let address = processor?.process else {
      missing.append(
        Missing(
          "process", because: .notInDump,
          detail: "The processor's control block or its thread is not in the dump, or no debugger data says where."))
      return nil
    }
    guard
      let reader = ProcessReader(
        space, servicePack: servicePack, revision: match.map { Int($0.build.version.revision) })
    else {
      missing.append(
        Missing(
          "process", because: .unsupported,
          detail: "No structure layout is bundled for build \(space.build) on \(space.architecture)."))
      return nil
    }
    guard let process = reader.process(at: address) else {
      missing.append(
        Missing(
          "process", because: reader.isExact ? .notInDump : .unsupported,
          detail: "No process can be read at \(hexadecimal(address)) with the layout of build \(reader.layout.build)."))
      return nil
    }
    return Process(
      name: process.name, id: process.id, session: process.session, isGuess: !reader.isExact, address: process.address)
  }
}

extension TriageDump {
  /// From CmNtCSDVersion; Service Pack 0 where the kernel wrote zero, nil where it wrote nothing.
  public var servicePack: ServicePack? {
    servicePackBuild.map { Product.servicePack(csdVersion: $0) ?? ServicePack(0) }
  }
}

extension KernelDump {
  /// Every process that PsActiveProcessHead links; nil, with the reason, where the dump or the layouts do not give them.
  public func processes() -> (list: KernelProcessList?, missing: [Missing]) {
    func absent(_ because: Absence, _ detail: String) -> [Missing] {
      [Missing("processes", because: because, detail: detail)]
    }
    guard let space else {
      return (
        nil,
        absent(
          .notInDump,
          "A dump of this type holds no list of processes. Collect a kernel or complete memory dump.")
      )
    }
    guard
      let list = KernelProcessList(
        space, servicePack: servicePack, revision: buildMatch.map { Int($0.build.version.revision) })
    else {
      return (
        nil, absent(.unsupported, "No structure layout is bundled for build \(header.build) on \(architecture).")
      )
    }
    guard !list.processes.isEmpty else {
      let why =
        space.memory.absence(at: space.psActiveProcessHead)?.description ?? "leads to no process that can be read"
      return (
        list,
        absent(.notInDump, "The list of processes (PsActiveProcessHead, \(space.psActiveProcessHead)) \(why).")
      )
    }
    return (
      list,
      list.isWhole
        ? [] : absent(.notInDump, "The list of processes breaks off: \(list.processes.count) were read.")
    )
  }
}
