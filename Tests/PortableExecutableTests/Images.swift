import ByteReading
import EvidenceSynthesis
import Facts

@testable import PortableExecutable

/// The image most tests look at.
func sampleImage() -> SynthesizedImage {
  var image = SynthesizedImage()
  image.debug = ((0..<16).map { UInt8($0 * 17) }, 0x1A, #"d:\build\obj\acme.pdb"#)
  image.version = ([5, 1, 2600, 2622], [5, 1, 2600, 0])
  image.strings = [
    ("CompanyName", "ACME Corporation"), ("FileVersion", "5.1.2600.2622 (xpsp_sp2_gdr.050301-1519)"),
    ("OriginalFilename", "acme.sys"), ("ProductName", "Ünïcode ™"), ("Comments", ""),
  ]
  image.exports = [("Zero", 0x1010), ("Alpha", 0x1020), ("Gone", 0)]
  image.functions = [
    .init(begin: 0x1000, end: 0x1020, unwindInfo: [1, 4, 1, 0, 4, 0x42, 0, 0]),
    .init(begin: 0x1020, end: 0x1040, unwindInfo: [1, 0, 0, 0]),
  ]
  return image
}

func read(_ bytes: [UInt8]) throws(ReadError) -> PEImage {
  try PEImage(parsing: MappedFile(bytes: bytes, path: "memory"))
}

/// Memory of which only some pages are there.
func loaded(
  _ bytes: [UInt8], base: UInt64 = 0xFFFF_F800_1000_0000, absentPages: Set<Int> = []
) throws(ReadError) -> PEImage {
  let memory = ImageMemoryReader { offset, count in
    guard let start = Int(exactly: offset), count >= 0, start <= bytes.count, bytes.count - start >= count else {
      return nil
    }
    if count > 0, (start / 4096...(start + count - 1) / 4096).contains(where: absentPages.contains) { return nil }
    return Array(bytes[start..<(start + count)])
  }
  return try PEImage(loaded: memory, base: VirtualAddress(base))
}
