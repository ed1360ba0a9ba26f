import ByteReading
import CLZMA
import Facts

/// Decompression of .xz files through liblzma.
public enum XZ {
  /// A symbol table unpacks to 6 MB; 256 MB stops a decompression bomb.
  public static let maximumBytes = 256 << 20
  /// Memory liblzma may use for its dictionary.
  static let memoryLimit: UInt64 = 256 << 20

  public static func matches(_ bytes: RawSpan) -> Bool {
    bytes.array(at: 0, count: 6) == [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]
  }

  public static func decompress(_ packed: [UInt8]) throws(ReadError) -> [UInt8] {
    var stream = lzma_stream()
    guard unsafe lzma_stream_decoder(&stream, memoryLimit, 0) == LZMA_OK else {
      throw ReadError(.unsupported, reading: "xz stream", expected: "a decoder", found: "liblzma refused to start")
    }
    defer { unsafe lzma_end(&stream) }
    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 18)
    var status = LZMA_OK
    unsafe packed.withUnsafeBufferPointer { input in
      unsafe stream.next_in = input.baseAddress
      unsafe stream.avail_in = input.count
      while status == LZMA_OK, output.count <= maximumBytes {
        let produced = unsafe chunk.withUnsafeMutableBufferPointer { buffer in
          unsafe stream.next_out = buffer.baseAddress
          unsafe stream.avail_out = buffer.count
          status = unsafe lzma_code(&stream, LZMA_FINISH)
          return unsafe buffer.count - stream.avail_out
        }
        output += chunk[0..<produced]
        if produced == 0 && status == LZMA_OK { status = LZMA_BUF_ERROR }
      }
    }
    guard status == LZMA_STREAM_END, output.count <= maximumBytes else {
      throw ReadError(
        .malformed, reading: "xz stream", expected: "a whole stream of at most \(maximumBytes) bytes",
        found: output.count > maximumBytes ? "more" : "liblzma status \(status.rawValue) after \(output.count) bytes")
    }
    return output
  }
}
