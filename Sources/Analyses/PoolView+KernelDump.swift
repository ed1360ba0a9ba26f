import Facts
import KernelLayouts
import WindowsKernel

extension KernelDump {
  /// The pool as reports print it.
  public func poolView(pages: Bool = true) -> PoolView {
    let pool = pool(pages: pages)
    var view = PoolView(pointerDigits: architecture.pointerSize == 4 ? 8 : 16)
    view.pages = pool.pages
    view.damagedPages = pool.damagedPages
    view.heaps = pool.heaps.map {
      PoolView.Heaps(
        heaps: $0.heaps, segments: $0.segments, subsegments: $0.subsegments, guessedFrom: $0.guessedFrom)
    }
    view.damaged = pool.damaged.map {
      PoolView.Damage(address: $0.address, tagBefore: $0.tagBefore, resumes: $0.resumes, tagAfter: $0.tagAfter)
    }
    view.missing = pool.missing
    view.trackerTables = pool.tracker?.tables ?? 0
    // Some processors' tables alone say nothing of what is held.
    let isWhole = pool.tracker?.isWhole == true && pool.tracker?.unread == 0
    view.rows = Self.rows(pool.uses, pool.tracker?.entries ?? [], isCounted: pool.pages != nil, isWhole: isWhole)
    view.sessions = pool.sessions.map {
      PoolView.Session(
        id: $0.id, pages: $0.pages, damagedPages: $0.damagedPages,
        rows: Self.rows($0.uses, $0.tracked, isCounted: $0.pages != nil, isWhole: true))
    }
    view = view.selecting([], order: .bytes)
    addOwners(to: &view)
    if pages { addLeads(to: &view, pool) }
    return view
  }

  /// - Parameters:
  ///   - isCounted: whether pages were walked; else what the kernel counted stands for it.
  ///   - isWhole: whether all of the kernel's count was read.
  private static func rows(
    _ uses: [KernelPool.Use], _ tracked: [PoolTracker.Entry], isCounted: Bool, isWhole: Bool
  ) -> [PoolView.Row] {
    struct Key: Hashable {
      var tag: PoolTag
      var isPaged: Bool
    }
    var rows: [Key: PoolView.Row] = [:]
    for use in uses { rows[Key(tag: use.tag, isPaged: use.isPaged)] = row(use) }
    for entry in tracked {
      for (use, isPaged) in [(entry.nonPaged, false), (entry.paged, true)]
      where use.allocations != 0 || use.bytes != 0 {
        let key = Key(tag: entry.tag, isPaged: isPaged)
        var row = rows[key] ?? PoolView.Row(entry.tag, isPaged: isPaged, source: isCounted ? .pages : .tracker)
        if !isCounted {
          row.source = .tracker
          row.live = use.live
          row.liveBytes = use.bytes
        }
        if isWhole { row.tracked = PoolView.Tracked(allocations: use.allocations, frees: use.frees, bytes: use.bytes) }
        rows[key] = row
      }
    }
    return Array(rows.values)
  }

  private static func row(_ use: KernelPool.Use) -> PoolView.Row {
    var row = PoolView.Row(use.tag, isPaged: use.isPaged, source: .pages)
    row.live = use.live
    row.liveBytes = use.liveBytes
    row.free = use.free
    row.freeBytes = use.freeBytes
    return row
  }

  /// The kernel's descriptors are followed where they hold this part of their pool: less is what every machine has.
  static let followedShare = 0.05

  private func addLeads(to view: inout PoolView, _ pool: KernelPool) {
    guard let tag = PoolTag("Mdl"),
      let index = view.rows.firstIndex(where: { $0.tag == tag && !$0.isPaged && $0.live > 0 })
    else { return }
    let all = view.rows.reduce(0.0) { $0 + ($1.isPaged ? 0 : Double($1.bytes)) }
    guard Double(view.rows[index].bytes) >= all * Self.followedShare else { return }
    view.rows[index].leads = leads(pool)
  }

  /// What the kernel's memory descriptors lead to, with the owners of pool tags.
  func leads(_ pool: KernelPool) -> [PoolView.Lead] {
    guard let found = descriptorLeads(pool) else { return [] }
    let unknown = found.leads.compactMap(\.tag).filter { TagOwners.owner(of: $0) == nil }
    let searched = TagSearch.owners(of: Array(unknown.prefix(Self.searchedTags)), in: self)
    return found.leads.map { lead in
      PoolView.Lead(
        kind: lead.kind.rawValue, name: lead.name, count: lead.count, bytes: lead.bytes,
        owner: lead.tag.flatMap { TagOwners.owner(of: $0) ?? searched[$0] })
    }
  }

  /// Tags that the bundled list does not know are looked for in the images: the largest holders, as people ask about those.
  private static let searchedTags = 64

  private func addOwners(to view: inout PoolView) {
    var unknown: [PoolTag] = []
    for tag in (view.rows + view.sessions.flatMap(\.rows)).map(\.tag)
    where TagOwners.owner(of: tag) == nil && unknown.count < Self.searchedTags && !unknown.contains(tag) {
      unknown.append(tag)
    }
    let found = TagSearch.owners(of: unknown, in: self)
    func name(_ row: inout PoolView.Row) {
      if let owner = TagOwners.owner(of: row.tag) {
        row.owner = owner
        row.ownerSource = "table"
      } else if let owner = found[row.tag] {
        row.owner = owner
        row.ownerSource = "image"
      }
    }
    for index in view.rows.indices { name(&view.rows[index]) }
    for session in view.sessions.indices {
      for index in view.sessions[session].rows.indices { name(&view.sessions[session].rows[index]) }
    }
  }
}
