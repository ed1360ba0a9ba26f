import ByteReading
import KnowledgeBase
import KnowledgeStore
import Synchronization

/// A knowledge base that is opened on another core while the arguments are taken apart: opening and the first query, until
/// their code and the file's pages are there, take a fifth of a match's time.
enum EarlyStore {
  private static let current = Mutex<(path: String, store: Later<Result<KnowledgeStore, StoreError>>)?>(nil)

  /// Begins to open the knowledge base that a command's arguments name.
  static func begin(_ arguments: [String]) {
    guard let path = KnowledgeOptions.place(value(of: "--kb", arguments)), FileStatus.of(path) != .missing else {
      return
    }
    let store = Later { Result { () throws(StoreError) in try KnowledgeStore(readingAt: path) } }
    current.withLock { $0 = (path, store) }
  }

  /// The knowledge base at a path: the one begun with, once, or one opened now.
  static func open(_ path: String) throws(StoreError) -> KnowledgeStore {
    let early = current.withLock { current in
      defer { current = nil }
      return current
    }
    guard let early, early.path == path else { return try KnowledgeStore(readingAt: path) }
    return try early.store.value.get()
  }

  /// What is said wrongly is told when the arguments are taken apart.
  private static func value(of option: String, _ arguments: [String]) -> String? {
    guard let place = arguments.lastIndex(where: { $0 == option || $0.hasPrefix(option + "=") }) else { return nil }
    if arguments[place] != option { return String(arguments[place].dropFirst(option.count + 1)) }
    return arguments[arguments.index(after: place)...].first
  }
}
