import ByteReading
import Dispatch
import KnowledgeStore
import Synchronization

/// A knowledge base that is opened on another core while the arguments are taken apart: opening and the first query, until
/// their code and the file's pages are there, take a fifth of a match's time.
final class EarlyStore: Sendable {
  private static let current = Mutex<EarlyStore?>(nil)

  private let path: String
  private let outcome = Mutex<Result<KnowledgeStore, StoreError>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  private init(_ path: String) { self.path = path }

  /// Begins to open the knowledge base that a command's arguments name.
  static func begin(_ arguments: [String]) {
    guard let path = value(of: "--kb", arguments) ?? KnowledgeStore.defaultPath(environment: Terminal.environment),
      FileStatus.of(path) != .missing
    else { return }
    let early = EarlyStore(path)
    current.withLock { $0 = early }
    Task.detached(priority: .high) {
      let result = Result { () throws(StoreError) in try KnowledgeStore(readingAt: path) }
      early.outcome.withLock { $0 = result }
      early.done.signal()
    }
  }

  /// The knowledge base at a path: the one begun with, once, or one opened now.
  static func open(_ path: String) throws(StoreError) -> KnowledgeStore {
    let early = current.withLock { current in
      defer { current = nil }
      return current
    }
    guard let early, early.path == path else { return try KnowledgeStore(readingAt: path) }
    early.done.wait()
    switch early.outcome.withLock({ $0 }) {
    case .success(let store)?: return store
    case .failure(let error)?: throw error
    case nil: return try KnowledgeStore(readingAt: path)
    }
  }

  /// What is said wrongly is told when the arguments are taken apart.
  private static func value(of option: String, _ arguments: [String]) -> String? {
    guard let place = arguments.lastIndex(where: { $0 == option || $0.hasPrefix(option + "=") }) else { return nil }
    if arguments[place] != option { return String(arguments[place].dropFirst(option.count + 1)) }
    return arguments[arguments.index(after: place)...].first
  }
}
