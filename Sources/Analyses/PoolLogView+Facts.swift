import Facts

extension PoolLogView {
  /// Tags of each pool that are stated even where they hold little.
  static let leadingTags = 5
  /// Further tags are stated where they hold at least this part of their pool.
  static let notableShare = 0.05

  /// Who holds most of each pool in the last snapshot.
  ///
  /// A share is exact where the log states the size of the pool; without, it is of the rows printed, which may be a part.
  public var facts: [Fact] {
    guard let last = snapshots.last else { return [] }
    var facts: [Fact] = []
    for pool in ["nonpaged", "paged"] {
      let rows = last.rows.filter { $0.pool == pool && $0.bytes > 0 }.sorted { ($1.bytes, $0.tag) < ($0.bytes, $1.tag) }
      let total = last.total(pool)
      let printed = last.rows.reduce(UInt64(0)) { $1.pool == pool ? $0 &+ $1.bytes : $0 }
      // A screen shows the first rows of some order: where most of the pool is not among them, the largest is not known.
      let isWhole = total.isStated ? printed >= total.bytes / 2 : rows.count >= 20
      for (index, row) in rows.enumerated() {
        let share = total.bytes > 0 ? Double(row.bytes) / Double(total.bytes) : 0
        guard index < Self.leadingTags || share >= Self.notableShare else { break }
        guard let tag = PoolTag(row.tag) else { continue }
        var attributes: [FactAttribute: FactValue] = [
          "tag": .poolTag(tag), "pool": .text(pool), "bytes": .integer(Int64(clamping: row.bytes)),
        ]
        if isWhole || total.isStated { attributes["share"] = .number(share) }
        if isWhole { attributes["rank"] = .integer(Int64(index + 1)) }
        let percent = Int((share * 100).rounded())
        facts.append(
          Fact(
            .poolUse,
            "Pool tag \(tag) holds \(row.bytes) bytes of \(pool) pool"
              + (isWhole || total.isStated ? ", \(percent) % of \(total.isStated ? "it" : "what is listed")" : "")
              + ".",
            attributes: attributes, trust: .stated, origin: "snapshot at line \(last.line)"))
      }
    }
    return facts
  }
}
