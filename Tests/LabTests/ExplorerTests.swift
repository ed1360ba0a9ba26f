import EvidenceSynthesis
import Facts
import Lab
import Testing

@Suite struct ExplorerTests {
  private func kind(_ exploration: Exploration) -> String {
    switch exploration.outcome {
    case .fails: "fails"
    case .holds: "holds"
    case .undecided: "undecided"
    }
  }

  /// The reduction must not lose a failure, nor find one that is none.
  @Test func reductionKeepsVerdictsOfRandomModels() {
    var verdicts: [String: Int] = [:]
    var saved = 0
    for seed in 0..<3000 as Range<UInt64> {
      let model = RandomModels.model(seed: seed)
      let full = Explorer().explore(model, reduced: false)
      let reduced = Explorer().explore(model, reduced: true)
      #expect(kind(full) == kind(reduced), "seed \(seed)")
      #expect(reduced.reached == nil && full.reached == nil)
      verdicts[kind(full), default: 0] += 1
      if kind(full) == "holds" {
        #expect(reduced.states <= full.states, "seed \(seed)")
        if reduced.states < full.states { saved += 1 }
      }
    }
    // Both verdicts occur often, and the reduction does reduce.
    #expect(verdicts["fails", default: 0] > 300 && verdicts["holds", default: 0] > 300, "\(verdicts)")
    #expect(saved > 50, "\(saved)")
  }

  @Test func scheduleIsTheShortest() {
    var compared = 0
    for seed in 0..<400 as Range<UInt64> {
      let model = RandomModels.model(seed: seed)
      let found = Explorer().explore(model, reduced: false)
      guard kind(found) == "fails" else {
        #expect(shortestByDepth(model, limit: 6) == nil, "seed \(seed)")
        continue
      }
      guard found.schedule.count <= 7 else { continue }
      #expect(shortestByDepth(model, limit: 7) == found.schedule.count, "seed \(seed)")
      compared += 1
    }
    #expect(compared > 50)
  }

  @Test(arguments: LabCase.allCases, [false, true]) func reductionKeepsVerdictsOfCases(_ one: LabCase, isFixed: Bool) {
    let allowed = one.size.allowed
    for size in Set([allowed.lowerBound, one.size.standard, min(allowed.upperBound, one.size.standard + 1)]) {
      let model = one.model(isFixed: isFixed, size: size)
      let full = Explorer().explore(model, reduced: false)
      let reduced = Explorer().explore(model, reduced: true)
      #expect(full.reached == nil && reduced.reached == nil, "\(one) \(size)")
      #expect(kind(full) == kind(reduced), "\(one) \(size)")
    }
  }

  /// A search that was cut off claims nothing, at the limit and below it.
  @Test func boundsAreReported() {
    let model = LabCase.sessionImages.model(isFixed: true)
    let whole = Explorer().explore(model, reduced: false)
    #expect(whole.outcome == .holds && whole.reached == nil)
    for (bound, limit) in [
      (ExplorationBound(states: whole.states - 1), Exploration.Limit.states),
      (ExplorationBound(depth: whole.depth - 1), .depth), (ExplorationBound(states: 1), .states),
      (ExplorationBound(depth: 0), .depth),
    ] {
      let cut = Explorer(bound: bound).explore(model, reduced: false)
      #expect(cut.outcome == .undecided && cut.reached == limit && cut.bound == bound)
    }
    let exact = Explorer(bound: ExplorationBound(states: whole.states, depth: whole.depth + 1))
    #expect(exact.explore(model, reduced: false).outcome == .holds)
    let broken = LabCase.sessionImages.model(isFixed: false)
    #expect(Explorer(bound: ExplorationBound(depth: 3)).decide(broken).reduced.outcome == .undecided)
  }

  /// A step changes nothing but what it declares, and does the same whatever the undeclared variables hold.
  @Test(arguments: LabCase.allCases, [false, true]) func footprintsAreTrue(_ one: LabCase, isFixed: Bool) {
    let model = one.model(isFixed: isFixed, size: one.size.allowed.lowerBound)
    var twin = Model()
    let variables = model.variables.map { twin.variable($0) }
    var states: [ModelState] = []
    _ = Explorer().explore(model.withoutProperty(), reduced: false) { if states.count < 300 { states.append($0) } }
    for state in states {
      for (index, thread) in model.threads.enumerated() {
        for instruction in thread.instructions
        where instruction.from == model.location(of: index, in: state) {
          let (reads, writes) = (instruction.footprint.reads, instruction.footprint.writes)
          let isEnabled = instruction.isEnabled(state)
          let after = isEnabled ? model.applying(instruction, of: index, to: state) : state
          for variable in variables where !writes.contains(VariableSet(variable)) {
            #expect(after[variable] == state[variable], "\(one): \(instruction.label(state))")
          }
          for variable in variables
          where !reads.contains(VariableSet(variable)) && !writes.contains(VariableSet(variable)) {
            var other = state
            other[variable] += 1
            #expect(instruction.isEnabled(other) == isEnabled)
            guard isEnabled else { continue }
            let changed = model.applying(instruction, of: index, to: other)
            for written in variables where writes.contains(VariableSet(written)) {
              #expect(changed[written] == after[written], "\(one): \(instruction.label(state))")
            }
          }
        }
      }
    }
    #expect(!states.isEmpty)
  }
}
