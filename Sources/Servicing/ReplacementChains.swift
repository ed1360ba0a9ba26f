import Facts

/// Which updates bring what others brought, over any number of steps, seen from what a machine has installed.
struct ReplacementChains {
  /// From an update to an installed one that brings what it brought.
  struct Chain: Hashable {
    /// In order, without the update itself.
    var steps: [Replacement]

    var last: String { steps.last?.newer ?? "" }

    func text(of id: String) -> String {
      let inferred = steps.contains(where: \.isInferred)
      let basis = inferred ? "inferred, as both are cumulative" : "stated"
      let between = steps.dropLast().map(\.newer)
      let way = between.isEmpty ? "" : ", over \(between.joined(separator: ", "))"
      return "\(last), which is installed, replaces it (\(basis)\(way))"
    }
  }

  private var newer: [String: [Replacement]] = [:]
  private let installed: Set<String>
  /// The same statements for judgements that ask whether one update covers another.
  let supersedence: Supersedence

  init(_ replacements: [Replacement], installed: [String]) {
    for one in replacements where updateKey(one.older) != updateKey(one.newer) {
      newer[updateKey(one.older), default: []].append(one)
    }
    // Stated ones first, so that a chain is inferred only where nothing else leads there.
    for key in newer.keys {
      newer[key]?.sort { a, b in a.isInferred != b.isInferred ? b.isInferred : a.newer < b.newer }
    }
    self.installed = Set(installed.map(updateKey))
    supersedence = Supersedence(replacements.map { UpdateDescription(id: $0.newer, replaces: [$0.older]) })
  }

  func isInstalled(_ key: String) -> Bool { installed.contains(key) }

  /// The shortest chain to an installed update, of stated steps only where there is one.
  func installedReplacement(of key: String) -> Chain? {
    shortest(from: key, inferredToo: false) ?? shortest(from: key, inferredToo: true)
  }

  private func shortest(from key: String, inferredToo: Bool) -> Chain? {
    var seen: Set<String> = [key]
    var front: [(key: String, steps: [Replacement])] = [(key, [])]
    while !front.isEmpty {
      var next: [(key: String, steps: [Replacement])] = []
      for place in front {
        for step in newer[place.key] ?? [] where inferredToo || !step.isInferred {
          let target = updateKey(step.newer)
          // Rings of updates that replace each other occur in catalogues.
          guard seen.insert(target).inserted else { continue }
          let steps = place.steps + [step]
          if installed.contains(target) { return Chain(steps: steps) }
          next.append((target, steps))
        }
      }
      front = next
    }
    return nil
  }

  /// The ends of all chains from an update: what nothing replaces. Empty where nothing replaces it, or only a ring does.
  func newest(replacing key: String) -> [String] {
    var seen: Set<String> = [key]
    var waiting = [key]
    var ends: [String: String] = [:]
    while let place = waiting.popLast() {
      for step in newer[place] ?? [] {
        let target = updateKey(step.newer)
        guard seen.insert(target).inserted else { continue }
        if newer[target] == nil { ends[target] = step.newer } else { waiting.append(target) }
      }
    }
    return ends.values.sorted()
  }
}
