import ByteReading
import Facts

/// A dirty hive and what its transaction logs say, put together as Windows does when it loads the hive.
enum HiveRecovery {
  /// Hives larger than this are read without their logs: a recovered one is held in memory.
  static let maximumBytes = 1 << 30

  /// The hive's bytes with the logs applied, and how many transactions that were; nil where no log had anything to add.
  static func apply(
    _ logs: [MappedFile], to file: MappedFile, base: HiveBaseBlock, _ problems: inout [ReadError]
  ) -> (file: MappedFile, base: HiveBaseBlock, applied: Int)? {
    guard file.byteCount <= maximumBytes else { return nil }
    var read: [HiveLog] = []
    for log in logs where log.byteCount > 0 {
      do throws(ReadError) {
        let log = try HiveLog(parsing: log)
        if let end = log.end { problems.append(end) }
        read.append(log)
      } catch {
        problems.append(error)
      }
    }
    // The entries of two logs follow one another: the one that begins earlier first.
    read.sort { ($0.entries.first?.sequence ?? .max) < ($1.entries.first?.sequence ?? .max) }
    // A base block that cannot be trusted is replaced by the newest log's copy of it.
    let trusted = base.isChecksumRight ? base : read.map(\.base).max { $0.primarySequence < $1.primarySequence }
    guard let trusted else { return nil }
    var bytes: [UInt8] = []
    var next: UInt32?
    var applied = 0
    var binsSize = 0
    for log in read {
      for entry in log.entries {
        if log.base.fileType == HiveBaseBlock.FileType.entryLog.rawValue {
          guard next.map({ entry.sequence == $0 }) ?? (entry.sequence >= trusted.secondarySequence) else { continue }
        } else {
          // The older log belongs to the write that was not finished, and to no other.
          guard applied == 0, log.base.primarySequence == log.base.secondarySequence,
            !base.isChecksumRight || log.base.primarySequence >= base.secondarySequence
          else { continue }
        }
        if bytes.isEmpty { bytes = file.array() }
        next = entry.sequence &+ 1
        applied += 1
        binsSize = Int(entry.binsSize)
        write(entry, of: log.file, to: &bytes)
      }
    }
    guard applied > 0 else { return nil }
    var recovered = trusted
    recovered.binsSize = UInt32(clamping: binsSize)
    return (MappedFile(bytes: bytes, path: file.path), recovered, applied)
  }

  private static func write(_ entry: HiveLog.Entry, of log: MappedFile, to bytes: inout [UInt8]) {
    // A page may lie behind the hive's end, which the transaction moved; never further than the size it states.
    let limit = HiveBaseBlock.byteCount + Int(entry.binsSize)
    for page in entry.pages where page.offset + page.count <= min(limit, maximumBytes) {
      guard let content = log.bytes.array(at: page.source, count: page.count) else { continue }
      // A gap that no page fills is not worth its memory.
      guard page.offset <= bytes.count + (1 << 24) else { continue }
      if page.offset + page.count > bytes.count {
        bytes.append(contentsOf: repeatElement(0, count: page.offset + page.count - bytes.count))
      }
      bytes.replaceSubrange(page.offset..<page.offset + page.count, with: content)
    }
  }
}
