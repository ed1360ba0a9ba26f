import Facts
import WindowsKernel

/// Which tags hold the pool at the moment of the dump.
enum PoolAnalysis: DumpAnalysis {
  /// Facts are of the largest holders of each pool: more would bury the rest.
  private static let ranks = 10

  static func facts(_ dump: KernelDump) -> [Fact] {
    guard dump.space != nil else { return [] }
    // The kernel's own count takes no time; the pages are walked where it is not in the dump.
    var view = dump.poolView(pages: false)
    if !view.rows.contains(where: { $0.tracked != nil }) { view = dump.poolView(pages: true) }
    return [false, true].flatMap { isPaged in facts(view.rows.filter { $0.isPaged == isPaged }) }
  }

  private static func facts(_ rows: [PoolView.Row]) -> [Fact] {
    // Sums of what a damaged table states may be beyond any number.
    let total = rows.reduce(0.0) { $0 + Double($1.bytes) }
    guard total > 0 else { return [] }
    return rows.prefix(ranks).enumerated().filter { $0.element.bytes > 0 }.map { index, row in
      let share = Double(row.bytes) / total
      let percent = Int((share * 100).rounded())
      var text = "The tag \(row.tag) holds \(row.bytes) bytes of \(row.pool) pool, \(percent) % of what is in use"
      if let owner = row.owner { text += "; it is one of \(owner)" }
      return Fact(
        .poolUse, text + ".",
        attributes: [
          "tag": .poolTag(row.tag), "pool": .text(row.pool), "bytes": .integer(Int64(clamping: row.bytes)),
          "share": .number(share), "rank": .integer(Int64(index + 1)),
        ], trust: .observed, origin: row.tracked == nil ? "pool pages" : "PoolTrackTable")
    }
  }
}
