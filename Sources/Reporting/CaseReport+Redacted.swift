import Facts
import Servicing

extension CaseReport {
  /// The same report without what tells whose machines it is about. Placeholders are those of ``Diagnosis/redacted()``: what stands
  /// in the text or the JSON of the same evidence has the same ones here.
  public func redacted() -> CaseReport {
    var redactor = Redactor()
    diagnosis.learn(&redactor)
    var result = self
    result.diagnosis.redact(&redactor)
    // Names that only the pictures show come after all others.
    for machine in audits.map(\.audit.machine) + verifications.map(\.machine) {
      if let name = machine.computerName { redactor.learn(name, as: .host) }
      for version in machine.files.compactMap(\.version) { redactor.keep(version: version) }
    }
    for report in verifications {
      for version in report.files.flatMap({ [$0.wanted?.version, $0.found?.version] }).compactMap({ $0 }) {
        redactor.keep(version: version)
      }
    }
    for index in result.captures.indices {
      redactor.redact(&result.captures[index].path)
      result.captures[index].view.redact(&redactor)
    }
    result.growth?.redact(&redactor)
    for index in result.waiting.indices {
      redactor.redact(&result.waiting[index].path)
      result.waiting[index].graph.redact(&redactor)
    }
    for index in result.audits.indices { result.audits[index].redact(&redactor) }
    for index in result.verifications.indices { result.verifications[index].redact(&redactor) }
    return result
  }
}

extension Redactor {
  mutating func redact(_ text: inout String) { text = self.text(text) }

  mutating func redact(_ text: inout String?) { text = text.map { self.text($0) } }

  mutating func redact(_ texts: inout [String]) { texts = texts.map { self.text($0) } }

  mutating func redact(_ missing: inout [Missing]) {
    for index in missing.indices { redact(&missing[index].detail) }
  }
}

extension CaptureView {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    for index in malformed.indices { malformed[index].redact(&redactor) }
    for index in damaged.indices { damaged[index].redact(&redactor) }
    for index in servers.indices { servers[index].redact(&redactor) }
    for index in clients.indices { clients[index].redact(&redactor) }
    for index in referrals.indices {
      redactor.redact(&referrals[index].client)
      redactor.redact(&referrals[index].server)
      referrals[index].path = redactor.networkPath(referrals[index].path)
      referrals[index].targets = referrals[index].targets.map { redactor.networkPath($0) }
    }
    for index in bursts.indices { redactor.redact(&bursts[index].client) }
    for index in changeNotify.indices { redactor.redact(&changeNotify[index].client) }
    for index in patterns.indices {
      redactor.redact(&patterns[index].value)
      redactor.redact(&patterns[index].text)
    }
    for index in offload.indices { redactor.redact(&offload[index].address) }
    redactor.redact(&notes)
  }
}

extension CaptureView.Finding {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    source.redact(&redactor)
    destination.redact(&redactor)
    redactor.redact(&expected)
    redactor.redact(&found)
    redactor.redact(&follows)
  }
}

extension CaptureView.Endpoint {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    redactor.redact(&address)
    redactor.redact(&mac)
  }
}

extension CaptureView.Announcement {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    redactor.redact(&address)
    redactor.redact(&nativeLanManager)
    redactor.redact(&nativeOS)
  }
}

extension PoolGrowthView {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    for index in rows.indices { rows[index].redact(&redactor) }
    for index in totals.indices { totals[index].redact(&redactor) }
    for index in limits.indices { redactor.redact(&limits[index].basis) }
    redactor.redact(&notes)
    redactor.redact(&missing)
  }
}

extension PoolGrowthView.Row {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    redactor.redact(&owner)
    redactor.redact(&driver)
    redactor.redact(&event)
    redactor.redact(&notes)
  }
}

extension WaitGraph {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    for index in nodes.indices {
      redactor.redact(&nodes[index].title)
      redactor.redact(&nodes[index].detail)
    }
    for index in edges.indices { redactor.redact(&edges[index].evidence) }
    for index in verdicts.indices { redactor.redact(&verdicts[index].text) }
  }
}

extension AuditReport {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    audit.machine.redact(&redactor)
    redactor.redact(&evidence)
    for index in problems.indices { problems[index].redact(&redactor) }
    for index in audit.updates.indices { redactor.redact(&audit.updates[index].because) }
    redactor.redact(&audit.missing)
  }
}

extension VerificationReport {
  fileprivate mutating func redact(_ redactor: inout Redactor) {
    machine.redact(&redactor)
    redactor.redact(&evidence)
    redactor.redact(&verification.reasons)
    for index in files.indices {
      redactor.redact(&files[index].reason)
      if var found = files[index].found {
        redactor.redact(&found.path)
        files[index].found = found
      }
    }
    redactor.redact(&workarounds)
    redactor.redact(&missing)
  }
}
