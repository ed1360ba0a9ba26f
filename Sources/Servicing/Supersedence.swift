import Facts

/// Which updates stand for which, over any number of steps: an update replaced by one that was itself replaced is covered by
/// the last.
public struct Supersedence: Sendable {
  private var replacedBy: [String: Set<String>] = [:]

  public static let none = Supersedence([])

  public init(_ updates: some Sequence<UpdateDescription>) {
    for update in updates {
      for old in update.replaces { insert(old, replacedBy: update.id) }
      for new in update.supersededBy { insert(update.id, replacedBy: new) }
    }
  }

  private mutating func insert(_ old: String, replacedBy new: String) {
    replacedBy[Self.key(old), default: []].insert(Self.key(new))
  }

  /// Numbers without their prefix, because lists print `KB955860` where articles print `Q955860` or `955860`.
  private static func key(_ id: String) -> String {
    ArticleNumber(id).map { String($0.rawValue) } ?? id.lowercased()
  }

  /// Whether installing `new` brings what `old` brought. Circles in catalogues (they exist) end.
  public func covers(_ new: String, _ old: String) -> Bool {
    let wanted = Self.key(new)
    var seen: Set<String> = [Self.key(old)]
    var waiting = seen
    while let id = waiting.popFirst() {
      for next in replacedBy[id] ?? [] where seen.insert(next).inserted {
        if next == wanted { return true }
        waiting.insert(next)
      }
    }
    return false
  }
}
