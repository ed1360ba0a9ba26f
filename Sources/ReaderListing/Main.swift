import ByteReading
import Facts
import PortableExecutable
import Symbols

/// `ReaderListing FILE…`: one line for each thing read of an image or a PDB, words separated by tabs. Not installed; its form may
/// change with the script that reads it.
@main
struct ReaderListing {
  static func main() {
    var failed = false
    for path in CommandLine.arguments.dropFirst() {
      print("file\t\(path)")
      do {
        let file = try MappedFile(path: path)
        if PDBFile.matches(firstBytes: file.bytes) {
          try PDBListing(PDBFile(parsing: file)).write()
        } else {
          try ImageListing(PEImage(parsing: file)).write()
        }
      } catch {
        print("error\t\(error)")
        failed = true
      }
    }
    if failed { print("end\twith errors") }
  }
}

/// Hexadecimal without leading zeros.
func hex(_ value: some BinaryInteger) -> String { hexadecimal(UInt64(truncatingIfNeeded: value)) }

/// A line; line breaks and tabs within a value would spoil the form.
func line(_ words: String...) {
  print(
    words.map { word in
      String(
        String.UnicodeScalarView(
          word.unicodeScalars.flatMap { $0.value < 0x20 ? Array("\\x\(hex($0.value))".unicodeScalars) : [$0] }))
    }.joined(separator: "\t"))
}
