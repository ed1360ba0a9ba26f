import Facts
import WindowsKernel

/// Which tags hold the pool at the moment of the dump.
enum PoolAnalysis: DumpAnalysis {
  /// Facts are of the largest holders of each pool: more would bury the rest.
  private static let ranks = 10
  /// Bytes in use below which pages are a few strays that a dump happens to hold, not a pool: no system runs on so little, and shares
  /// of them mean nothing.
  private static let leastBytes = 64.0 * 1024

  static func facts(_ dump: KernelDump) -> [Fact] {
    guard dump.space != nil else { return [] }
    // The kernel's own count takes no time; the pages are walked where it is not in the dump.
    var view = dump.poolView(pages: false)
    if !view.rows.contains(where: { $0.tracked != nil }) { view = dump.poolView(pages: true) }
    let uses = [false, true].flatMap { isPaged in facts(view.rows.filter { $0.isPaged == isPaged }) }
    return uses + owners(of: view, dump)
  }

  /// From this part of nonpaged pool on the kernel's descriptors are worth the time of following them.
  private static let descriptorShare = 0.2
  /// So many of the descriptors must lead to one driver.
  private static let leadingPart = 0.5

  /// Whose buffers the kernel's memory descriptors describe, where they hold much of the pool: the tag says nothing of it.
  private static func owners(of view: PoolView, _ dump: KernelDump) -> [Fact] {
    guard let tag = PoolTag("Mdl"), let row = view.rows.first(where: { $0.tag == tag && !$0.isPaged }) else {
      return []
    }
    let all = view.rows.reduce(0.0) { $0 + ($1.isPaged ? 0 : Double($1.bytes)) }
    guard all > 0, Double(row.bytes) / all >= descriptorShare else { return [] }
    let pool = dump.pool()
    let leads = row.leads.isEmpty ? dump.leads(pool) : row.leads
    let followed = leads.reduce(0.0) { $0 + Double($1.count) }
    var owners: [String: UInt64] = [:]
    for lead in leads {
      guard let owner = lead.kind == "module" ? lead.name : lead.owner else { continue }
      // `nt` and its components: the kernel's tags name nobody.
      if owner == "nt" || owner.hasPrefix("nt!") { continue }
      owners[owner.lowercased(), default: 0] += lead.count
    }
    guard let first = owners.min(by: { ($1.value, $0.key) < ($0.value, $1.key) }),
      Double(first.value) >= followed * leadingPart
    else { return [] }
    var tags: [PoolTag: UInt64] = [:]
    for lead in leads where lead.kind == "pool" && lead.owner?.lowercased() == first.key {
      if let tag = PoolTag(lead.name) { tags[tag] = lead.count }
    }
    let percent = Int((Double(first.value) / followed * 100).rounded())
    var text =
      "Of \(Int(followed)) memory descriptors (tag Mdl) that were followed \(percent) % describe buffers of \(first.key)"
    // Whose buffers they are does not say who made the descriptors; the driver's code does.
    let (sites, made) = dump.descriptorSites(in: first.key, of: pool, tags: tags)
    let isMade = Double(made) >= followed * leadingPart
    if isMade, let site = sites.first {
      let place = dump.modules.frame(site.address, stackPointer: nil, trust: .context).place
      let others = sites.count > 1 ? " and \(sites.count - 1) other places" : ""
      text += "; \(place)\(others) call\(sites.count > 1 ? "" : "s") IoAllocateMdl for the very buffers of \(made)"
    } else {
      text += ". That it made them is inferred: its code in the dump shows no call that makes most of them"
    }
    return [
      Fact(
        .poolOwner, text + ".",
        attributes: ["tag": .poolTag(tag), "module": .text(first.key), "means": .text("descriptors")],
        trust: isMade ? .observed : .inferred, origin: "descriptors in nonpaged pool")
    ]
  }

  private static func facts(_ rows: [PoolView.Row]) -> [Fact] {
    // Sums of what a damaged table states may be beyond any number.
    let total = rows.reduce(0.0) { $0 + Double($1.bytes) }
    guard total >= leastBytes || total > 0 && rows.contains(where: { $0.tracked != nil }) else { return [] }
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
