import Facts

extension KnownIssue {
  /// The catalogue's rules that a file can break although every key is right. Empty when it breaks none.
  public func problems(file: String) -> [KnownIssueError] {
    var problems: [KnownIssueError] = []
    func rule(_ field: String, _ reason: String) {
      problems.append(KnownIssueError(.rule, file: file, line: nil, field: field, reason: reason))
    }
    if file != "\(id).yaml" { rule("id", "the file must be named \(id).yaml") }
    if ArticleNumber(id) == nil && !id.hasPrefix("FL-") { rule("id", "must be Qnnnnnn, KBnnnnnn or FL-nnnn") }
    if conditions.isEmpty { rule("conditions", "there are none, so nothing could match") }
    if !conditions.contains(where: { $0.effect == .decisive }) {
      rule("conditions", "none is decisive, so nothing could be confirmed")
    }
    if !conditions.contains(where: { $0.effect == .contradicts }) {
      rule("conditions", "none contradicts, so no look-alike could be ruled out")
    }
    for (index, condition) in conditions.enumerated() {
      for reason in condition.problems { rule("conditions[\(index)]", reason) }
    }
    for (index, workaround) in workarounds.enumerated() {
      for clause in [workaround.when, workaround.inPlace].compactMap({ $0 }) where clause.absent {
        rule("workarounds[\(index)]", "an absence shows nothing here")
      }
    }
    if affected.isEmpty { rule("affected", "names no product") }
    if files.isEmpty != (fileTable == .lost || fileTable == .none) {
      rule("fileTable", "\(fileTable.rawValue), but \(files.count) files are listed")
    }
    for (index, file) in files.enumerated() {
      if file.version == nil && (file.size == nil || file.date == nil) {
        rule("files[\(index)]", "has neither a version nor a size and date, so nothing can be compared with it")
      }
      if let product = file.product, !affected.contains(where: { $0.product == product }) {
        rule("files[\(index)].product", "'\(product)' is not among the affected products")
      }
    }
    if settledBy.isEmpty { rule("settledBy", "does not say which evidence would settle a doubt") }
    if verification.isEmpty { rule("verification", "does not say how to see that the fix works") }
    return problems
  }
}

extension Condition {
  fileprivate var problems: [String] {
    var problems: [String] = []
    if !effect.weights.contains(weight) {
      problems.append("weight \(weight) is outside \(effect.weights) of '\(effect.rawValue)'")
    }
    if isGeneral && (effect == .decisive || effect == .supports) {
      problems.append("rests on general symptoms alone and may only be weak")
    }
    let anchored = clauses.contains { !$0.absent || $0.given != nil }
    for clause in clauses {
      if clause.absent && !anchored {
        problems.append("an absence alone needs 'given', the fact that gives it a meaning")
      }
      if !clause.absent && clause.given != nil { problems.append("'given' goes with 'absent'") }
      if effect == .decisive && clause.constraints.isEmpty {
        problems.append("a decisive clause must constrain something")
      }
      for (attribute, constraint) in clause.constraints {
        problems += constraint.operands.compactMap { $0.problem(kind: clause.kind, attribute: attribute) }
      }
    }
    return problems
  }
}

extension Operand {
  /// Values that could never match what facts carry.
  fileprivate func problem(kind: FactKind, attribute: FactAttribute) -> String? {
    let numeric = (kind == .stop || kind == .exception) && attribute == "code"
    if numeric && hexadecimal == nil { return "\(attribute.rawValue): '\(text)' must be hexadecimal with 0x" }
    if attribute == "tag" && !isPattern && PoolTag(text) == nil {
      return "tag: '\(text)' is not one to four characters"
    }
    if attribute == "symbol" && !folded.contains("!") { return "symbol: '\(text)' must name its module (module!Name)" }
    return nil
  }
}
