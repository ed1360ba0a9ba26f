/// Case 3: drivers are loaded and unloaded over and over; the I/O manager (tag IoSe) and the Plug and Play manager (tag Pp) allocate
/// with each load.
enum DriverLoads {
  /// Blocks of either tag after so many cycles, in states in which no driver is loaded.
  struct Growth: Hashable, Sendable, Comparable {
    var cycles: Int
    var ioSe: Int
    var pp: Int

    static func < (a: Growth, b: Growth) -> Bool { (a.cycles, a.ioSe, a.pp) < (b.cycles, b.ioSe, b.pp) }
  }

  /// Drivers that are loaded and unloaded at the same time.
  static let drivers = 2

  private struct Variables {
    var active: Variable
    var cycles: Variable
    var ioSe: Variable
    var pp: Variable
  }

  /// - Parameter cycles: loads of all drivers together.
  static func model(isFixed: Bool, cycles limit: Int) -> Model { build(isFixed: isFixed, cycles: limit).0 }

  private static func build(isFixed: Bool, cycles limit: Int) -> (Model, Variables) {
    var model = Model()
    let active = model.variable("drivers in memory")
    let begun = model.variable("loads begun")
    let cycles = model.variable("cycles")
    let ioSe = model.variable("IoSe")
    let pp = model.variable("Pp")
    for name in ["A", "B"].prefix(drivers) {
      let thread = model.thread("driver \(name)")
      model.step(
        thread, 0, to: 1, "load: the I/O manager allocates IoSe", reads: [begun, active, ioSe],
        writes: [begun, active, ioSe], when: { $0[begun] < limit }
      ) {
        $0[begun] += 1
        $0[active] += 1
        $0[ioSe] += 1
      }
      model.step(thread, 1, to: 2, "load: the PnP manager allocates Pp", reads: [pp], writes: [pp]) { $0[pp] += 1 }
      model.step(
        thread, 2, to: 3, isFixed ? "unload: IoSe is freed" : "unload: IoSe stays", reads: [ioSe], writes: [ioSe]
      ) { if isFixed { $0[ioSe] -= 1 } }
      model.step(
        thread, 3, to: 0, isFixed ? "unload: Pp is freed" : "unload: Pp stays", reads: [pp, active, cycles],
        writes: [pp, active, cycles]
      ) {
        if isFixed { $0[pp] -= 1 }
        $0[active] -= 1
        $0[cycles] += 1
      }
    }
    model.forbid(watching: [active, ioSe, pp]) { state in
      guard state[active] == 0, state[ioSe] != 0 || state[pp] != 0 else { return nil }
      return "no driver is loaded, and IoSe holds \(state[ioSe]) and Pp \(state[pp]) blocks more than at the start"
    }
    return (model, Variables(active: active, cycles: cycles, ioSe: ioSe, pp: pp))
  }

  /// What both tags hold whenever no driver is loaded, over all states.
  static func growth(isFixed: Bool, cycles limit: Int, _ explorer: Explorer) -> (rows: [Growth], isComplete: Bool) {
    let (model, variables) = build(isFixed: isFixed, cycles: limit)
    var rows: Set<Growth> = []
    let result = explorer.explore(model.withoutProperty(), reduced: false) { state in
      guard state[variables.active] == 0 else { return }
      rows.insert(
        Growth(cycles: state[variables.cycles], ioSe: state[variables.ioSe], pp: state[variables.pp]))
    }
    return (rows.sorted(), result.reached == nil)
  }
}
