/// Case 1: sessions look up the entry of a session image while another session unloads the image.
///
/// The article says that one thread searches for an entry, a thread of another session deletes it, and the search returns NULL. The
/// model takes that for a check and a search under two holdings of one lock. Fixed, one holding covers both and the caller's
/// reference, and an image with references keeps its entry.
enum SessionImages {
  /// - Parameter sessions: those that look up.
  static func model(isFixed: Bool, sessions: Int) -> Model {
    var model = Model()
    let lock = model.variable("lock")
    let entry = model.variable("entry", 1)
    let references = model.variable("references")
    let fault = model.variable("fault")
    for number in 1...max(1, sessions) {
      let result = model.variable("result \(number)")
      let thread = model.thread("session \(number): look-up")
      func take(_ from: Int, _ to: Int) {
        model.step(
          thread, from, to: to, "takes the list's lock", reads: [lock], writes: [lock], when: { $0[lock] == 0 }
        ) { $0[lock] = 1 }
      }
      func release(_ from: Int, _ to: Int) {
        model.step(thread, from, to: to, "releases the lock", writes: [lock]) { $0[lock] = 0 }
      }
      take(0, 1)
      model.step(
        thread, 1, to: 8, "finds no entry: the image is to be loaded anew", reads: [entry], when: { $0[entry] == 0 })
      release(8, 9)
      if isFixed {
        model.step(
          thread, 1, to: 5, "finds the entry and references it", reads: [entry], writes: [references, result],
          when: { $0[entry] == 1 }
        ) {
          $0[references] += 1
          $0[result] = 1
        }
      } else {
        model.step(
          thread, 1, to: 2, "sees that the image has an entry", reads: [entry], when: { $0[entry] == 1 })
        release(2, 3)
        take(3, 4)
        model.step(
          thread, 4, to: 5, reads: [entry], writes: [result],
          label: { $0[entry] == 1 ? "searches for the entry: found" : "searches for the entry: NULL" }
        ) { $0[result] = $0[entry] }
      }
      release(5, 6)
      model.step(
        thread, 6, to: isFixed ? 7 : 9, "uses the entry", reads: [result], when: { $0[result] == 1 })
      model.step(
        thread, 6, to: 9, "uses NULL: page fault in the memory manager", reads: [result], writes: [fault],
        when: { $0[result] == 0 }
      ) { $0[fault] = 1 }
      if isFixed {
        model.step(thread, 7, to: 9, "gives its reference back", reads: [references], writes: [references]) {
          $0[references] -= 1
        }
      }
    }
    let thread = model.thread("session \(max(1, sessions) + 1): unload")
    model.step(thread, 0, to: 1, "takes the list's lock", reads: [lock], writes: [lock], when: { $0[lock] == 0 }) {
      $0[lock] = 1
    }
    model.step(
      thread, 1, to: 2, "deletes the image's entry", reads: isFixed ? [references] : [], writes: [entry],
      when: { !isFixed || $0[references] == 0 }
    ) { $0[entry] = 0 }
    if isFixed {
      model.step(
        thread, 1, to: 3, "leaves the entry: it is referenced", reads: [references], when: { $0[references] > 0 })
      model.step(thread, 3, to: 0, "releases the lock and tries again", writes: [lock]) { $0[lock] = 0 }
    }
    model.step(thread, 2, to: 4, "releases the lock", writes: [lock]) { $0[lock] = 0 }
    model.forbid(watching: [fault]) { $0[fault] == 1 ? "a look-up yielded NULL and its caller used it" : nil }
    model.stuck = { $0[lock] == 1 ? "a thread keeps the lock" : nil }
    return model
  }
}
