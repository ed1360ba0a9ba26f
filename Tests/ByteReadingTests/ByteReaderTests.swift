import Testing

@testable import ByteReading

@Suite struct ByteReaderTests {
  @Test func readsLittleEndianAndStopsAtTheEnd() throws {
    let file = MappedFile(bytes: [1, 2, 3, 4, 5], path: "memory")
    var reader = ByteReader(file.bytes, start: 0x1000)
    #expect(try reader.read(UInt32.self) == 0x0403_0201)
    do {
      _ = try reader.read(UInt16.self, "Signature")
      Issue.record("read past the end")
    } catch {
      #expect(error.position == .file(0x1004))
      #expect(error.description.contains("Signature at file offset 0x1004: expected 2 bytes, found 1 to the end"))
    }
    #expect(try reader.read(UInt8.self) == 5)
  }
}
