import Analyses
import ByteReading
import Facts
import KnowledgeBase
import KnowledgeStore
import Matching
import Planning
import PortableExecutable
import Reporting
import Symbols
import WindowsKernel

/// Evidence in, answer out: detect → analyse → match → plan.
public struct Diagnoser: Sendable {
  /// nil for the bundled catalogue, which is read when it is first needed: reading it takes as long as finding the articles.
  private let catalogue: Catalogue?
  public let symbols: SymbolFolder?
  public let images: ImageFolder?
  public let server: SymbolServer?

  /// Imported articles, matched beside the catalogue.
  public let store: KnowledgeStore?

  public init(
    catalogue: Catalogue? = nil, store: KnowledgeStore? = nil, symbols: SymbolFolder? = nil, images: ImageFolder? = nil,
    server: SymbolServer? = nil
  ) {
    self.images = images
    self.server = server
    self.catalogue = catalogue
    self.store = store
    self.symbols = symbols
  }

  /// The known issues; without any where the bundled ones cannot be read, which is then said.
  func knownIssues(_ missing: inout [Missing]) -> [KnownIssue] {
    if let catalogue { return catalogue.issues }
    do {
      return try Catalogue.bundled().issues
    } catch {
      missing.append(Missing("catalogue", because: .malformed, detail: "The bundled catalogue is damaged: \(error)"))
      return []
    }
  }

  /// Reads files on as many cores as there are; the result is in the order of the paths, whatever the number of cores.
  public func read(
    _ paths: [String], hash: Bool = true, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
  ) async -> [EvidencePiece] {
    if paths.count == 1 {
      return [EvidencePiece.read(paths[0], symbols: symbols, images: images, server: server, hash: hash)]
    }
    return await withTaskGroup(of: (Int, EvidencePiece).self) { group in
      var pieces = [EvidencePiece?](repeating: nil, count: paths.count)
      var next = 0
      var done = 0
      func start(_ group: inout TaskGroup<(Int, EvidencePiece)>) {
        let index = next
        next += 1
        group.addTask { [symbols, images, server] in
          (index, EvidencePiece.read(paths[index], symbols: symbols, images: images, server: server, hash: hash))
        }
      }
      // As many at once as keep the cores busy: each piece may hold a whole file.
      while next < min(8, paths.count) { start(&group) }
      for await (index, piece) in group {
        pieces[index] = piece
        done += 1
        progress(done, paths.count)
        if Task.isCancelled { break }
        if next < paths.count { start(&group) }
      }
      return pieces.compactMap { $0 }
    }
  }

  public func diagnose(_ pieces: [EvidencePiece]) -> Diagnosis {
    var facts: [Fact] = []
    var machine = Machine()
    var missing: [Missing] = []
    var dumps: [Int: DumpView] = [:]
    var evidence = pieces.map {
      Diagnosis.Evidence(path: $0.path, kind: $0.kind.rawValue, sha256: $0.sha256, problems: $0.problems)
    }
    var first: String?
    var seen: [String: String] = [:]
    var pools: [(path: String, view: PoolLogView)] = []
    var times = EvidenceTimes()
    var ignored: [Missing] = []
    let issues = knownIssues(&ignored)
    // The pool of a single dump is walked by its own analysis; beside others it is one more moment.
    let isWatched = pieces.count { $0.isDump || $0.kind == .poolLog } > 1
    for (index, piece) in pieces.enumerated() {
      if let hash = piece.sha256, piece.isRead {
        if let earlier = seen[hash] {
          evidence[index].problems.append(.leftOut("the same bytes as \(earlier), which count once"))
          continue
        }
        seen[hash] = piece.path
      } else if piece.isRead {
        missing.append(
          Missing(
            "evidence.sha256", because: .unsupported,
            detail: "\(piece.path) is larger than \(EvidencePiece.hashLimit >> 20) MiB and was not hashed."))
      }
      // Facts of two machines prove nothing together: the first one's evidence counts.
      if let machineOfPiece = piece.machine {
        if let first, let conflict = machine.conflict(with: machineOfPiece) {
          evidence[index].problems.append(
            .leftOut("evidence of another machine than \(first): \(conflict); diagnose it on its own"))
          continue
        }
        first = first ?? piece.path
      }
      if isWatched || !piece.isDump, let pool = piece.poolSnapshots { pools.append(pool) }
      switch piece.content {
      case .dump(let dump):
        facts += Self.of(index, AllAnalyses.facts(dump))
        machine.merge(dump.machine)
        let view = dump.view
        dumps[index] = view
        times.add(view, piece.path)
        missing += view.missing
        if let doubt = dump.packetOverrunDoubt() { missing.append(doubt) }
      case .symptoms(let symptoms):
        facts += symptoms.facts(evidence: index)
        missing += symptoms.notUnderstood
        machine.merge(symptoms.machine)
      case .debuggerLog(let log, let pool):
        facts += Self.of(index, log.facts + pool.facts)
        machine.merge(log.machine)
        if !log.others.isEmpty {
          missing.append(
            Missing(
              "evidence.stops", because: .unsupported,
              detail: "\(piece.path) holds \(log.others.count + 1) stops; the first was diagnosed."))
        }
      case .poolLog(let pool):
        facts += Self.of(index, pool.facts)
        times.add(pool, piece.path)
      case .capture(let capture):
        facts += Self.of(index, capture.facts)
        missing += capture.missing
        times.add(capture, piece.path)
      case .inventory, .hive:
        guard let described = piece.machine else { break }
        machine.merge(described)
        facts += Self.of(index, described.registryFacts(asking: issues))
      case .image, .volume:
        if let described = piece.describedMachine { machine.merge(described) }
      case .article, .symbols, .nothing:
        break
      }
    }
    if let note = times.note { missing.append(note) }
    facts = Self.withSettings(facts, issues)
    facts += Self.joinedSenders(facts, pieces)
    facts += growthFacts(pools, machine, &missing)
    return diagnose(
      facts: facts, machine: machine, missing: missing, dumps: dumps, evidence: evidence)
  }

  /// Moments that show how a tag grows.
  private static let fewestMoments = 5

  /// What the snapshots of all pieces together show; nothing where there is one moment only.
  private func growthFacts(
    _ pools: [(path: String, view: PoolLogView)], _ machine: Machine, _ missing: inout [Missing]
  ) -> [Fact] {
    guard pools.reduce(0, { $0 + $1.view.snapshots.count }) > 1 || pools.contains(where: { !$0.view.counters.isEmpty })
    else {
      if pools.contains(where: { $0.view.taggingIsOff }) {
        missing.append(
          Missing(
            "pool.tags", because: .notPresent,
            detail: "The tool says that pool tagging is off; gflags -r +ptg and a restart switch it on."))
      }
      return []
    }
    var ignored: [Missing] = []
    let asked = Set(knownIssues(&ignored).flatMap(\.poolTags))
    // A tool's print and the kernel's memory count alike, but a log has its own clock, or none: enough moments of memory are a
    // series of their own.
    let inMemory = pools.filter { $0.view.snapshots.allSatisfy(\.isFromMemory) }
    let printed = pools.filter { !$0.view.snapshots.allSatisfy(\.isFromMemory) }
    let groups = inMemory.count >= Self.fewestMoments && !printed.isEmpty ? [inMemory, printed] : [pools]
    return groups.flatMap { group in
      let growth = PoolGrowthView(group, PoolGrowthView.Context(machine: machine))
      missing += growth.missing
      return growth.facts(asking: asked)
    }
  }

  /// Facts with the piece of evidence they come from.
  private static func of(_ index: Int, _ facts: [Fact]) -> [Fact] {
    facts.map { fact in
      var fact = fact
      fact.evidence = index
      return fact
    }
  }

  /// The same from typed symptoms.
  public func match(_ symptoms: Symptoms) -> Diagnosis {
    let machine = symptoms.machine
    var missing = symptoms.notUnderstood
    for (what, isKnown) in [
      ("machine.product", machine.product != nil), ("machine.servicePack", machine.servicePack != nil),
      ("machine.architecture", machine.architecture != nil),
    ] where !isKnown {
      missing.append(Missing(what, because: .notPresent, detail: "The symptoms do not say it."))
    }
    return diagnose(facts: symptoms.facts(evidence: nil), machine: machine, missing: missing, dumps: [:], evidence: [])
  }

  /// What a machine is made of.
  private static let inventoryKinds: Set<FactKind> = [.module, .moduleList, .unloadedModule, .registry]

  private func diagnose(
    facts unnumbered: [Fact], machine: Machine, missing: [Missing], dumps: [Int: DumpView],
    evidence: [Diagnosis.Evidence]
  ) -> Diagnosis {
    // A list of two hundred loaded modules comes last: the facts people read have the low numbers.
    var facts = unnumbered.filter { $0.kind != .module } + unnumbered.filter { $0.kind == .module }
    for index in facts.indices { facts[index].id = "f\(index + 1)" }
    nameTagOwners(&facts)
    var missing = missing
    let findings = findings(facts: facts, machine: machine, &missing)
    var planned = findings.map { (finding: $0, plan: plan(for: $0, facts: facts, machine: machine)) }
    planServicePackFirst(&planned, machine: machine)
    // Loaded modules stay among the facts only where a reason names them.
    let named = Set(findings.flatMap(\.because).compactMap(\.fact))
    let kept = facts.filter { $0.kind != .module || named.contains($0.id) }
    if !evidence.isEmpty, facts.allSatisfy({ Self.inventoryKinds.contains($0.kind) }) {
      missing.append(
        Missing(
          "failure", because: .notPresent,
          detail:
            "The evidence tells what the machine is and nothing of a failure. What tells of one: a memory dump of a machine that stopped or was stopped while it hung, pool by tag listed now and again of one that runs out of memory, a capture of one that fails under traffic."
        ))
    }
    // A finding with a plan of its own says what to collect and do; general advice beside it would only repeat that.
    let settled = findings.contains { $0.verdict >= .probable }
    return Diagnosis(
      evidence: evidence, machine: machine, facts: kept, findings: planned,
      nextSteps: settled ? [] : nextSteps(facts: facts, machine: machine, besides: planned.map(\.plan)),
      missing: missing, dumps: dumps)
  }
}

extension EvidenceProblem {
  /// A piece that was read and takes no part.
  fileprivate static func leftOut(_ reason: String) -> EvidenceProblem {
    EvidenceProblem(what: "evidence", because: .unsupported, found: reason, text: "left out: " + reason)
  }
}

extension Machine {
  /// In words, why another piece cannot be of the same machine; nil where nothing speaks against it.
  func conflict(with other: Machine) -> String? {
    func differ(_ a: String?, _ b: String?) -> String? {
      guard let a, let b, a.lowercased() != b.lowercased() else { return nil }
      return "\(b) instead of \(a)"
    }
    if let own = computerName, let theirs = other.computerName, !Self.sameName(own, theirs) {
      return "\(theirs) instead of \(own)"
    }
    if let words = differ(product, other.product) { return words }
    if let words = differ(architecture?.rawValue, other.architecture?.rawValue) { return words }
    // `10.0.19041` and `10.0.19041.804` agree; two revisions of one build are one machine before and after an update.
    func build(_ version: String?) -> String? {
      version.map { $0.split(separator: ".").prefix(3).joined(separator: ".") }
    }
    return differ(build(version), build(other.version))
  }

  /// Fills what is not known yet.
  mutating func merge(_ other: Machine) {
    product = product ?? other.product
    servicePack = servicePack ?? other.servicePack
    architecture = architecture ?? other.architecture
    language = language ?? other.language
    if let theirs = other.version, version.map({ theirs.hasPrefix($0 + ".") }) ?? true { version = theirs }
    for update in other.updates where !updates.contains(update) { updates.append(update) }
    updatesAreComplete = updatesAreComplete || other.updatesAreComplete
    files += other.files
    computerName = computerName ?? other.computerName
    edition = edition ?? other.edition
    for id in other.offered where !offered.contains(id) { offered.append(id) }
    if services.isEmpty { services = other.services }
    for setting in other.settings where !settings.contains(setting) { settings.append(setting) }
    for key in other.settingKeys where !settingKeys.contains(key) { settingKeys.append(key) }
  }
}
