/// Case 4: the DFS client posts a request for each share it has not seen to the critical work queue. A worker that serves one needs
/// a connection, whose set-up is another item of the same queue, and waits for it.
struct CriticalQueue: Sendable {
  var isFixed: Bool
  /// Requests for shares, of which so many have their referral cached and need no worker.
  var requests: Int
  var cached = 0
  /// Workers that are always there, and those the balance manager may add while the queue stands still.
  var workers: Int
  var dynamicWorkers: Int

  /// Fixed, so many requests stand in the queue or in a worker at a time.
  static let throttle = 1

  var model: Model {
    var model = Model()
    let base = 2 * requests + 1
    // Items from the oldest, as digits: 1 to n a request, beyond that its connection.
    let queue = model.variable("queue")
    let outstanding = model.variable("outstanding")
    let done = model.variable("done")
    let busy = model.variable("busy workers")
    let connected = model.variable("connected")
    let created = model.variable("dynamic workers")
    let (requests, isFixed, workers, dynamicWorkers) = (requests, isFixed, workers, dynamicWorkers)
    let total = workers + dynamicWorkers

    let client = model.thread("DFS client")
    for number in 1...max(1, requests) {
      if number <= cached {
        model.step(
          client, number - 1, to: number, "share \(number): referral cached, no worker needed", reads: [done],
          writes: [done]
        ) { $0[done] += 1 }
        continue
      }
      model.step(
        client, number - 1, to: number, "share \(number): posts a request", reads: [queue, outstanding],
        writes: [queue, outstanding], when: { !isFixed || $0[outstanding] < Self.throttle }
      ) {
        $0[queue] = Self.append(number, to: $0[queue], base)
        $0[outstanding] += 1
      }
    }
    for index in 0..<total {
      let item = model.variable("item of worker \(index + 1)")
      let isDynamic = index >= workers
      let worker = model.thread(isDynamic ? "dynamic worker \(index + 1)" : "worker \(index + 1)")
      model.step(
        worker, 0, to: 1, reads: [queue, busy, created], writes: [queue, busy, item],
        label: {
          let next = $0[queue] % base
          return next > requests ? "takes connection \(next - requests)" : "takes request \(next)"
        },
        when: { $0[queue] != 0 && (!isDynamic || $0[created] > index - workers) }
      ) {
        $0[item] = $0[queue] % base
        $0[queue] /= base
        $0[busy] += 1
      }
      model.step(
        worker, 1, to: 0, reads: [item, connected, busy], writes: [item, connected, busy],
        label: { "connects for request \($0[item] - requests)" }, when: { $0[item] > requests }
      ) {
        $0[connected] |= 1 << ($0[item] - requests)
        $0[item] = 0
        $0[busy] -= 1
      }
      model.step(
        worker, 1, to: 2, reads: [item, queue], writes: [queue],
        label: { "request \($0[item]): posts its connection and waits" }, when: { $0[item] <= requests }
      ) { $0[queue] = Self.append(requests + $0[item], to: $0[queue], base) }
      model.step(
        worker, 2, to: 0, reads: [item, connected, done, outstanding, busy], writes: [item, done, outstanding, busy],
        label: { "request \($0[item]): connected, done" }, when: { $0[connected] & (1 << $0[item]) != 0 }
      ) {
        $0[item] = 0
        $0[done] += 1
        $0[outstanding] -= 1
        $0[busy] -= 1
      }
    }
    if dynamicWorkers > 0 {
      let manager = model.thread("balance manager")
      model.step(
        manager, 0, to: 0, "the queue stands still: adds a worker", reads: [queue, busy, created], writes: [created],
        when: { $0[queue] != 0 && $0[created] < dynamicWorkers && $0[busy] >= workers + $0[created] }
      ) { $0[created] += 1 }
    }
    model.stuck = {
      $0[done] < requests
        ? "deadlock: \(requests - $0[done]) requests wait for connections that no worker is left to set up" : nil
    }
    return model
  }

  private static func append(_ item: Int, to queue: Int, _ base: Int) -> Int {
    var (place, rest) = (1, queue)
    while rest != 0 {
      place *= base
      rest /= base
    }
    return queue + item * place
  }
}
