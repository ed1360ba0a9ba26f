import Facts
import KnowledgeBase
import Matching
import Planning

@testable import Reporting

/// Reports with everything in them, and with names that want to harm the reader's terminal.
enum ReportSamples {
  static let hostile = "evil\u{1B}]0;title\u{7}\u{202E}\r\n.sys"

  static func stop(_ code: UInt32) -> Fact {
    Fact(
      .stop, "The system stopped with \(StopCode(code)).", attributes: ["code": .stopCode(StopCode(code))], evidence: 0,
      origin: "BugCheckCode")
  }

  static func frame(_ symbol: String, _ module: String, trust: Trust = .observed) -> Fact {
    Fact(
      .frame, "Frame 0: \(symbol).",
      attributes: [
        "position": "top".value, "module": module.value, "symbol": symbol.value, "thread": "faulting".value,
      ],
      trust: trust, evidence: 0, origin: "frame 0")
  }

  static func culprit(_ module: String) -> Fact {
    Fact(.culprit, "\(module) is laid to.", attributes: ["module": module.value], trust: .inferred, evidence: 0)
  }

  /// What the façade does, from literal facts.
  static func diagnosis(
    _ facts: [Fact],
    machine: Machine = Machine(product: "Windows Server 2003", servicePack: ServicePack(2), architecture: .x86),
    missing: [Missing] = [], problems: [EvidenceProblem] = [], dump: DumpView? = nil
  ) throws -> Diagnosis {
    var facts = facts
    for index in facts.indices { facts[index].id = "f\(index + 1)" }
    let findings = Matcher(try Catalogue.bundled().issues).findings(facts: facts, machine: machine)
    return Diagnosis(
      evidence: [.init(path: "MEMORY.DMP", kind: "crash-dump", sha256: "00", problems: problems)], machine: machine,
      facts: facts,
      findings: findings.map { ($0, plan(for: $0, facts: facts, machine: machine)) },
      nextSteps: nextSteps(facts: facts, machine: machine), missing: missing, dumps: dump.map { [0: $0] } ?? [:])
  }

  static func confirmed() throws -> Diagnosis {
    try diagnosis(
      [stop(0xD1), frame("netbt!NbtCopyToStartOfIndicate", "netbt.sys"), culprit("netbt.sys")],
      missing: [Missing("system.revision", because: .notInDump, detail: "The revision is not known.")],
      problems: [
        EvidenceProblem(
          what: "DUMP_HEADER32 > NumberOfRuns", because: .malformed, offset: 0x64, expected: "at most 32", found: "77",
          text: "NumberOfRuns at file offset 0x64: expected at most 32, found 77")
      ])
  }

  /// Every text of the dump is hostile.
  static func hostileDump() -> DumpView {
    var view = DumpView(architecture: .x64, bugcheck: StopCode(0xD1))
    view.signature = "PAGEDU64"
    view.comment = hostile
    view.parameters = [1, 2, 3, 4]
    view.parameterMeanings = view.parameters.map { .init(value: $0, text: hostile) }
    view.meaning = hostile
    view.culprit = hostile
    view.culpritReason = hostile
    view.processName = hostile
    view.hasException = true
    view.exceptionPlace = hostile
    view.notes = [hostile]
    view.missing = [Missing(hostile, because: .malformed, detail: hostile)]
    view.modules = [
      .init(
        identity: ModuleIdentity(
          name: hostile, path: hostile, base: VirtualAddress(0xFFFF_F800_0000_0000), size: 0x1000),
        timestampMeaning: .unknown, isInbox: false)
    ]
    view.unloadedModules = [.init(name: hostile, start: VirtualAddress(1), end: VirtualAddress(2))]
    var frame = StackFrame(address: VirtualAddress(3), stackPointer: nil, trust: .scan)
    frame.module = hostile
    frame.symbol = hostile
    view.stack = [frame]
    view.topFrame = 0
    return view
  }

  static func hostileDiagnosis() throws -> Diagnosis {
    try diagnosis(
      [
        stop(0xD1), frame("netbt!\(hostile)", hostile), culprit(hostile),
        Fact(.process, hostile, attributes: ["process": hostile.value]),
      ],
      machine: Machine(product: hostile, architecture: .x64, version: hostile),
      missing: [Missing(hostile, because: .malformed, detail: hostile)],
      problems: [EvidenceProblem(what: hostile, because: .malformed, text: hostile)], dump: hostileDump())
  }
}

extension String {
  fileprivate var value: FactValue { .text(self) }
}
