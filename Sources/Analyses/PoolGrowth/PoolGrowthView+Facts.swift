import Facts

extension PoolGrowthView {
  /// Tags that stay level are stated where they hold this part of their pool, or where somebody asks about them.
  private static let notableShare = 0.01
  /// Tags of one verdict that are stated; further ones are smaller.
  private static let maximumFacts = 30

  /// Growth per tag, and tags that rise in step.
  ///
  /// - Parameter named: tags that known issues ask about.
  public func facts(asking named: Set<String>) -> [Fact] {
    var facts: [Fact] = []
    var counts: [Verdict: Int] = [:]
    var totals: [String: Double] = [:]
    for row in rows { totals[row.pool, default: 0] += Double(row.last) }
    for row in rows where row.verdict != .tooLittleData {
      guard let tag = PoolTag(row.tag) else { continue }
      if !named.contains(row.tag) {
        if row.verdict == .steady, Double(row.last) < Self.notableShare * (totals[row.pool] ?? 0) { continue }
        counts[row.verdict, default: 0] += 1
        guard counts[row.verdict, default: 0] <= Self.maximumFacts else { continue }
      }
      var attributes: [FactAttribute: FactValue] = [
        "tag": .poolTag(tag), "pool": .text(row.pool), "verdict": .text(row.verdict.rawValue),
      ]
      if let rate = row.bytesPerHour { attributes["perHour"] = .number(rate) }
      if let rate = row.bytesPerEvent, let event = row.event {
        attributes["perEvent"] = .number(rate)
        attributes["event"] = .text(event)
      }
      let rate =
        row.verdict == .leak
        ? row.bytesPerHour.map { ", \(Int64($0.rounded().clamped)) bytes an hour" } ?? "" : ""
      // Counted by the kernel itself, and left behind by every event alike: there is nothing to infer.
      let isCounted = row.verdict == .leak && row.blocksPerEvent != nil
      let counted =
        row.blocksPerEvent.map { ", \($0) block\($0 == 1 ? "" : "s") each time by the kernel's own count" } ?? ""
      let event =
        row.bytesPerEvent.map { ", \(Int64($0.rounded().clamped)) bytes with each \(row.event ?? "event")" } ?? ""
      facts.append(
        Fact(
          .poolGrowth,
          "Over \(row.points.count) snapshots pool tag \(row.tag) in \(row.pool) pool is a case of \(row.verdict.rawValue)\(rate)\(event)\(counted): \(row.event == "loaded-driver" ? row.notes.last ?? "" : row.notes.first ?? "").",
          attributes: attributes, trust: isCounted ? .observed : .inferred,
          origin: "\(snapshots) snapshots"))
    }
    for pair in inStep {
      let tags = [pair.first, pair.second].sorted()
      facts.append(
        Fact(
          .poolInStep, "Pool tags \(tags[0]) and \(tags[1]) rise in step.",
          attributes: ["tags": .text(tags.joined(separator: ",")), "ratio": .number(pair.ratio)], trust: .inferred,
          origin: "\(snapshots) snapshots"))
    }
    return facts + totalFacts
  }

  /// Whole pools, and processes that are charged with more all the time.
  private var totalFacts: [Fact] {
    totals.filter {
      $0.verdict != .tooLittleData && ($0.process == nil ? $0.quantity == .bytes : $0.verdict == .leak)
    }.prefix(Self.maximumFacts).map { row in
      var attributes: [FactAttribute: FactValue] = ["verdict": .text(row.verdict.rawValue)]
      if !row.pool.isEmpty { attributes["pool"] = .text(row.pool) }
      if let process = row.process { attributes["process"] = .text(process) }
      if let rate = row.bytesPerHour { attributes["perHour"] = .number(rate) }
      let what =
        row.process.map {
          row.quantity == .handles
            ? "the handles of process \($0) are" : "what process \($0) holds of \(row.pool) pool is"
        } ?? "\(row.pool.isEmpty ? row.tag : row.pool + " pool") as a whole is"
      let rate =
        row.verdict == .leak
        ? row.bytesPerHour.map {
          ", \(Int64($0.rounded().clamped)) \(row.quantity == .handles ? "handles" : "bytes") an hour"
        } ?? "" : ""
      return Fact(
        .poolTotal,
        "Over \(row.points.count) samples \(what) a case of \(row.verdict.rawValue)\(rate): \(row.notes.first ?? "").",
        attributes: attributes, trust: .inferred, origin: "\(row.points.count) samples")
    }
  }

  /// Only rows whose tag one of the patterns names.
  public func selecting(_ patterns: [String]) -> PoolGrowthView {
    var view = self
    view.rows = rows.filter { row in patterns.contains { PoolView.matches(row.tag, $0) } }
    return view
  }
}

extension Double {
  fileprivate var clamped: Double { isNaN ? 0 : Swift.min(9e18, Swift.max(-9e18, self)) }
}
