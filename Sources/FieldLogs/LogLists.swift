import Facts

/// Lists of other commands in the same log: `lm`, `!locks`, `!exqueue`, `!process`. Line by line, as these are printed.
struct LogLists {
  /// Entries of each list that are kept.
  static let limit = 4096

  private(set) var modules: [DebuggerLogView.Module] = []
  private(set) var locks: [DebuggerLogView.Lock] = []
  private(set) var queues: [DebuggerLogView.WorkQueue] = []
  private(set) var process: String?

  private enum Section { case none, modules, unloaded }
  private var section = Section.none
  private var isLock = false
  private var isQueue = false

  static func read(_ text: LogText, in range: Range<Int>) -> LogLists {
    var lists = LogLists()
    guard !text.lines.isEmpty else { return lists }
    for line in text.lines[text.line(at: range.lowerBound)...] {
      guard line.lowerBound < range.upperBound else { break }
      guard line.count < 2048 else { continue }
      let words = text.bytes[line].split(whereSeparator: \.isSpace).prefix(40).map {
        String(decoding: $0, as: UTF8.self)
      }
      lists.take(words)
    }
    return lists
  }

  private mutating func take(_ words: [String]) {
    guard let first = words.first else { return }
    if words.starts(with: ["start", "end", "module"]) {
      section = .modules
    } else if words.starts(with: ["Unloaded", "modules:"]) {
      section = .unloaded
    } else if section != .none, module(words) {
      return
    } else if first.hasSuffix("kd>") || words.count > 1 && words[1].hasSuffix("kd>") {
      section = .none
      isLock = false
      isQueue = false
    }
    if first == "Resource", words.count > 2, words[1] == "@" {
      lock(words)
    } else if isLock {
      lockDetail(words)
    }
    queue(words)
    if process == nil, let index = words.firstIndex(of: "Image:"), index + 1 < words.count, index < 8 {
      process = words[(index + 1)...].joined(separator: " ")
    }
  }

  private static func address(_ word: String) -> VirtualAddress? {
    let digits = word.utf8.count { $0.isHex }
    guard digits >= 8, let value = parseHexadecimal(word) else { return nil }
    return VirtualAddress(value)
  }

  // MARK: Modules

  /// `start end name [file or (state)] … (timestamp)`.
  private mutating func module(_ words: [String]) -> Bool {
    guard words.count >= 3, let start = Self.address(words[0]), let end = Self.address(words[1]), start < end,
      modules.count < Self.limit
    else { return false }
    let name = words[2]
    let timestamp = words.last.flatMap { word -> UInt32? in
      guard word.hasPrefix("("), word.hasSuffix(")"), word.utf8.count == 10 else { return nil }
      return UInt32(word.dropFirst().dropLast(), radix: 16)
    }
    var file = words.dropFirst(3).first {
      $0.utf8.contains(UInt8(ascii: ".")) && !$0.utf8.contains(UInt8(ascii: "\\")) && !$0.hasPrefix("(")
    }
    if let path = file, let slash = path.lastIndex(of: "\\") { file = String(path[path.index(after: slash)...]) }
    if file == nil, name.utf8.contains(UInt8(ascii: ".")) { file = name }
    modules.append(
      .init(name: name, file: file, start: start, end: end, timestamp: timestamp, isUnloaded: section == .unloaded))
    return true
  }

  // MARK: Locks

  /// `Resource @ nt!PsLoadedModuleResource (0x8089d7c0)    Exclusively owned`.
  private mutating func lock(_ words: [String]) {
    guard locks.count < Self.limit else { return }
    var lock = DebuggerLogView.Lock()
    for word in words.dropFirst(2).prefix(3) {
      let bare = word.filter { $0 != "(" && $0 != ")" }
      if let address = Self.address(bare) {
        lock.address = lock.address ?? address
      } else if word.utf8.contains(UInt8(ascii: "!")) {
        lock.name = lock.name ?? word
      }
    }
    lock.isExclusive = words.contains("Exclusively")
    locks.append(lock)
    isLock = true
  }

  private mutating func lockDetail(_ words: [String]) {
    guard !locks.isEmpty else { return }
    let last = locks.count - 1
    func number(_ name: String) -> UInt64? {
      guard let index = words.firstIndex(where: { $0.hasPrefix(name) }) else { return nil }
      return words[index...].dropFirst().first { $0 != "=" }.flatMap { UInt64($0) }
    }
    if words.starts(with: ["Contention", "Count"]) { locks[last].contention = words.last.flatMap { UInt64($0) } }
    if let value = number("NumberOfExclusiveWaiters") { locks[last].exclusiveWaiters = value }
    if let value = number("NumberOfSharedWaiters") { locks[last].sharedWaiters = value }
    // `Threads: 8a5f3020-01<*>`: the star marks who holds it.
    if words[0] == "Threads:" || words[0] == "Waiting" || words[0].utf8.contains(UInt8(ascii: "-")) {
      for word in words where word.utf8.contains(UInt8(ascii: "-")) {
        guard let thread = Self.address(String(word.prefix { $0 != "-" })),
          locks[last].owners.count + locks[last].waiters.count < Self.limit
        else { continue }
        if word.hasSuffix("<*>") { locks[last].owners.append(thread) } else { locks[last].waiters.append(thread) }
      }
    }
    if words.count > 4, words[1] == "total", words[2] == "locks" { isLock = false }
  }

  // MARK: Queues

  /// `**** Critical WorkQueue ( Threads: 5/512, … )`, threads and `PENDING: …` below it.
  private mutating func queue(_ words: [String]) {
    if let index = words.firstIndex(where: { $0.hasPrefix("WorkQueue") }), index > 0, words[0].hasPrefix("***"),
      queues.count < Self.limit
    {
      queues.append(.init(name: words[1..<max(2, index)].joined(separator: " ")))
      isQueue = true
      return
    }
    guard isQueue, !queues.isEmpty else { return }
    let last = queues.count - 1
    if words[0] == "THREAD", words.count > 1, let thread = Self.address(words[1]),
      queues[last].threads.count < Self.limit
    {
      queues[last].threads.append(thread)
    } else if words[0].hasPrefix("PENDING"), queues[last].pending.count < Self.limit {
      let routine = words.firstIndex(of: "Routine").flatMap { $0 + 1 < words.count ? words[$0 + 1] : nil }
      queues[last].pending.append(routine ?? words.dropFirst().joined(separator: " "))
    }
  }
}
