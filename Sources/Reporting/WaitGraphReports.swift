import Facts

extension WaitGraph {
  /// `graph` of `faultline.dump-queues/1` and `faultline.dump-locks/1`: edges name nodes, verdicts name edges, by their index.
  func json(digits: Int) -> JSONValue {
    .members([
      ("nodes", .array(nodes.map { Self.json($0, digits: digits) })), ("edges", .array(edges.map(Self.json))),
      ("verdicts", .array(verdicts.map(Self.json))),
    ])
  }

  private static func json(_ node: Node, digits: Int) -> JSONValue {
    .members([
      ("kind", .string(node.kind.rawValue)), ("address", .hex(node.address, digits: digits)),
      ("title", .string(node.title)), ("detail", .optional(node.detail)), ("stuck", .bool(node.isStuck)),
    ])
  }

  private static func json(_ edge: Edge) -> JSONValue {
    .members([
      ("from", .count(edge.from)), ("to", .count(edge.to)), ("kind", .string(edge.kind.rawValue)),
      ("basis", .string(edge.basis.rawValue)), ("trust", .string(edge.trust.name)),
      ("evidence", .string(edge.evidence)),
    ])
  }

  private static func json(_ verdict: Verdict) -> JSONValue {
    .members([
      ("kind", .string(verdict.kind.rawValue)), ("text", .string(verdict.text)), ("trust", .string(verdict.trust.name)),
      ("queue", .optional(verdict.queue)), ("client", .optional(verdict.client)), ("needs", .optional(verdict.needs)),
      ("workers", verdict.workers.map { .count($0) }), ("dynamicWorkers", verdict.dynamicWorkers.map { .count($0) }),
      ("pending", verdict.pending.map { .count($0) }), ("threads", verdict.threads.map { .count($0) }),
      ("edges", .array(verdict.edges.map { .count($0) })),
    ])
  }

  /// Edges that text shows of each verdict.
  private static let shownEdges = 24

  /// The verdicts with what each rests on.
  func text(_ style: TextStyle) -> String {
    var out: [String] = []
    for verdict in verdicts {
      out.append(style.heading(Self.title(verdict.kind) + " (\(verdict.trust.name))"))
      out.append(style.wrap(verdict.text, indent: 2))
      // What is inferred first: it is what a reader has to judge.
      let known = verdict.edges.filter { edges.indices.contains($0) }
      let ordered = known.filter { edges[$0].basis != .stated } + known.filter { edges[$0].basis == .stated }
      for index in ordered.prefix(Self.shownEdges) {
        let edge = edges[index]
        let inferred = edge.basis == .stated ? "" : "inferred: "
        out.append(
          style.wrap(
            "\(nodes[edge.from].title) \(Self.words(edge.kind)) \(nodes[edge.to].title) [\(inferred)\(edge.evidence)]",
            indent: 4, hanging: 6, first: "- "))
      }
      if verdict.edges.count > Self.shownEdges {
        out.append("    … and \(verdict.edges.count - Self.shownEdges) more edges; JSON has all.")
      }
    }
    return out.joined(separator: "\n")
  }

  static func title(_ kind: VerdictKind) -> String {
    switch kind {
    case .deadlock: "Deadlock"
    case .starvation: "Starved work queue"
    case .blockedByDeadlock: "Work queue blocked by a deadlock"
    case .oneHolder: "Many wait for one lock"
    case .oneDevice: "Many wait for one device"
    case .busyQueue: "Busy work queue"
    }
  }

  static func words(_ kind: EdgeKind) -> String {
    switch kind {
    case .waitsFor: "waits for"
    case .heldBy: "is held by"
    case .setBy: "is set by"
    case .completedBy: "is set when a request completes:"
    case .pendingIn: "is pending in"
    case .servedBy: "is served by"
    }
  }
}

/// Lines that every view of kernel structures ends with.
func structureNotes(
  isGuess: Bool, layoutBuild: Int?, missing: [Missing], _ style: TextStyle
) -> [String] {
  var out: [String] = []
  if isGuess, let layoutBuild {
    out.append(
      style.wrap("The offsets are those of build \(layoutBuild): take everything here for a guess.", first: "Note: "))
  }
  if !missing.isEmpty {
    out.append(style.heading("What is missing"))
    out += missing.map {
      style.wrap("\($0.what) (\($0.because.rawValue)): \($0.detail)", indent: 2, hanging: 4, first: "- ")
    }
  }
  return out
}

func layoutJSON(_ build: Int?, isGuess: Bool) -> JSONValue? {
  build.map { .members([("build", .count($0)), ("exact", .bool(!isGuess))]) }
}
