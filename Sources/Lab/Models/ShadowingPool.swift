/// Case 2: a memory descriptor for each packet of a shadowed session, which one of two paths of completion does not free.
enum ShadowingPool {
  /// Packets under way at most.
  static let window = 2

  /// - Parameter limit: descriptors that nonpaged pool has room for.
  static func model(isFixed: Bool, limit: Int) -> Model {
    let limit = max(window + 1, limit)
    var model = Model()
    let descriptors = model.variable("descriptors")
    let underWay = model.variable("packets under way")
    let stopped = model.variable("stopped")
    let sender = model.thread("shadowing: send")
    model.step(
      sender, 0, to: 0, reads: [descriptors, underWay, stopped], writes: [descriptors, underWay],
      label: { "allocates descriptor \($0[descriptors] + 1) of \(limit) and sends a packet" },
      when: { $0[stopped] == 0 && $0[underWay] < window && $0[descriptors] < limit }
    ) {
      $0[descriptors] += 1
      $0[underWay] += 1
    }
    let completion = model.thread("Tdpipe: completion")
    model.step(
      completion, 0, to: 0, "plain path: frees the descriptor", reads: [descriptors, underWay, stopped],
      writes: [descriptors, underWay], when: { $0[stopped] == 0 && $0[underWay] > 0 }
    ) {
      $0[descriptors] -= 1
      $0[underWay] -= 1
    }
    model.step(
      completion, 0, to: 0, isFixed ? "other path: frees the descriptor" : "other path: keeps the descriptor",
      reads: [descriptors, underWay, stopped], writes: [descriptors, underWay],
      when: { $0[stopped] == 0 && $0[underWay] > 0 }
    ) {
      if isFixed { $0[descriptors] -= 1 }
      $0[underWay] -= 1
    }
    let system = model.thread("another driver")
    model.step(
      system, 0, to: 1, "must have nonpaged pool and gets none: STOP 0x41", reads: [descriptors, stopped],
      writes: [stopped], when: { $0[descriptors] == limit && $0[stopped] == 0 }
    ) { $0[stopped] = 1 }
    model.forbid(watching: [stopped]) { $0[stopped] == 1 ? "nonpaged pool ran out" : nil }
    return model
  }
}
