import ByteReading
import Facts

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that a command fills with files.
enum OutputFolder {
  /// Writes the files, with the folders on the way to them; nothing where one exists already and must not be overwritten.
  static func write(_ files: [(path: String, bytes: [UInt8])], to folder: String, overwrites: Bool) throws {
    if !overwrites, let existing = files.first(where: { FileStatus.of(folder + "/" + $0.path) != .missing }) {
      throw CommandFailure.usage("'\(folder)/\(existing.path)' exists; use --force to overwrite it.")
    }
    for file in files {
      let parts = (folder + "/" + file.path).split(separator: "/", omittingEmptySubsequences: false).dropLast()
      for count in 1...max(1, parts.count) {
        let parent = parts.prefix(count).joined(separator: "/")
        guard !parent.isEmpty else { continue }
        let made = unsafe PathText.withCString(parent) { unsafe mkdir($0, 0o755) }
        if made != 0, errno != EEXIST {
          throw CommandFailure.inputOutput("\(parent): \(unsafe String(cString: strerror(errno)))")
        }
      }
      if let reason = Terminal.writeFile(file.bytes, to: folder + "/" + file.path) {
        throw CommandFailure.inputOutput("\(folder)/\(file.path): \(reason)")
      }
    }
  }
}
