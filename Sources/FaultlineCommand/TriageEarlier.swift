import ByteReading
import Facts
import Reporting

/// What an earlier run of triage has printed already, by its output. A path that was printed twice was read twice, and counts
/// as often.
///
/// Takes some 40 bytes a line, however long the paths.
struct TriageEarlier {
  /// Two hashes of a path's bytes as JSON has them; that two paths share both does not happen.
  private struct Key: Hashable {
    var first: Int
    var second: Int

    init(_ bytes: some Sequence<UInt8>) {
      var (one, two) = (Hasher(), Hasher())
      two.combine(0)
      for byte in bytes {
        one.combine(byte)
        two.combine(byte)
      }
      first = one.finalize()
      second = two.finalize()
    }
  }

  private static let beginning = Array("{\"schema\":\"faultline.triage/1\",\"path\":".utf8)

  private var counts: [Key: UInt32] = [:]
  /// Bytes of whole lines; behind them a line may be torn.
  private(set) var wholeBytes = 0
  private(set) var lines = 0

  init() {}

  init(output path: String) throws {
    let file: MappedFile
    do {
      file = try MappedFile(path: path)
    } catch {
      throw error.reason == .notFound
        ? CommandFailure.notFound("\(path): no such file or folder")
        : CommandFailure.inputOutput("\(path): \(error.detail)")
    }
    file.readsInOrder()
    var line: [UInt8] = []
    var offset = 0
    let part = 1 << 20
    while offset < file.byteCount {
      let chunk = file.bytes.array(at: offset, count: min(part, file.byteCount - offset)) ?? []
      guard !chunk.isEmpty else { break }
      var rest = chunk[...]
      while let end = rest.firstIndex(of: 0x0A) {
        line += rest[..<end]
        try add(line, path)
        line = []
        wholeBytes = offset + (end - chunk.startIndex) + 1
        rest = rest[(end + 1)...]
      }
      line += rest
      file.release(offset..<offset + chunk.count)
      offset += chunk.count
    }
  }

  private mutating func add(_ line: [UInt8], _ file: String) throws {
    lines += 1
    guard line.starts(with: Self.beginning), line.last == UInt8(ascii: "}"),
      let end = Self.endOfString(line[Self.beginning.count...])
    else {
      throw CommandFailure.unreadable(
        "\(file): line \(lines) is no line of faultline triage; --resume takes its own earlier output")
    }
    counts[Key(line[Self.beginning.count..<end]), default: 0] += 1
  }

  /// The place behind the quote that ends a string.
  private static func endOfString(_ text: ArraySlice<UInt8>) -> Int? {
    guard text.first == UInt8(ascii: "\"") else { return nil }
    var isEscaped = false
    for index in text.indices.dropFirst() {
      if isEscaped {
        isEscaped = false
      } else if text[index] == UInt8(ascii: "\\") {
        isEscaped = true
      } else if text[index] == UInt8(ascii: "\"") {
        return index + 1
      }
    }
    return nil
  }

  /// Whether a path has been read, which then counts once less.
  mutating func take(_ path: String) -> Bool {
    guard !counts.isEmpty else { return false }
    let key = Key(JSONValue.path(path).text().utf8)
    guard let count = counts[key] else { return false }
    counts[key] = count > 1 ? count - 1 : nil
    return true
  }
}
