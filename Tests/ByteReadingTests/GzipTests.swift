import Facts
import Testing

@testable import ByteReading

@Suite struct GzipTests {
  private func unpack(_ bytes: [UInt8], limit: Int = Gzip.maximumBytes) throws -> [UInt8] {
    try Gzip.unpack(MappedFile(bytes: bytes, path: "memory").bytes, limit: limit)
  }

  private static func bytes(_ hex: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = hex.filter { $0 != "\n" }[...]
    while let byte = UInt8(rest.prefix(2), radix: 16) {
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  // Made with Python's gzip and zlib of the texts beside them.
  private static let stored = bytes("1f8b08000000000000ff010c00f3ff73746f72656420626c6f636b94a3243d0c000000")
  private static let fixed = bytes("1f8b08000000000000ffcb48cdc9c957c8402701e3513d8d17000000")
  private static let dynamic = bytes(
    """
    1f8b08000000000000ffed90db8dc5200c055b9912621b0cf4dfd80ef4b07f578a5012cefb23181ca2c94935e3d0831d1439
    188b95241574724414eb2392591cd17215f07d303f363dc9c5decc41265b35a52611eca6656c2a09919c624fd66179d67bde
    a73fbdea0b122a419ae47842ca29aab406da68a6e5bee646b841e285ea1bd0988635b2c1fb95c85bc75256ab5bd2aa16ae57
    de098e5b04df6f93df26bf4dfe63933ff0741daf6f040000
    """)
  private static let named = bytes(
    "1f8b081e0000000000ff020058596e616d652e747874006120636f6d6d656e740012344b4c4a0600c241243503000000")

  @Test func storedFixedAndDynamicBlocks() throws {
    #expect(try unpack(Self.stored) == Array("stored block".utf8))
    #expect(try unpack(Self.fixed) == Array("hello hello hello hello".utf8))
    let numbers = (0..<400).map { "\($0 * $0 % 97) " }.joined()
    #expect(try unpack(Self.dynamic) == Array(numbers.utf8))
  }

  @Test func headerWithNameExtraAndComment() throws {
    #expect(try unpack(Self.named) == Array("abc".utf8))
  }

  @Test func limit() throws {
    for limit in [0, 1, 5, 22] {
      #expect(try unpack(Self.fixed, limit: limit) == Array("hello hello hello hello".utf8.prefix(limit)))
    }
    #expect(try unpack(Self.fixed, limit: 23).count == 23)
    #expect(try unpack(Self.stored, limit: 4) == Array("stor".utf8))
  }

  @Test func everyTruncationIsAnError() {
    for bytes in [Self.stored, Self.fixed, Self.dynamic, Self.named] {
      for count in bytes.indices { #expect(throws: ReadError.self) { try unpack(Array(bytes.prefix(count))) } }
    }
  }

  /// The last byte of the stream has bits that mean nothing.
  @Test func damageNeverTraps() throws {
    let whole = try unpack(Self.dynamic)
    for index in Self.dynamic.indices.dropFirst(10) {
      for change in [0x01, 0x80, 0xFF] as [UInt8] {
        var bytes = Self.dynamic
        bytes[index] ^= change
        let result = try? unpack(bytes)
        #expect(result == nil || result == whole, "byte \(index)")
      }
    }
  }
}
