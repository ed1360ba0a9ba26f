#if Server
import CaseStore
import NIOCore
import Synchronization

/// Pages of cases that have ended, as they were sent: making one again takes ten times as long as the look whether it still holds.
final class PageCache: Sendable {
  private static let maximumBytes = 32 << 20
  /// A page that alone would push out most others is made each time.
  private static let maximumPageBytes = 4 << 20

  private struct Entry {
    var record: CaseRecord
    var steps: [String]
    var page: ByteBuffer
    var used: UInt64
  }

  private struct State {
    var entries: [String: Entry] = [:]
    var bytes = 0
    var clock: UInt64 = 0
  }

  private let state = Mutex(State())

  /// The page, where the case is as it was when it was made.
  func page(of record: CaseRecord, steps: [String]) -> ByteBuffer? {
    state.withLock { state in
      guard let entry = state.entries[record.id], entry.record == record, entry.steps == steps else { return nil }
      state.clock += 1
      state.entries[record.id]?.used = state.clock
      return entry.page
    }
  }

  func keep(_ page: ByteBuffer, of record: CaseRecord, steps: [String]) {
    guard page.readableBytes <= Self.maximumPageBytes else { return }
    state.withLock { state in
      Self.remove(record.id, &state)
      while state.bytes + page.readableBytes > Self.maximumBytes,
        let oldest = state.entries.min(by: { $0.value.used < $1.value.used })
      {
        Self.remove(oldest.key, &state)
      }
      state.clock += 1
      state.entries[record.id] = Entry(record: record, steps: steps, page: page, used: state.clock)
      state.bytes += page.readableBytes
    }
  }

  /// Nothing of a deleted case stays.
  func remove(_ id: String) { state.withLock { Self.remove(id, &$0) } }

  private static func remove(_ id: String, _ state: inout State) {
    guard let entry = state.entries.removeValue(forKey: id) else { return }
    state.bytes -= entry.page.readableBytes
  }
}
#endif
