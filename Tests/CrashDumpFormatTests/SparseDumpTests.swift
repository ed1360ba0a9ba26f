import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Foundation
import TestSupport
import Testing

/// A dump of 64 GiB whose pages were never written: the file has holes, so that it takes a few megabytes.
@Suite struct SparseDumpTests {
  static let pages: UInt64 = 16 << 20

  @Test(.timeLimit(.minutes(1))) func opensWithoutReadingIt() throws {
    let folder = try TemporaryFolder()
    let url = URL(filePath: folder.path).appending(path: "sparse.dmp")
    let machine = DescribedMachines.triage[2].machine
    var head = PageDump(machine, type: .bitmapFull).encoded()
    let first = (0x2038 + Self.pages / 8 + 4095) / 4096 * 4096
    head = Array(head[..<0x2000])
    head += Array("FDMPDUMP".utf8) + [UInt8](repeating: 0, count: 24)
    for value in [first, Self.pages, Self.pages] {
      head += (0..<8).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    head += [UInt8](repeating: 0xFF, count: Int(Self.pages / 8))
    try #require(FileManager.default.createFile(atPath: url.path, contents: Data(head)))
    let file = try FileHandle(forWritingTo: url)
    // The last page is written, all before it are a hole.
    do {
      try file.seek(toOffset: first + (Self.pages - 1) * 4096)
      try file.write(contentsOf: Data(repeating: 0xAB, count: 4096))
    } catch {
      // A file system that cannot hold a file of this size.
      return
    }
    try file.close()
    let size = try url.resourceValues(forKeys: [.totalFileAllocatedSizeKey]).totalFileAllocatedSize ?? 0
    // Without holes the file would take 64 GiB.
    guard size < 1 << 30 else { return }
    let clock = ContinuousClock()
    var physical: PhysicalMemory?
    let time = try clock.measure { physical = try CrashDump(parsing: MappedFile(path: url.path)).physical }
    let memory = try #require(physical)
    #expect(memory.presentPages == Self.pages)
    #expect(memory.truncatedPages == 0)
    #expect(memory.load(at: PhysicalAddress((Self.pages - 1) << 12), as: UInt32.self) == 0xABAB_ABAB)
    #expect(memory.load(at: PhysicalAddress(0x1234_5678), as: UInt64.self) == 0)
    // Loose, so that a busy machine passes: measured in a release build it is some 10 ms.
    #expect(time < .seconds(20))
  }
}
