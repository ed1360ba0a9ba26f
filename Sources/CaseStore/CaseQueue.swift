import Facts

/// A case to be worked on, its evidence laid out under its names.
public struct CaseJob: Hashable, Sendable {
  public var id: String
  /// The folder with the evidence.
  public var input: String
  /// An empty folder for what the work gives.
  public var output: String
}

/// Whoever works on cases: a process of its own in the program, something at hand in tests.
public protocol CaseWorker: Sendable {
  /// Ends early, with an error, where the task is cancelled.
  func work(
    on job: CaseJob, progress: @escaping @Sendable (CaseProgress) -> Void
  ) async throws(CaseError) -> CaseAnswer

  /// Whether a fix is in place on the machines that the evidence describes: sections of a page.
  func verify(_ fix: String, on job: CaseJob) async throws(CaseError) -> [UInt8]
}

/// The bounded queue: so many cases at once, so many waiting. What waits stands in the store; only what runs is here.
public actor CaseQueue {
  public struct Limits: Hashable, Sendable {
    /// Cases worked on at once.
    public var workers = 1
    /// Cases that wait or run; beyond these none is accepted.
    public var pending = 1000
    /// Checks of a fix at once, beside the cases.
    public var verifications = 2
    /// Days that ended cases are kept; nil keeps them until somebody deletes them.
    public var keptDays: Int?

    public init() {}
  }

  public nonisolated let store: CaseStore
  private let worker: any CaseWorker
  private let limits: Limits
  private let clock: @Sendable () -> Int64
  private var running: [String: Task<Void, Never>] = [:]
  private var progress: [String: CaseProgress] = [:]
  private var listeners: [String: [Int: AsyncStream<CaseRecord>.Continuation]] = [:]
  private var nextListener = 0
  private var verifications = 0
  private var nextVerification = 0
  private var isStopped = false
  /// A start of work is under way; what comes meanwhile is seen by it.
  private var isPumping = false
  private var wantsPump = false

  public init(store: CaseStore, worker: any CaseWorker, limits: Limits, clock: @escaping @Sendable () -> Int64) {
    self.store = store
    self.worker = worker
    self.limits = limits
    self.clock = clock
  }

  /// Takes up what an earlier server left, and begins.
  public func start() async throws(CaseError) {
    try await store.resume()
    try await removeExpired()
    await pump()
  }

  /// Ends all work; what was under way is queued again by the next start.
  public func stop() async {
    isStopped = true
    for task in running.values { task.cancel() }
    for task in running.values { await task.value }
    for continuations in listeners.values { for continuation in continuations.values { continuation.finish() } }
    listeners = [:]
  }

  /// Throws where the queue is full.
  public func checkRoom() async throws(CaseError) {
    guard try await store.queued() < limits.pending else {
      throw CaseError(.busy, "\(limits.pending) cases wait already; try again later")
    }
  }

  public func accept(name: String, files: [CaseFile]) async throws(CaseError) -> CaseRecord {
    let record = try await store.accept(name: name, files: files)
    await pump()
    return record
  }

  /// A case with how far it is.
  public func record(_ id: String) async throws(CaseError) -> CaseRecord {
    var record = try await store.record(id)
    record.progress = record.state == .running ? progress[id] : nil
    return record
  }

  /// False where it has ended already.
  public func cancel(_ id: String) async throws(CaseError) -> Bool {
    let isCancelled = try await store.cancel(id)
    running[id]?.cancel()
    await tell(id)
    return isCancelled
  }

  public func again(_ id: String) async throws(CaseError) -> Bool {
    // The work of a case that was just cancelled may not have ended yet.
    await running[id]?.value
    let isQueued = try await store.again(id)
    await tell(id)
    await pump()
    return isQueued
  }

  public func delete(_ id: String) async throws(CaseError) {
    if let task = running[id] {
      _ = try await store.cancel(id)
      task.cancel()
      await task.value
    }
    try await store.delete(id)
    for continuation in (listeners.removeValue(forKey: id) ?? [:]).values { continuation.finish() }
  }

  /// Whether a fix is in place on the machines of a case, from its evidence: sections of a page. Throws where as many are being
  /// checked as may be.
  public func verify(_ fix: String, in id: String) async throws(CaseError) -> [UInt8] {
    let bytes = fix.utf8
    // It becomes a word of a command.
    guard (1...64).contains(bytes.count), bytes.first != UInt8(ascii: "-"),
      bytes.allSatisfy({ byte in
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte | 0x20
          || byte == UInt8(ascii: "-")
      })
    else { throw CaseError(.refused, "name a fix as its article does, such as KB950162 or Q315817") }
    _ = try await store.record(id)
    guard verifications < limits.verifications else {
      throw CaseError(.busy, "\(verifications) fixes are being checked already; try again in a moment")
    }
    verifications += 1
    defer { verifications -= 1 }
    nextVerification += 1
    let name = "\(id)-verify-\(nextVerification)"
    let files = try await store.files(id)
    let store = store
    defer { store.files.clear(name) }
    let place = try await offloaded { () throws(CaseError) in try store.files.lay(files, of: name) }
    return try await worker.verify(fix, on: CaseJob(id: name, input: place.input, output: place.output))
  }

  /// Deletes ended cases that are older than the limit.
  public func removeExpired() async throws(CaseError) {
    guard let days = limits.keptDays else { return }
    for id in try await store.finished(before: clock() - Int64(days) * 86_400) { try await delete(id) }
  }

  /// Every change of a case from now on, beginning with how it is; ends with the case's work.
  public func changes(of id: String) async throws(CaseError) -> AsyncStream<CaseRecord> {
    let record = try await record(id)
    // A reader that is slow misses steps on the way, never the end.
    let (stream, continuation) = AsyncStream<CaseRecord>.makeStream(bufferingPolicy: .bufferingNewest(8))
    continuation.yield(record)
    guard !record.state.isFinal, !isStopped else {
      continuation.finish()
      return stream
    }
    let number = nextListener
    nextListener += 1
    listeners[id, default: [:]][number] = continuation
    continuation.onTermination = { [weak self] _ in
      Task { await self?.forget(id, number) }
    }
    // It may have ended between the look and the entry.
    await tell(id)
    return stream
  }

  private func forget(_ id: String, _ number: Int) {
    listeners[id]?[number] = nil
    if listeners[id]?.isEmpty == true { listeners[id] = nil }
  }

  private func tell(_ id: String) async {
    guard listeners[id] != nil, let record = try? await record(id) else { return }
    for continuation in (listeners[id] ?? [:]).values {
      continuation.yield(record)
      if record.state.isFinal { continuation.finish() }
    }
  }

  private func report(_ id: String, _ step: CaseProgress) async {
    guard running[id] != nil else { return }
    // Reports may overtake each other.
    if let earlier = progress[id], earlier.phase == step.phase, earlier.done > step.done { return }
    progress[id] = step
    await tell(id)
  }

  /// Starts work as far as there is room.
  private func pump() async {
    wantsPump = true
    guard !isPumping else { return }
    isPumping = true
    defer { isPumping = false }
    while wantsPump {
      wantsPump = false
      while !isStopped, running.count < limits.workers, let record = try? await store.next() {
        let id = record.id
        running[id] = Task { await run(id) }
        await tell(id)
      }
    }
  }

  private func run(_ id: String) async {
    let outcome: Result<CaseAnswer, CaseError>
    do {
      let files = try await store.files(id)
      let store = store
      let place = try await offloaded { () throws(CaseError) in
        let place = try store.files.lay(files, of: id)
        return CaseJob(id: id, input: place.input, output: place.output)
      }
      outcome = .success(
        try await worker.work(on: place) { step in
          Task { [weak self] in await self?.report(id, step) }
        })
    } catch {
      outcome = .failure(error)
    }
    store.files.clear(id)
    // A server that stops leaves the case as it is, for the next one to take up.
    if !isStopped { try? await store.finish(id, outcome) }
    running[id] = nil
    progress[id] = nil
    await tell(id)
    await pump()
  }
}
