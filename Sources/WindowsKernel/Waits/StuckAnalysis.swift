import Facts

/// Which nodes of a wait graph cannot go on, and the circles among them.
///
/// Everything that waits is taken to be stuck; then what can go on is taken out, with everything that needed it, until
/// nothing changes. A node about which too little is known can go on: silence is no evidence of a hang.
struct StuckAnalysis {
  let graph: WaitGraph
  /// Edges that count.
  let isUsed: (WaitGraph.Edge) -> Bool
  private(set) var isStuck: [Bool]
  private let out: [[Int]]

  /// - Parameters:
  ///   - canGoOn: nodes that go on whatever the edges say: threads that run or whose wait ends by time, queues with an idle
  ///     worker.
  ///   - needsAll: nodes that are stuck only where all they lead to are: a wait for any of several, an event that several
  ///     items may set, a queue, which any of its workers serves. The others are stuck where one of them is.
  init(
    _ graph: WaitGraph, canGoOn: (Int) -> Bool, needsAll: (Int) -> Bool, isUsed: @escaping (WaitGraph.Edge) -> Bool
  ) {
    self.graph = graph
    self.isUsed = isUsed
    var out = [[Int]](repeating: [], count: graph.nodes.count)
    var into = out
    for (index, edge) in graph.edges.enumerated() where isUsed(edge) {
      out[edge.from].append(index)
      into[edge.to].append(edge.from)
    }
    self.out = out
    var stuck = graph.nodes.indices.map { !canGoOn($0) && !out[$0].isEmpty }
    let all = graph.nodes.indices.map(needsAll)
    var pending = Array(graph.nodes.indices)
    while let node = pending.popLast() {
      if stuck[node] {
        let targets = out[node].map { stuck[graph.edges[$0].to] }
        guard !(all[node] ? targets.allSatisfy { $0 } : targets.contains(true)) else { continue }
        stuck[node] = false
      }
      // Whoever leads here is asked again.
      for from in into[node] where stuck[from] { pending.append(from) }
    }
    isStuck = stuck
  }

  /// Circles of stuck nodes: strongly connected components of more than one node, each ascending.
  ///
  /// Tarjan, "Depth-first search and linear graph algorithms" (1972), without recursion: a chain may be as long as the graph.
  func circles() -> [[Int]] {
    let count = graph.nodes.count
    var order = [Int](repeating: -1, count: count)
    var low = [Int](repeating: 0, count: count)
    var onStack = [Bool](repeating: false, count: count)
    var stack: [Int] = []
    var next = 0
    var result: [[Int]] = []
    for start in 0..<count where isStuck[start] && order[start] < 0 {
      var work: [(node: Int, edge: Int)] = [(start, 0)]
      while let (node, edge) = work.last {
        if edge == 0 {
          order[node] = next
          low[node] = next
          next += 1
          stack.append(node)
          onStack[node] = true
        }
        if edge < out[node].count {
          work[work.count - 1].edge += 1
          let to = graph.edges[out[node][edge]].to
          if !isStuck[to] { continue }
          if order[to] < 0 { work.append((to, 0)) } else if onStack[to] { low[node] = min(low[node], order[to]) }
          continue
        }
        work.removeLast()
        if let parent = work.last?.node { low[parent] = min(low[parent], low[node]) }
        guard low[node] == order[node] else { continue }
        var members: [Int] = []
        while let top = stack.popLast() {
          onStack[top] = false
          members.append(top)
          if top == node { break }
        }
        if members.count > 1 { result.append(members.sorted()) }
      }
    }
    return result.sorted { ($0.first ?? 0) < ($1.first ?? 0) }
  }

  /// The used edges within a set of nodes.
  func edges(within members: [Int]) -> [Int] {
    let set = Set(members)
    return members.flatMap { node in out[node].filter { set.contains(graph.edges[$0].to) } }.sorted()
  }
}
