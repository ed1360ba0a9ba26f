import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

/// Who hangs whom: deadlocks and starved queues, and what only looks like them. Of a dump that somebody forced this is what
/// counts, not the stop code.
enum HangAnalysis: DumpAnalysis {
  /// Frames of other threads that are stated, one for each module and routine: more would bury the rest.
  private static let frames = 64

  static func facts(_ dump: KernelDump) -> [Fact] {
    guard dump.space != nil, let hang = dump.hang().found else { return [] }
    let isForced = StopCodeMeaning.of(dump.header.bugcheck)?.stopClass == .forced || !dump.hasStop
    let verdicts = hang.graph.verdicts
    var facts: [Fact] = []
    for verdict in verdicts {
      switch verdict.kind {
      case .starvation:
        facts.append(starved(verdict))
      case .deadlock:
        break
      case .blockedByDeadlock, .oneHolder, .oneDevice, .busyQueue:
        // Of a machine that did not hang these say nothing: any snapshot has some.
        if isForced {
          var attributes: [FactAttribute: FactValue] = ["how": .text(verdict.kind.rawValue)]
          if let queue = verdict.queue { attributes["queue"] = .text(queue) }
          if let client = verdict.client { attributes["client"] = .text(client) }
          if let threads = verdict.threads { attributes["threads"] = .integer(Int64(threads)) }
          var text = verdict.text
          if verdict.kind == .busyQueue, isEndless(verdict, hang) {
            attributes["wait"] = .text("endless")
            text += " All of them wait without end for events of which it is not known who sets them."
          }
          facts.append(Fact(.contention, text, attributes: attributes, trust: verdict.trust, origin: "wait graph"))
        }
      }
    }
    facts += deadlocks(verdicts.filter { $0.kind == .deadlock })
    let proven = verdicts.filter { $0.kind == .starvation || $0.kind == .deadlock }
    guard !proven.isEmpty else { return facts }
    let trust = proven.map(\.trust).max() ?? .guessed
    if isForced {
      facts.append(
        Fact(
          .hang, "The machine hung: threads wait for each other and cannot go on.", trust: trust, origin: "wait graph"))
    }
    return facts + otherFrames(hang, proven, dump)
  }

  /// Whether no worker of a busy queue runs or will go on by time.
  private static func isEndless(_ verdict: WaitGraph.Verdict, _ hang: KernelHang) -> Bool {
    let workers = verdict.edges.compactMap { edge in
      hang.threads.thread(at: hang.graph.nodes[hang.graph.edges[edge].to].address.rawValue)
    }
    return !workers.isEmpty && workers.allSatisfy { $0.state.isWaiting && !$0.hasTimeout }
  }

  private static func starved(_ verdict: WaitGraph.Verdict) -> Fact {
    var attributes: [FactAttribute: FactValue] = [
      "queue": .text(verdict.queue ?? "?"), "workers": .integer(Int64(verdict.workers ?? 0)),
      "pending": .integer(Int64(verdict.pending ?? 0)),
    ]
    if let client = verdict.client { attributes["client"] = .text(client) }
    if let needs = verdict.needs { attributes["needs"] = .text(needs) }
    return Fact(.queueStarved, verdict.text, attributes: attributes, trust: verdict.trust, origin: "wait graph")
  }

  private static func deadlocks(_ verdicts: [WaitGraph.Verdict]) -> [Fact] {
    guard !verdicts.isEmpty else { return [] }
    return [
      Fact(
        .lockCycle, verdicts.map(\.text).joined(separator: " "),
        attributes: ["count": .integer(Int64(verdicts.count))], trust: verdicts.map(\.trust).max() ?? .guessed,
        origin: "wait graph")
    ]
  }

  /// Where the threads of the verdicts are.
  private static func otherFrames(
    _ hang: KernelHang, _ verdicts: [WaitGraph.Verdict], _ dump: KernelDump
  ) -> [Fact] {
    struct Place: Hashable {
      var module: String
      var routine: String?
    }
    var seen: Set<Place> = []
    var facts: [Fact] = []
    let nodes = Set(verdicts.flatMap(\.edges).flatMap { [hang.graph.edges[$0].from, hang.graph.edges[$0].to] }).sorted()
    for node in nodes where hang.graph.nodes[node].kind == .thread {
      let address = hang.graph.nodes[node].address.rawValue
      let session = hang.threads.thread(at: address)?.session
      for frame in hang.stacks[address] ?? [] {
        guard let module = frame.module, !ModuleIdentity(name: module).isKernel, facts.count < frames else { continue }
        let routine = frame.symbol.map(CulpritAnalysis.routine)
        guard seen.insert(Place(module: module, routine: routine)).inserted else { continue }
        var attributes: [FactAttribute: FactValue] = [
          "position": .text("any"), "trust": .text(frame.trust.rawValue), "thread": .text("other"),
          "module": .text(module),
        ]
        if let routine { attributes["symbol"] = .text(routine) }
        if let session { attributes["session"] = .integer(Int64(session)) }
        facts.append(
          Fact(
            .frame, "Another thread waits in \(frame.place) (\(hang.graph.nodes[node].title)).",
            attributes: attributes,
            trust: hang.threads.isGuess || frame.trust == .scan
              ? .guessed : frame.symbol == nil ? .observed : dump.symbolTrust(of: frame),
            origin: hang.graph.nodes[node].title))
      }
    }
    return facts
  }
}
