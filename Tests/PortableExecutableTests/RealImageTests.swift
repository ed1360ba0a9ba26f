import ByteReading
import Facts
import TestSupport
import Testing

@testable import PortableExecutable

@Suite struct RealImageTests {
  /// Every real image reads without a word of complaint, and its checksum is its header's where that is set.
  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) func realImages() throws {
    for entry in try SharedEvidence.entries() where entry.kind == "pe" {
      let image = try PEImage(parsing: MappedFile(path: SharedEvidence.path(entry)))
      #expect(image.problems.isEmpty, "\(entry.file)")
      _ = try image.debugDirectory()
      _ = try image.codeView()
      _ = try image.versionInformation()
      #expect(try image.exports()?.unreadableNames ?? 0 == 0)
      if image.header.checksum != 0 { #expect(image.computedChecksum() == image.header.checksum, "\(entry.file)") }
      guard let table = image.functionTable else { continue }
      for index in 0..<table.count {
        let function = try table.entry(index)
        #expect(try table.lookup(function.begin)?.begin == function.begin)
        _ = try X64UnwindInfo(at: function.unwindInfo, in: image)
      }
    }
  }

  /// A file laid out by hand as the loader does it says the same.
  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) func loadedImages() throws {
    for entry in try SharedEvidence.entries() where entry.kind == "pe" {
      let file = try PEImage(parsing: MappedFile(path: SharedEvidence.path(entry)))
      let bytes = MappedFileBytes.loaded(file)
      let image = try PEImage(loaded: ImageMemoryReader { bytes($0, $1) }, base: file.base)
      #expect(image.header == file.header)
      #expect(image.sections == file.sections)
      #expect(try image.codeView() == file.codeView(), "\(entry.file)")
      #expect(try image.versionInformation() == file.versionInformation(), "\(entry.file)")
      #expect(try image.exports() == file.exports(), "\(entry.file)")
    }
  }
}

enum MappedFileBytes {
  static func loaded(_ image: PEImage) -> @Sendable (UInt64, Int) -> [UInt8]? {
    var memory = [UInt8](repeating: 0, count: Int(image.header.imageSize))
    func put(_ bytes: [UInt8], _ at: UInt32) {
      let count = min(bytes.count, memory.count - Int(at))
      if count > 0 { memory.replaceSubrange(Int(at)..<(Int(at) + count), with: bytes.prefix(count)) }
    }
    put(image.available(at: 0, limit: Int(image.header.headerSize)), 0)
    for section in image.sections {
      put(image.available(at: section.offset, limit: Int(section.extent)), section.offset)
    }
    let content = memory
    return { offset, count in
      guard let start = Int(exactly: offset), count >= 0, start <= content.count, content.count - start >= count else {
        return nil
      }
      return Array(content[start..<(start + count)])
    }
  }
}
