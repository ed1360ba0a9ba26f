/// Reads `multipart/form-data` (RFC 7578) as it arrives, in memory that does not grow with it.
public struct MultipartReader: Sendable {
  public struct Limits: Hashable, Sendable {
    /// Parts of one upload: files and fields.
    public var parts = 20_000
    /// A part's headers.
    public var headerBytes = 16 << 10
    /// What stands before the first part.
    public var preambleBytes = 64 << 10

    public init() {}
  }

  public struct Part: Hashable, Sendable {
    public var name: String
    /// nil for a field that is no file.
    public var fileName: String?

    public init(name: String, fileName: String?) {
      self.name = name
      self.fileName = fileName
    }
  }

  public enum Event: Hashable, Sendable {
    case begin(Part)
    case data(ArraySlice<UInt8>)
    case end
  }

  private enum State {
    case preamble, afterBoundary, headers, content, done
  }

  private let limits: Limits
  /// CR LF, two hyphens and the boundary.
  private let delimiter: [UInt8]
  private var state = State.preamble
  // The first boundary may stand at the very beginning.
  private var buffer: [UInt8] = [0x0D, 0x0A]
  private var parts = 0
  private var skipped = 0

  /// From a `Content-Type` header; nil where it is no multipart form or names no boundary.
  public init?(contentType: String, limits: Limits = Limits()) {
    let pieces = contentType.split(separator: ";", maxSplits: 16)
    guard let kind = pieces.first, kind.lowercased().filter({ $0 != " " }) == "multipart/form-data" else { return nil }
    var boundary: String?
    for piece in pieces.dropFirst() {
      let halves = piece.split(separator: "=", maxSplits: 1)
      guard halves.count == 2, halves[0].lowercased().filter({ $0 != " " }) == "boundary" else { continue }
      var value = halves[1].drop { $0 == " " }
      while value.last == " " { value.removeLast() }
      if value.count >= 2, value.first == "\"", value.last == "\"" { value = value.dropFirst().dropLast() }
      boundary = String(value)
    }
    // RFC 2046: 1 to 70 characters.
    guard let boundary, (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
    else { return nil }
    self.limits = limits
    delimiter = [0x0D, 0x0A, 0x2D, 0x2D] + Array(boundary.utf8)
  }

  /// What the next bytes bring, in order. Throws where they are no such form.
  public mutating func read(_ bytes: some Collection<UInt8>) throws(CaseError) -> [Event] {
    guard state != .done else { return [] }
    buffer.append(contentsOf: bytes)
    var events: [Event] = []
    var start = 0
    loop: while true {
      switch state {
      case .preamble:
        let (end, isFound) = nextDelimiter(from: start)
        skipped += end - start
        guard skipped <= limits.preambleBytes else { throw Self.malformed("no boundary where its header names one") }
        start = isFound ? end + delimiter.count : end
        guard isFound else { break loop }
        state = .afterBoundary
      case .afterBoundary:
        guard buffer.count - start >= 2 else { break loop }
        if buffer[start] == 0x2D, buffer[start + 1] == 0x2D {
          state = .done
          start = buffer.count
          break loop
        }
        guard buffer[start] == 0x0D, buffer[start + 1] == 0x0A else {
          throw Self.malformed("a boundary without a line end")
        }
        parts += 1
        guard parts <= limits.parts else {
          throw CaseError(.tooLarge, "the upload has more than \(limits.parts) parts; send an archive instead")
        }
        // With the line end before them, so that headers that are empty end too.
        state = .headers
      case .headers:
        guard let end = endOfHeaders(from: start) else {
          guard buffer.count - start <= limits.headerBytes else { throw Self.malformed("a part's headers have no end") }
          break loop
        }
        guard end - start <= limits.headerBytes else { throw Self.malformed("a part's headers have no end") }
        events.append(.begin(try Self.part(buffer[start..<end])))
        // Behind the empty line.
        start = end + 2
        state = .content
      case .content:
        let (end, isFound) = nextDelimiter(from: start)
        let content = max(start, end)
        if content > start { events.append(.data(ArraySlice(buffer[start..<content]))) }
        start = isFound ? end + delimiter.count : content
        guard isFound else { break loop }
        events.append(.end)
        state = .afterBoundary
      case .done: break loop
      }
    }
    buffer.removeFirst(min(start, buffer.count))
    return events
  }

  /// Throws where the form ended in the midst of it.
  public func finish() throws(CaseError) {
    guard state == .done else { throw Self.malformed("it ends before its last boundary") }
  }

  private static func malformed(_ what: String) -> CaseError {
    CaseError(.refused, "the upload is no well-formed multipart/form-data: \(what)")
  }

  /// Where the delimiter begins, or else as far as it cannot have begun.
  private func nextDelimiter(from start: Int) -> (end: Int, isFound: Bool) {
    var place = start
    while let mark = buffer[place...].firstIndex(of: 0x0D) {
      let length = min(delimiter.count, buffer.count - mark)
      if buffer[mark..<(mark + length)].elementsEqual(delimiter[..<length]) {
        return (mark, length == delimiter.count)
      }
      place = mark + 1
    }
    return (buffer.count, false)
  }

  /// Where the empty line begins that ends headers.
  private func endOfHeaders(from start: Int) -> Int? {
    var place = start
    while let mark = buffer[place...].firstIndex(of: 0x0D), mark + 4 <= buffer.count {
      if buffer[mark..<(mark + 4)].elementsEqual([0x0D, 0x0A, 0x0D, 0x0A]) { return mark + 2 }
      place = mark + 1
    }
    return nil
  }

  private static func part(_ headers: ArraySlice<UInt8>) throws(CaseError) -> Part {
    let text = String(decoding: headers, as: UTF8.self)
    for line in text.split(separator: "\r\n") {
      let halves = line.split(separator: ":", maxSplits: 1)
      guard halves.count == 2, halves[0].lowercased() == "content-disposition" else { continue }
      let parameters = parameters(halves[1])
      guard let name = parameters["name"] else { break }
      return Part(name: name, fileName: parameters["filename"])
    }
    throw malformed("a part without a name")
  }

  /// `form-data; name="evidence"; filename="a\"b"` as its parameters. Browsers write a quotation mark as %22.
  private static func parameters(_ text: Substring) -> [String: String] {
    var result: [String: String] = [:]
    var rest = text[...]
    while let semicolon = rest.firstIndex(of: ";") {
      rest = rest[rest.index(after: semicolon)...].drop { $0 == " " }
      guard let equals = rest.firstIndex(of: "=") else { break }
      let key = rest[..<equals].lowercased()
      rest = rest[rest.index(after: equals)...]
      var value = ""
      if rest.first == "\"" {
        rest = rest.dropFirst()
        while let character = rest.first, character != "\"" {
          rest = rest.dropFirst()
          if character == "\\", rest.first == "\"" {
            value.append("\"")
            rest = rest.dropFirst()
          } else {
            value.append(character)
          }
        }
      } else {
        value = String(rest.prefix { $0 != ";" && $0 != " " })
      }
      if result[key] == nil { result[key] = value.replacing("%22", with: "\"") }
      rest = rest.drop { $0 != ";" }
    }
    return result
  }
}
