import EvidenceSynthesis
import Lab

/// Models of a seed: threads with branches and loops over a few variables, and something that must not be.
enum RandomModels {
  static func model(seed: UInt64) -> Model {
    var random = SplitMix64(seed: seed)
    var model = Model()
    let variables = (0..<5).map { model.variable("v\($0)") }
    func pick() -> Variable { variables[random.index(below: variables.count)] }
    for number in 0..<(2 + random.index(below: 2)) {
      let thread = model.thread("t\(number)")
      let length = 2 + random.index(below: 3)
      for location in 0..<length {
        for _ in 0..<(1 + random.index(below: 2)) {
          let (asked, source, target) = (pick(), pick(), pick())
          let wanted = random.index(below: 4)
          let added = 1 + random.index(below: 2)
          // Three of four go on, the others back.
          let to = random.below(4) == 0 ? random.index(below: length) : location + 1
          model.step(
            thread, location, to: to, "step", reads: [asked, source, target], writes: [target],
            when: { wanted == 3 || $0[asked] == wanted }
          ) { $0[target] = ($0[target] + $0[source] + added) % 3 }
        }
      }
    }
    let (first, second) = (pick(), pick())
    let (one, two) = (1 + random.index(below: 2), random.index(below: 3))
    let asksStuck = random.below(2) == 0
    if asksStuck {
      model.stuck = { $0[first] == one ? "stuck" : nil }
    } else {
      model.forbid(watching: [first, second]) { $0[first] == one && $0[second] == two ? "bad" : nil }
    }
    return model
  }
}

/// The shortest failing schedule without memory of states: every path, deeper and deeper.
func shortestByDepth(_ model: Model, limit: Int) -> Int? {
  func fails(_ state: ModelState, _ left: Int) -> Bool {
    var isStuck = true
    for (index, thread) in model.threads.enumerated() {
      for instruction in thread.instructions
      where instruction.from == model.location(of: index, in: state) && instruction.isEnabled(state) {
        isStuck = false
        if left > 0, fails(model.applying(instruction, of: index, to: state), left - 1) { return true }
      }
    }
    return model.violation(state) != nil || isStuck && model.stuck(state) != nil
  }
  return (0...limit).first { fails(model.initial, $0) }
}
