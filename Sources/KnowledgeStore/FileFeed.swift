import ByteReading

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The files behind the paths of an import, in a stable order, a batch at a time: files, folders, archives' members.
final class FileFeed {
  struct Item: Sendable {
    /// Argument, argument/relative path, or archive/member.
    var path: String
    var bytes: [UInt8]
    var failure: String?
  }

  struct Batch: Sendable {
    var index: Int
    var items: [Item]
    /// Share of the whole that has been handed out, 0 to 1, as far as sizes tell.
    var share: Double
  }

  static let batchFiles = 256
  static let batchBytes = 2 << 20

  private let limits: ImportLimits
  private var pending: [(path: String, bytes: Int)]
  /// In bytes, so that one archive beside a hundred files does not count as one of them.
  private let total: Int
  private var done = 0
  private var archive: (reader: ArchiveReader, path: String, bytes: Int)?
  private var index = 0
  private var failures: [Item]

  init(paths: [String], limits: ImportLimits) {
    self.limits = limits
    var files: [String] = []
    var failures: [Item] = []
    for path in paths { Self.list(path, into: &files, failures: &failures, limits, depth: 0) }
    // A file of no bytes takes time all the same.
    pending = files.reversed().map { ($0, FileStatus.size(of: $0) + 1) }
    self.failures = failures
    total = pending.reduce(0) { $0 + $1.bytes }
  }

  private static func list(
    _ path: String, into files: inout [String], failures: inout [Item], _ limits: ImportLimits, depth: Int
  ) {
    switch FileStatus.of(path) {
    case .missing: failures.append(Item(path: path, bytes: [], failure: "no such file or folder"))
    case .file:
      if files.count < limits.members { files.append(path) }
    case .folder:
      guard depth < limits.depth else {
        failures.append(Item(path: path, bytes: [], failure: "is nested deeper than \(limits.depth) folders"))
        return
      }
      guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
        failures.append(Item(path: path, bytes: [], failure: "cannot be listed"))
        return
      }
      let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
      for name in names.sorted() {
        let child = folder + "/" + name
        // Links to folders are not followed: a loop of them has no end.
        if FileStatus.isSymbolicLink(child), FileStatus.of(child) == .folder { continue }
        list(child, into: &files, failures: &failures, limits, depth: depth + 1)
      }
    }
  }

  /// nil when everything has been handed out.
  func next() -> Batch? {
    var items = failures
    failures = []
    var bytes = 0
    while items.count < Self.batchFiles, bytes < Self.batchBytes, let item = nextItem() {
      bytes += item.bytes.count
      items.append(item)
    }
    guard !items.isEmpty else { return nil }
    defer { index += 1 }
    // Of an open archive the part that was unpacked.
    let rest = archive.map { max(0, $0.bytes - $0.reader.bytesRead) } ?? 0
    return Batch(index: index, items: items, share: total == 0 ? 1 : Double(done - rest) / Double(total))
  }

  private func nextItem() -> Item? {
    while true {
      if let open = archive {
        do {
          guard let member = try open.reader.next() else {
            archive = nil
            if open.reader.files == 0 {
              return Item(path: open.path, bytes: [], failure: "is an archive without files")
            }
            continue
          }
          let path = open.path + "/" + member.name
          let bytes = member.bytes ?? []
          // One level is what people pack; a second one is what bombs are made of.
          let isNested = ArchiveReader.isArchive(Array(bytes.prefix(512)))
          return Item(
            path: path, bytes: isNested ? [] : bytes,
            failure: isNested ? "is an archive inside an archive: unpack the outer one first" : member.reason)
        } catch {
          archive = nil
          return Item(path: open.path, bytes: [], failure: error.reason)
        }
      }
      guard let (path, size) = pending.popLast() else { return nil }
      done += size
      do {
        let file = try MappedFile(path: path)
        let head = (0..<min(512, file.byteCount)).map { file.bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
        if ArchiveReader.isArchive(head) {
          do {
            archive = (try ArchiveReader(path: path, limits: limits), path, size)
          } catch {
            return Item(path: path, bytes: [], failure: error.reason)
          }
          continue
        }
        guard file.byteCount <= limits.bytes(for: path) else {
          return Item(path: path, bytes: [], failure: "is larger than \(limits.bytes(for: path)) bytes")
        }
        return Item(path: path, bytes: file.array(), failure: nil)
      } catch {
        return Item(path: path, bytes: [], failure: error.detail)
      }
    }
  }
}
