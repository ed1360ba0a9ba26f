import Facts
import Matching
import Planning
import Servicing

extension Diagnosis {
  /// The same diagnosis without what tells whose machines it is about. Every form of report is made from this value, so that a
  /// name has one placeholder in all of them.
  ///
  /// Kept: what the diagnosis rests on, that is names of programs and drivers, versions, pool tags, addresses in memory, and
  /// the evidence's hashes, by which its owner finds the files again. What the knowledge base says is no evidence and stays.
  public func redacted() -> Diagnosis {
    var redactor = Redactor()
    learn(&redactor)
    var result = self
    result.redact(&redactor)
    return result
  }

  mutating func redact(_ redactor: inout Redactor) {
    for index in evidence.indices {
      evidence[index].path = redactor.text(evidence[index].path)
      for problem in evidence[index].problems.indices { evidence[index].problems[problem].redact(&redactor) }
    }
    machine.redact(&redactor)
    for index in facts.indices { facts[index].redact(&redactor) }
    for index in findings.indices {
      findings[index].finding.redact(&redactor)
      findings[index].plan.redact(&redactor)
    }
    redactSteps(&nextSteps, &redactor)
    redactor.redact(&missing)
    for key in dumps.keys.sorted() { dumps[key]?.redact(&redactor) }
  }

  /// Names whose form does not tell them, and versions, whose form is that of an address.
  func learn(_ redactor: inout Redactor) {
    for piece in evidence {
      let name = piece.path.split(separator: "/").last ?? ""
      let ending = name.lastIndex(of: ".").map { String(name[$0...]) } ?? ""
      redactor.learn(piece.path, as: .evidence, ending: ending.utf8.count <= 8 ? ending : "")
    }
    if let name = machine.computerName { redactor.learn(name, as: .host) }
    var versions = machine.files.compactMap(\.version)
    versions += dumps.values.flatMap { $0.modules.compactMap(\.identity.version) }
    for fact in facts {
      for case .version(let version) in fact.attributes.values { versions.append(version) }
      if case .text(let text)? = fact["version"], let version = FileVersion(text) { versions.append(version) }
    }
    for version in versions { redactor.keep(version: version) }
  }
}

extension EvidenceProblem {
  mutating func redact(_ redactor: inout Redactor) {
    expected = expected.map { redactor.text($0) }
    found = found.map { redactor.text($0) }
    text = redactor.text(text)
  }
}

extension Machine {
  mutating func redact(_ redactor: inout Redactor) {
    computerName = computerName.map { redactor.text($0) }
    for index in origins.indices { origins[index].path = redactor.text(origins[index].path) }
    contradictions = contradictions.map { redactor.text($0) }
    for index in files.indices { files[index].path = files[index].path.map { redactor.text($0) } }
    for index in settings.indices {
      settings[index].path = redactor.text(settings[index].path)
      if !settings[index].isNumber { settings[index].value = redactor.text(settings[index].value) }
    }
    settingKeys = settingKeys.map { redactor.text($0) }
  }
}

extension Fact {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    text = redactor.text(text)
    origin = redactor.text(origin)
    for key in attributes.keys.sorted(by: { $0.rawValue < $1.rawValue }) {
      if case .text(let value)? = attributes[key] { attributes[key] = .text(redactor.text(value)) }
    }
  }
}

extension Finding {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    for index in because.indices { because[index].condition = redactor.text(because[index].condition) }
    capReason = capReason.map { redactor.text($0) }
    applicability.reasons = applicability.reasons.map { redactor.text($0) }
  }
}

extension Plan {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    redactSteps(&steps, &redactor)
    obstacles = obstacles.map { redactor.text($0) }
    unfixed = unfixed.map { redactor.text($0) }
  }
}

private func redactSteps(_ steps: inout [PlanStep], _ redactor: inout Redactor) {
  for index in steps.indices {
    steps[index].text = redactor.text(steps[index].text)
    steps[index].commands = steps[index].commands.map { redactor.text($0) }
  }
}

extension DumpView {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    redactor.redact(&comment)
    redactor.redact(&meaning)
    redactor.redact(&culpritReason)
    redactor.redact(&exceptionPlace)
    for index in parameterMeanings.indices { redactor.redact(&parameterMeanings[index].text) }
    redactor.redact(&missing)
    redactor.redact(&notes)
    for index in modules.indices {
      modules[index].identity.path = modules[index].identity.path.map { redactor.text($0) }
    }
  }
}
