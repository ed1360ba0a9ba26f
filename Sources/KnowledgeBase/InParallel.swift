import Dispatch
import Synchronization

/// The elements transformed, in their order, on all cores.
///
/// For pieces of work of a tenth of a millisecond or more, within calls that cannot wait.
package func inParallel<Element: Sendable, Result: Sendable>(
  _ elements: [Element], _ transform: @Sendable (Element) -> Result
) -> [Result] {
  guard elements.count > 1 else { return elements.map(transform) }
  let results = Mutex([Result?](repeating: nil, count: elements.count))
  let next = Atomic(0)
  DispatchQueue.concurrentPerform(iterations: min(elements.count, 8)) { _ in
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < elements.count else { return }
      let result = transform(elements[index])
      results.withLock { $0[index] = result }
    }
  }
  return results.withLock { $0.compactMap(\.self) }
}

/// A value that another core works out meanwhile.
package final class Later<Value: Sendable>: Sendable {
  private let result = Mutex<Value?>(nil)
  private let done = DispatchGroup()
  private let work: @Sendable () -> Value

  package init(_ work: @escaping @Sendable () -> Value) {
    self.work = work
    done.enter()
    DispatchQueue.global(qos: .userInitiated).async { [self] in
      let value = work()
      result.withLock { $0 = value }
      done.leave()
    }
  }

  /// Waits until it is there.
  package var value: Value {
    done.wait()
    return result.withLock { $0 } ?? work()
  }
}
