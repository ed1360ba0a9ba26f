/// Searches every interleaving of a model's threads, breadth first.
///
/// The reduced search expands, where it may, the steps of some threads only. The set is persistent (Godefroid, "Partial-Order
/// Methods for the Verification of Concurrent Systems", 1996, chapter 4): nothing that the other threads may ever do from here
/// conflicts with the next steps of the chosen ones. That keeps every state in which nothing can step. For what must never be in
/// any state two conditions more make the set ample (Clarke, Grumberg and Peled, "Model Checking", 1999, chapter 10): no chosen
/// step writes a variable that the property watches, and none leads to a state found before, so that on no cycle a thread is put
/// off forever. Where one of them fails all threads are expanded.
public struct Explorer: Sendable {
  public var bound: ExplorationBound

  public init(bound: ExplorationBound = ExplorationBound()) { self.bound = bound }

  /// The verdict of the reduced search, and where it fails the shortest schedule of the full one.
  public func decide(_ model: Model) -> (reduced: Exploration, full: Exploration?) {
    let reduced = explore(model, reduced: true)
    guard case .fails = reduced.outcome else { return (reduced, nil) }
    return (reduced, explore(model, reduced: false))
  }

  /// - Parameter visit: called with each state found, in the order of the search.
  public func explore(_ model: Model, reduced: Bool, visit: (ModelState) -> Void = { _ in }) -> Exploration {
    var search = Search(model, bound, isReduced: reduced)
    return search.run(visit)
  }
}

private struct Search {
  struct Enabled {
    var thread: Int
    var instruction: Int
  }

  struct Found {
    var parent: Int
    var thread: Int
    var instruction: Int
    var depth: Int
  }

  let model: Model
  let bound: ExplorationBound
  let isReduced: Bool
  private var states: [ModelState]
  private var found: [Found] = [Found(parent: -1, thread: -1, instruction: -1, depth: 0)]
  private var places: [ModelState: Int]
  private var steps = 0
  private var reached: Exploration.Limit?
  /// Per thread and location: instructions there, their footprint, and that of everything that may follow.
  private let at: [[Int: [Int]]]
  private let next: [[Int: Footprint]]
  private let future: [[Int: Footprint]]

  init(_ model: Model, _ bound: ExplorationBound, isReduced: Bool) {
    self.model = model
    self.bound = bound
    self.isReduced = isReduced
    states = [model.initial]
    places = [model.initial: 0]
    at = model.threads.map { thread in
      Dictionary(grouping: thread.instructions.indices) { thread.instructions[$0].from }
    }
    next = model.threads.map { thread in
      thread.instructions.reduce(into: [:]) { $0[$1.from, default: Footprint()].formUnion($1.footprint) }
    }
    future = zip(model.threads, next).map { Self.future($0, $1) }
  }

  /// Grows until nothing is added: locations may form loops.
  private static func future(_ thread: ModelThread, _ next: [Int: Footprint]) -> [Int: Footprint] {
    var future = next
    var isGrowing = true
    while isGrowing {
      isGrowing = false
      for instruction in thread.instructions {
        guard let following = future[instruction.to] else { continue }
        var own = future[instruction.from] ?? Footprint()
        let before = own
        own.formUnion(following)
        if own != before {
          future[instruction.from] = own
          isGrowing = true
        }
      }
    }
    return future
  }

  mutating func run(_ visit: (ModelState) -> Void) -> Exploration {
    var highest = model.initial.cells
    var place = 0
    while place < states.count {
      let state = states[place]
      visit(state)
      for index in model.variables.indices where state.cells[index] > highest[index] {
        highest[index] = state.cells[index]
      }
      let enabled = self.enabled(in: state)
      // Both are asked when a state's turn comes, so that failures of either kind are found in the order of their depth.
      if let failure = model.violation(state) ?? (enabled.isEmpty ? model.stuck(state) : nil) {
        return result(.fails(failure), highest, schedule: schedule(to: place))
      }
      if found[place].depth >= bound.depth {
        if !enabled.isEmpty { reached = reached ?? .depth }
      } else {
        expand(place, state, enabled)
      }
      place += 1
    }
    return result(reached == nil ? .holds : .undecided, highest, schedule: [])
  }

  private func result(
    _ outcome: Exploration.Outcome, _ highest: [Int], schedule: [Exploration.ScheduledStep]
  ) -> Exploration {
    Exploration(
      outcome: outcome, states: states.count, steps: steps, depth: found.last?.depth ?? 0, bound: bound,
      reached: reached, isReduced: isReduced, schedule: schedule,
      highest: zip(model.variables, highest).map { ($0, $1) })
  }

  private func enabled(in state: ModelState) -> [Enabled] {
    model.threads.indices.flatMap { thread in
      (at[thread][model.location(of: thread, in: state)] ?? [])
        .filter { model.threads[thread].instructions[$0].isEnabled(state) }
        .map { Enabled(thread: thread, instruction: $0) }
    }
  }

  private mutating func expand(_ place: Int, _ state: ModelState, _ enabled: [Enabled]) {
    var chosen = enabled
    if isReduced, let ample = ample(in: state, enabled) { chosen = ample }
    for step in chosen {
      steps += 1
      add(
        successor(state, step),
        Found(
          parent: place, thread: step.thread, instruction: step.instruction, depth: found[place].depth + 1))
    }
  }

  private func successor(_ state: ModelState, _ step: Enabled) -> ModelState {
    model.applying(model.threads[step.thread].instructions[step.instruction], of: step.thread, to: state)
  }

  private mutating func add(_ state: ModelState, _ entry: Found) {
    guard places[state] == nil else { return }
    guard states.count < bound.states else {
      reached = .states
      return
    }
    places[state] = states.count
    states.append(state)
    found.append(entry)
  }

  /// The smallest ample set of steps that begins with one thread, or nil where only all will do.
  private func ample(in state: ModelState, _ enabled: [Enabled]) -> [Enabled]? {
    var best: [Enabled]?
    var tried: Set<Int> = []
    for thread in enabled.map(\.thread) where tried.insert(thread).inserted {
      let threads = persistent(from: thread, in: state)
      let steps = enabled.filter { threads.contains($0.thread) }
      guard steps.count < (best?.count ?? enabled.count), steps.allSatisfy({ isAllowed($0, in: state) }) else {
        continue
      }
      best = steps
    }
    return best
  }

  private func persistent(from first: Int, in state: ModelState) -> Set<Int> {
    var threads: Set = [first]
    var open = [first]
    while let thread = open.popLast() {
      guard let own = next[thread][model.location(of: thread, in: state)] else { continue }
      for other in model.threads.indices where !threads.contains(other) {
        guard let later = future[other][model.location(of: other, in: state)], own.conflicts(with: later) else {
          continue
        }
        threads.insert(other)
        open.append(other)
      }
    }
    return threads
  }

  private func isAllowed(_ step: Enabled, in state: ModelState) -> Bool {
    let instruction = model.threads[step.thread].instructions[step.instruction]
    return instruction.footprint.writes.isDisjoint(with: model.watched) && places[successor(state, step)] == nil
  }

  private func schedule(to place: Int) -> [Exploration.ScheduledStep] {
    var steps: [Exploration.ScheduledStep] = []
    var place = place
    while found[place].parent >= 0 {
      let entry = found[place]
      let instruction = model.threads[entry.thread].instructions[entry.instruction]
      steps.append(.init(thread: entry.thread, text: instruction.label(states[entry.parent])))
      place = entry.parent
    }
    return steps.reversed()
  }
}
