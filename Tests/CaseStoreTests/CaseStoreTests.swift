import CaseStore
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite struct CaseStoreTests {
  /// A worker that answers what the evidence says, when it is let.
  private struct TestWorker: CaseWorker {
    var isOpen = true
    let begun = Seen()

    final class Seen: Sendable {
      let jobs = Mutex<[[String: String]]>([])
    }

    func work(
      on job: CaseJob, progress: @escaping @Sendable (CaseProgress) -> Void
    ) async throws(CaseError) -> CaseAnswer {
      var files: [String: String] = [:]
      for name in FileManager.default.enumerator(atPath: job.input)?.compactMap({ $0 as? String }) ?? [] {
        if let text = try? String(contentsOfFile: job.input + "/" + name, encoding: .utf8) { files[name] = text }
      }
      begun.jobs.withLock { $0.append(files) }
      progress(CaseProgress(phase: "reading", done: 1, total: 2))
      while !isOpen {
        do {
          try await Task.sleep(for: .milliseconds(5))
        } catch {
          throw CaseError(.cancelled, "cancelled")
        }
      }
      if files.values.contains("bad") { throw CaseError(.failed, "bad evidence") }
      return CaseAnswer(
        verdict: "none", answer: files.keys.sorted().joined(separator: " "), machine: nil,
        diagnosis: Array("{\"a\":1}".utf8), text: Array("text".utf8),
        page: Array("<input name=\"step\" value=\"s0-1\"><input name=\"step\" value=\"s0-10\">".utf8),
        steps: ["s0-1", "s0-10"])
    }

    func verify(_ fix: String, on job: CaseJob) async throws(CaseError) -> [UInt8] {
      let names = FileManager.default.enumerator(atPath: job.input)?.compactMap { $0 as? String } ?? []
      while !isOpen {
        do {
          try await Task.sleep(for: .milliseconds(5))
        } catch {
          throw CaseError(.cancelled, "cancelled")
        }
      }
      return Array("\(fix) on \(names.sorted().joined(separator: " "))".utf8)
    }
  }

  private static let now: @Sendable () -> Int64 = { 1_700_000_000 }

  private static func open(_ folder: TemporaryFolder) throws -> CaseStore {
    try CaseStore(folder: folder.path + "/cases", clock: now)
  }

  private static func keep(_ files: [(String, String)], in store: CaseStore) throws -> [CaseFile] {
    try files.map { name, text in
      let incoming = try store.receive()
      try incoming.write(Array(text.utf8))
      return CaseFile(name: try EvidenceName(name), sha256: try store.keep(incoming), bytes: incoming.bytes)
    }
  }

  /// Every file below the store's folders for evidence and work.
  private static func contents(_ folder: TemporaryFolder) -> [String] {
    ["evidence", "incoming", "work"].flatMap { part in
      let root = folder.path + "/cases/" + part
      return FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String }
        .filter {
          (try? FileManager.default.attributesOfItem(atPath: root + "/" + $0)[.type] as? FileAttributeType)
            == .typeRegular
        }
        .map { part + "/" + $0 } ?? []
    }.sorted()
  }

  private static func end(_ id: String, _ queue: CaseQueue) async throws -> CaseRecord {
    for await _ in try await queue.changes(of: id) {}
    return try await queue.record(id)
  }

  @Test func aFixIsCheckedOnACasesEvidence() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    let record = try await queue.accept(name: "one", files: try Self.keep([("logs/b.txt", "other")], in: store))
    _ = try await Self.end(record.id, queue)
    #expect(
      String(decoding: try await queue.verify("KB950162", in: record.id), as: UTF8.self)
        == "KB950162 on logs logs/b.txt")
    // The evidence laid out for it is gone, the evidence itself is not.
    #expect(Self.contents(folder).count == 1)
    for word in ["", "--unpacked", "KB 1", "../x", String(repeating: "1", count: 65)] {
      await #expect(throws: CaseError.self) { try await queue.verify(word, in: record.id) }
    }
    await #expect(throws: CaseError.self) { try await queue.verify("KB950162", in: "none") }
  }

  @Test func fewFixesAreCheckedAtOnce() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let record = try await store.accept(name: "one", files: try Self.keep([("a.txt", "same")], in: store))
    let queue = CaseQueue(store: store, worker: TestWorker(isOpen: false), limits: .init(), clock: Self.now)
    let checks = (0..<3).map { _ in Task { try await queue.verify("KB1", in: record.id) } }
    // Two wait until they are cancelled, whichever; the third is refused at once.
    await withTaskGroup(of: CaseError?.self) { group in
      for check in checks { group.addTask { await check.result.failure as? CaseError } }
      #expect(await group.next() == .some(CaseError(.busy, "2 fixes are being checked already; try again in a moment")))
      for check in checks { check.cancel() }
      await group.waitForAll()
    }
    #expect(Self.contents(folder).count == 1)
  }

  @Test func evidenceIsKeptOnceAndGoesWithItsLastCase() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    let first = try await queue.accept(
      name: "one", files: try Self.keep([("a.txt", "same"), ("logs/b.txt", "other")], in: store))
    let second = try await queue.accept(name: "two", files: try Self.keep([("c.txt", "same")], in: store))
    #expect(try await Self.end(first.id, queue).answer == "a.txt logs/b.txt")
    #expect(try await Self.end(second.id, queue).state == .done)
    #expect(Self.contents(folder).count == 2)
    try await queue.delete(first.id)
    #expect(Self.contents(folder).count == 1)
    #expect(try await store.records(CaseQuery()).map(\.id) == [second.id])
    try await queue.delete(second.id)
    #expect(Self.contents(folder) == [])
    await #expect(throws: CaseError.self) { try await queue.delete(second.id) }
    // Neither file of the database holds anything of them.
    for name in ["cases.sqlite", "cases.sqlite-wal"] {
      let bytes = (try? Data(contentsOf: URL(filePath: folder.path + "/cases/" + name))) ?? Data()
      #expect(bytes.range(of: Data("logs/b.txt".utf8)) == nil && bytes.range(of: Data(first.id.utf8)) == nil)
    }
  }

  @Test func whatWasAcceptedIsTakenUpByTheNextServer() async throws {
    let folder = try TemporaryFolder()
    var ids: [String] = []
    do {
      let store = try Self.open(folder)
      let queue = CaseQueue(store: store, worker: TestWorker(isOpen: false), limits: .init(), clock: Self.now)
      for index in 0..<3 {
        ids.append(
          try await queue.accept(name: "\(index)", files: try Self.keep([("a.txt", "text \(index)")], in: store)).id)
      }
      // One that was received and never became a case, and one that was cut off.
      _ = try Self.keep([("lost.txt", "lost")], in: store)
      #expect(try await queue.record(ids[0]).state == .running)
      await queue.stop()
    }
    let store = try Self.open(folder)
    #expect(try await store.counts() == [.running: 1, .queued: 2])
    #expect(Self.contents(folder).count == 3)
    let worker = TestWorker()
    let queue = CaseQueue(store: store, worker: worker, limits: .init(), clock: Self.now)
    try await queue.start()
    for id in ids { #expect(try await Self.end(id, queue).state == .done) }
    #expect(try await store.record(ids[0]).runs == 2)
    #expect(worker.begun.jobs.withLock { $0.compactMap { $0["a.txt"] } } == ["text 0", "text 1", "text 2"])
  }

  @Test func casesThatWaitOrRunCanBeCancelled() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(isOpen: false), limits: .init(), clock: Self.now)
    var ids: [String] = []
    for index in 0..<2 {
      ids.append(try await queue.accept(name: "c", files: try Self.keep([("a", "\(index)")], in: store)).id)
    }
    #expect(try await queue.cancel(ids[1]))
    #expect(try await store.record(ids[1]).state == .cancelled)
    #expect(try await queue.cancel(ids[0]))
    #expect(try await Self.end(ids[0], queue).state == .cancelled)
    #expect(try await queue.cancel(ids[0]) == false)
    #expect(try await queue.again(ids[0]))
    #expect(try await queue.record(ids[0]).state == .running)
    // Deleting ends the work.
    try await queue.delete(ids[0])
    await #expect(throws: CaseError.self) { try await queue.record(ids[0]) }
    #expect(Self.contents(folder).count == 1)
    await queue.stop()
  }

  @Test func failuresAreTold() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    let record = try await queue.accept(name: "c", files: try Self.keep([("a", "bad")], in: store))
    let ended = try await Self.end(record.id, queue)
    #expect(ended.state == .failed && ended.problem == "bad evidence")
    #expect(try await store.diagnosis(record.id) == nil)
  }

  @Test func stepsOfThePlanAreKept() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    let id = try await queue.accept(name: "c", files: try Self.keep([("a", "x")], in: store)).id
    _ = try await Self.end(id, queue)
    try await store.setSteps(["s0-1"], of: id)
    let page = try #require(try await store.page(id))
    #expect(page.contains("value=\"s0-1\" checked>") && page.contains("value=\"s0-10\">"))
    await #expect(throws: CaseError.self) { try await store.setSteps(["s9-9"], of: id) }
    try await store.setSteps([], of: id)
    #expect(try await store.stepsDone(id) == [])
  }

  @Test func namesThatClashAreRefused() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    for files in [[("a", "1"), ("a", "2")], [("a", "1"), ("a/b", "2")]] {
      let kept = try Self.keep(files, in: store)
      await #expect(throws: CaseError.self) { try await store.accept(name: "c", files: kept) }
    }
    #expect(Self.contents(folder) == [])
    let kept = try Self.keep([("a", "1"), ("a", "1")], in: store)
    #expect(try await store.accept(name: "c", files: kept).files == 1)
  }

  @Test func theQueueIsBounded() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    var limits = CaseQueue.Limits()
    limits.pending = 2
    let queue = CaseQueue(store: store, worker: TestWorker(isOpen: false), limits: limits, clock: Self.now)
    for index in 0..<2 {
      try await queue.checkRoom()
      _ = try await queue.accept(name: "c", files: try Self.keep([("a", "\(index)")], in: store))
    }
    await #expect { try await queue.checkRoom() } throws: { ($0 as? CaseError)?.code == .busy }
    await queue.stop()
  }

  @Test func endedCasesExpire() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let early = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    let id = try await early.accept(name: "c", files: try Self.keep([("a", "x")], in: store)).id
    _ = try await Self.end(id, early)
    var limits = CaseQueue.Limits()
    limits.keptDays = 2
    // A day later it stays, three days later it goes.
    let next = CaseQueue(store: store, worker: TestWorker(), limits: limits) { 1_700_000_000 + 86_400 }
    try await next.removeExpired()
    #expect(try await store.record(id).id == id)
    let later = CaseQueue(store: store, worker: TestWorker(), limits: limits) { 1_700_000_000 + 3 * 86_400 }
    try await later.removeExpired()
    #expect(try await store.records(CaseQuery()) == [])
    #expect(Self.contents(folder) == [])
  }

  @Test func listsAreFilteredAndPaged() async throws {
    let folder = try TemporaryFolder()
    let store = try Self.open(folder)
    let queue = CaseQueue(store: store, worker: TestWorker(), limits: .init(), clock: Self.now)
    var ids: [String] = []
    for name in ["alpha", "Beta", "beta two"] {
      ids.append(try await queue.accept(name: name, files: try Self.keep([("f-\(name)", name)], in: store)).id)
    }
    for id in ids { _ = try await Self.end(id, queue) }
    #expect(try await store.records(CaseQuery()).map(\.id) == ids.reversed())
    #expect(try await store.records(CaseQuery(words: "BETA")).map(\.id) == [ids[2], ids[1]])
    #expect(try await store.records(CaseQuery(words: "beta two")).map(\.id) == [ids[2]])
    #expect(try await store.records(CaseQuery(words: "100%_'\"")).isEmpty)
    #expect(try await store.records(CaseQuery(state: .failed)).isEmpty)
    #expect(try await store.records(CaseQuery(limit: 1, before: ids[2])).map(\.id) == [ids[1]])
  }
}

extension Result {
  fileprivate var failure: Failure? {
    if case .failure(let error) = self { error } else { nil }
  }
}
