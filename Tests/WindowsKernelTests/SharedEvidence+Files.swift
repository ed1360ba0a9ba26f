import ByteReading
import Foundation
import TestSupport
import Testing

extension SharedEvidence {
  static func path(_ relative: String) throws -> String { try #require(folder) + "/" + relative }

  static func dump(_ name: String) throws -> MappedFile { try MappedFile(path: path("evidence/dumps/\(name).dmp")) }

  static func lines(_ relative: String) throws -> [String] {
    decodeText(try MappedFile(path: path(relative)).array()).text.split(whereSeparator: \.isNewline).map(String.init)
  }
}

/// `fffff807`5b7d0000` or `0xfffff8075b7d0000` as a number.
func address(_ text: some StringProtocol) -> UInt64? {
  let digits = text.hasPrefix("0x") ? String(text.dropFirst(2)) : String(text.filter { $0 != "`" })
  return UInt64(digits, radix: 16)
}
