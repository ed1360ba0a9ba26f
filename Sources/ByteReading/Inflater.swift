import Facts

/// Decompression of DEFLATE streams (RFC 1951).
struct Inflater: ~Escapable {
  private let input: RawSpan
  private let limit: Int
  private var offset: Int
  /// Bits read ahead, lowest first; fewer than 32 count.
  private var bits: UInt64 = 0
  private var bitCount = 0
  private(set) var output: [UInt8] = []
  /// There is more than the limit.
  private var isCut = false

  @_lifetime(copy input)
  init(_ input: RawSpan, at offset: Int, limit: Int) {
    self.input = input
    self.offset = offset
    self.limit = limit
  }

  /// Behind the last block: the next whole byte.
  var position: Int { offset - bitCount / 8 }

  /// Unpacks until the last block ends; false where there is more than `limit` bytes, of which the output then has as many.
  @_lifetime(self: copy self)
  mutating func run() throws(ReadError) -> Bool {
    var isLast = false
    while !isLast {
      isLast = try take(1) == 1
      switch try take(2) {
      case 0: try copyStored()
      case 1: try inflate(Self.fixedLiterals, Self.fixedDistances)
      case 2:
        let (literals, distances) = try readCodes()
        try inflate(literals, distances)
      default: throw failure("block type", expected: "0, 1 or 2", found: "3")
      }
      if isCut {
        output.removeLast(max(0, output.count - limit))
        return false
      }
    }
    return true
  }

  private func failure(_ reading: String, expected: String, found: String) -> ReadError {
    ReadError(
      .malformed, reading: "DEFLATE \(reading)", at: .file(UInt64(max(0, position))), expected: expected, found: found)
  }

  @_lifetime(self: copy self)
  private mutating func take(_ count: Int) throws(ReadError) -> Int {
    while bitCount < count {
      bits |= UInt64(try input.load(at: offset, as: UInt8.self, reading: "DEFLATE bits")) << UInt64(bitCount)
      offset += 1
      bitCount += 8
    }
    let value = bits & (1 << UInt64(count) - 1)
    bits >>= UInt64(count)
    bitCount -= count
    return Int(value)
  }

  @_lifetime(self: copy self)
  private mutating func copyStored() throws(ReadError) {
    _ = try take(bitCount % 8)
    let length = try take(16)
    let complement = try take(16)
    guard length ^ complement == 0xFFFF else {
      throw failure("stored length", expected: "the complement of \(length)", found: "\(complement)")
    }
    // Whole bytes may wait among the bits read ahead.
    offset = position
    (bits, bitCount) = (0, 0)
    guard let bytes = input.array(at: offset, count: length) else {
      throw failure(
        "stored block", expected: "\(length) bytes", found: "\(max(0, input.byteCount - offset)) to the end")
    }
    output += bytes
    offset += length
    isCut = output.count > limit
  }

  @_lifetime(self: copy self)
  private mutating func symbol(_ code: HuffmanCode) throws(ReadError) -> Int {
    var value = 0
    var first = 0
    var index = 0
    // Canonical codes: those of one length are consecutive numbers.
    for length in 1...HuffmanCode.longest {
      value |= try take(1)
      let count = code.counts[length]
      if value - first < count { return code.symbols[index + value - first] }
      index += count
      first = (first + count) << 1
      value <<= 1
    }
    throw failure("code", expected: "a code of the block's table", found: "none of at most \(HuffmanCode.longest) bits")
  }

  @_lifetime(self: copy self)
  private mutating func inflate(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(ReadError) {
    while true {
      let value = try symbol(literals)
      if value == 256 { return }
      guard output.count < limit else {
        isCut = true
        return
      }
      if value < 256 {
        output.append(UInt8(value))
        continue
      }
      guard value - 257 < Self.lengths.count else {
        throw failure("length", expected: "a code up to 285", found: "\(value)")
      }
      let (lengthBase, lengthBits) = Self.lengths[value - 257]
      let length = lengthBase + (try take(lengthBits))
      let code = try symbol(distances)
      guard code < Self.distances.count else {
        throw failure("distance", expected: "a code up to 29", found: "\(code)")
      }
      let (distanceBase, distanceBits) = Self.distances[code]
      let distance = distanceBase + (try take(distanceBits))
      guard distance <= output.count else {
        throw failure("distance", expected: "at most the \(output.count) bytes before it", found: "\(distance)")
      }
      for _ in 0..<length { output.append(output[output.count - distance]) }
      isCut = output.count > limit
      if isCut { return }
    }
  }

  @_lifetime(self: copy self)
  private mutating func readCodes() throws(ReadError) -> (HuffmanCode, HuffmanCode) {
    let literals = try take(5) + 257
    let distances = try take(5) + 1
    let count = try take(4) + 4
    var lengths = [Int](repeating: 0, count: 19)
    for place in Self.codeLengthOrder.prefix(count) { lengths[place] = try take(3) }
    let code = HuffmanCode(lengths)
    var all: [Int] = []
    while all.count < literals + distances {
      switch try symbol(code) {
      case let length where length < 16: all.append(length)
      case 16:
        guard let last = all.last else {
          throw failure("code lengths", expected: "a length to repeat", found: "none before")
        }
        all += repeatElement(last, count: 3 + (try take(2)))
      case 17: all += repeatElement(0, count: 3 + (try take(3)))
      default: all += repeatElement(0, count: 11 + (try take(7)))
      }
    }
    guard all.count == literals + distances else {
      throw failure("code lengths", expected: "\(literals + distances) lengths", found: "\(all.count)")
    }
    return (HuffmanCode(Array(all.prefix(literals))), HuffmanCode(Array(all.suffix(distances))))
  }

  private static let codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
  private static let fixedLiterals = HuffmanCode((0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
  private static let fixedDistances = HuffmanCode([Int](repeating: 5, count: 30))

  /// Base and number of extra bits, RFC 1951, 3.2.5.
  private static let lengths: [(Int, Int)] = [
    (3, 0), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0), (9, 0), (10, 0), (11, 1), (13, 1), (15, 1), (17, 1), (19, 2),
    (23, 2), (27, 2),
    (31, 2), (35, 3), (43, 3), (51, 3), (59, 3), (67, 4), (83, 4), (99, 4), (115, 4), (131, 5), (163, 5), (195, 5),
    (227, 5), (258, 0),
  ]
  private static let distances: [(Int, Int)] = [
    (1, 0), (2, 0), (3, 0), (4, 0), (5, 1), (7, 1), (9, 2), (13, 2), (17, 3), (25, 3), (33, 4), (49, 4), (65, 5),
    (97, 5), (129, 6),
    (193, 6), (257, 7), (385, 7), (513, 8), (769, 8), (1025, 9), (1537, 9), (2049, 10), (3073, 10), (4097, 11),
    (6145, 11), (8193, 12),
    (12289, 12), (16385, 13), (24577, 13),
  ]
}

/// A canonical Huffman code: how many codes there are of each length, and the symbols in the order of their codes.
private struct HuffmanCode {
  static let longest = 15

  var counts = [Int](repeating: 0, count: longest + 1)
  var symbols: [Int] = []

  init(_ lengths: [Int]) {
    for length in lengths where length > 0 { counts[length] += 1 }
    for length in 1...Self.longest where counts[length] > 0 {
      for (symbol, own) in lengths.enumerated() where own == length { symbols.append(symbol) }
    }
  }
}
