import ByteReading
import CaptureFormat
import Facts
import MachineInventory
import PortableExecutable
import Symbols

/// `ReaderListing FILE…`: one line for each thing read of an image, a PDB, a registry hive or a
/// capture, words separated by tabs. Not installed; its form may change with the script that reads it.
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
        } else if HiveBaseBlock.matches(firstBytes: file.bytes) {
          let logs = [".LOG", ".LOG1", ".LOG2"].compactMap { try? MappedFile(path: path + $0) }
          let extent = try RegistryHive(parsing: file, logs: logs).extent()
          line("extent", "\(extent.keys)", "\(extent.values)")
          for problem in extent.problems.first { line("problem", problem.description) }
        } else if let frames = try CaptureReading.protocolFrames(of: file) {
          line("frames", "\(frames.count)")
          for (number, names) in frames.enumerated() where !names.isEmpty {
            line("frame", "\(number + 1)", names.joined(separator: " "))
          }
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
