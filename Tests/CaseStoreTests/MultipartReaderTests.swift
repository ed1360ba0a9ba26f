import CaseStore
import EvidenceSynthesis
import Testing

@Suite struct MultipartReaderTests {
  private static let type = "multipart/form-data; boundary=\"x--7\""

  private struct Received: Hashable {
    var part: MultipartReader.Part
    var bytes: [UInt8] = []
  }

  /// The parts of a form that arrives in pieces of one size.
  private static func parts(_ body: [UInt8], piece: Int, limits: MultipartReader.Limits = .init()) throws -> [Received]
  {
    var reader = try #require(MultipartReader(contentType: type, limits: limits))
    var parts: [Received] = []
    var rest = body[...]
    while !rest.isEmpty {
      for event in try reader.read(rest.prefix(piece)) {
        switch event {
        case .begin(let part): parts.append(Received(part: part))
        case .data(let bytes): parts[parts.count - 1].bytes += bytes
        case .end: break
        }
      }
      rest = rest.dropFirst(piece)
    }
    try reader.finish()
    return parts
  }

  private static let body = Array(
    ("preamble\r\n--x--7\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nA case\r\n"
      + "--x--7\r\ncontent-disposition: form-data; name=\"evidence\"; filename=\"logs/a%22b.txt\"\r\nContent-Type: text/plain\r\n\r\n"
      + "one\r\n--x--\r\n--x-7\r\n\r\r\n\r\n--x--7\r\nContent-Disposition: form-data; name=evidence; filename=\"empty\\\".txt\"\r\n\r\n"
      + "\r\n--x--7--\r\nepilogue").utf8)

  @Test(arguments: [1, 2, 3, 7, 64, 100_000]) func partsAreTheSameHoweverTheyArrive(piece: Int) throws {
    let parts = try Self.parts(Self.body, piece: piece)
    #expect(
      parts == [
        Received(part: .init(name: "name", fileName: nil), bytes: Array("A case".utf8)),
        Received(
          part: .init(name: "evidence", fileName: "logs/a\"b.txt"), bytes: Array("one\r\n--x--\r\n--x-7\r\n\r\r\n".utf8)
        ),
        Received(part: .init(name: "evidence", fileName: "empty\".txt")),
      ])
  }

  @Test func formsThatEndTooEarlyAreRefused() throws {
    let end = Self.body.count - "--\r\nepilogue".utf8.count
    for count in [0, 5, 20, 60, 150, end - 1, end] {
      #expect(throws: CaseError.self) { try Self.parts(Array(Self.body.prefix(count)), piece: 16) }
    }
  }

  @Test func otherContentTypesAreNone() {
    for type in [
      "", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=a",
      "multipart/form-data; boundary=" + String(repeating: "a", count: 71), "multipart/form-data; boundary=a\u{e9}",
    ] { #expect(MultipartReader(contentType: type) == nil, "\(type)") }
  }

  @Test func limitsHold() throws {
    var limits = MultipartReader.Limits()
    limits.parts = 3
    #expect(try Self.parts(Self.body, piece: 50, limits: limits).count == 3)
    limits.parts = 2
    #expect(throws: CaseError.self) { try Self.parts(Self.body, piece: 50, limits: limits) }
    limits = .init()
    limits.headerBytes = 40
    #expect(throws: CaseError.self) { try Self.parts(Self.body, piece: 50, limits: limits) }
    limits = .init()
    limits.preambleBytes = 4
    #expect(throws: CaseError.self) { try Self.parts(Self.body, piece: 50, limits: limits) }
  }

  /// Damaged forms are parts or an error, never anything else, and never hold more than they were given.
  @Test func damagedFormsEndInOrder() throws {
    var random = SplitMix64(seed: 11)
    for _ in 0..<3000 {
      var body = Self.body
      for _ in 0...Int(random.next() % 3) {
        let place = Int(random.next() % UInt64(body.count))
        switch random.next() % 3 {
        case 0: body[place] = UInt8(truncatingIfNeeded: random.next())
        case 1: body.remove(at: place)
        default: body.insert(contentsOf: Array("\r\n--x--7\r\n".utf8), at: place)
        }
      }
      let piece = Int(random.next() % 40) + 1
      guard let parts = try? Self.parts(body, piece: piece) else { continue }
      #expect(parts.reduce(0) { $0 + $1.bytes.count } <= body.count)
    }
  }
}
