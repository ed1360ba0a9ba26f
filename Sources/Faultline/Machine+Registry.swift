import Facts
import KnowledgeBase
import Matching

extension Machine {
  /// What the registry says of the values by which known issues are worked around: set to what, or not set where the key was
  /// looked at.
  func registryFacts(asking issues: [KnownIssue]) -> [Fact] {
    var facts: [Fact] = []
    var asked: Set<Constraint> = []
    for clause in issues.flatMap(\.workarounds).compactMap(\.inPlace) where clause.kind == .registry {
      guard let path = clause.constraints["path"], asked.insert(path).inserted else { continue }
      let wanted = Clause(.registry, ["path": path])
      let found = settings.map(\.fact).filter { !wanted.facts(in: [$0]).isEmpty }
      if !found.isEmpty {
        facts += found.prefix(Self.maximumRegistryFacts)
        continue
      }
      // `*\Policies\Explorer\NoRemoteRecursiveEvents`: the value's name is the last part.
      guard let name = path.positiveOperands.first?.text.split(separator: "\\").last else { continue }
      let absent = settingKeys.map { RegistrySetting(path: $0 + "\\" + name, value: RegistrySetting.notSet).fact }
      facts += absent.filter { !wanted.facts(in: [$0]).isEmpty }.prefix(1)
    }
    return facts
  }

  private static let maximumRegistryFacts = 4
}

extension RegistrySetting {
  /// In a fact, the value of a setting that is not there.
  static let notSet = "not set"

  var fact: Fact {
    let number = Int64(value)
    return Fact(
      .registry, value == Self.notSet ? "The registry does not set \(path)." : "The registry sets \(path) to \(value).",
      attributes: ["path": .text(path), "value": number.map { .integer($0) } ?? .text(value)], trust: .stated,
      origin: "registry")
  }
}
