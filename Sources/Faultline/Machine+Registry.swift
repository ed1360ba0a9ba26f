import Facts
import KnowledgeBase
import Matching

extension Machine {
  /// What the registry says of the values by which known issues are worked around: set to what, or not set where the key was
  /// looked at.
  func registryFacts(asking issues: [KnownIssue]) -> [Fact] {
    guard !settingKeys.isEmpty else { return [] }
    let set = settings.map(\.fact)
    var facts: [Fact] = []
    var asked: Set<Clause> = []
    for wanted in issues.flatMap(\.workarounds).compactMap({ $0.inPlace?.anyValue }) where asked.insert(wanted).inserted
    {
      let found = wanted.facts(in: set)
      facts += found.prefix(Self.maximumRegistryFacts)
      // `*\Policies\Explorer\NoRemoteRecursiveEvents`: the value's name is the last part.
      guard found.isEmpty,
        let name = wanted.constraints["path"]?.positiveOperands.first?.text.split(separator: "\\").last
      else { continue }
      facts += wanted.facts(in: settingKeys.map { RegistrySetting.absent($0 + "\\" + name) }).prefix(1)
    }
    return facts
  }

  private static let maximumRegistryFacts = 4
}

extension RegistrySetting {
  var fact: Fact {
    // A text stands in quotes, so that it is not taken for the number it may look like.
    let number = isNumber ? Int64(value) : nil
    let printed = isNumber ? value : "\"\(value)\""
    return Self.fact(path, number.map { .integer($0) } ?? .text(printed), "The registry sets \(path) to \(printed).")
  }

  /// Of a value that is not there.
  static func absent(_ path: String) -> Fact { fact(path, .text("not set"), "The registry does not set \(path).") }

  private static func fact(_ path: String, _ value: FactValue, _ text: String) -> Fact {
    Fact(.registry, text, attributes: ["path": .text(path), "value": value], trust: .stated, origin: "registry")
  }
}
