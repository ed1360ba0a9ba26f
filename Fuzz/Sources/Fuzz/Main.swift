#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// libFuzzer's driver: runs the callback on mutated inputs until told to stop (LLVM documentation, "libFuzzer").
@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
  _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// The fuzzer's own main asks for this symbol; the driver never calls it.
@_cdecl("LLVMFuzzerTestOneInput") public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 { 0 }

/// The program's entry point under the name that SwiftPM gives to an executable's main.
///
/// `Fuzz list` prints the targets, `Fuzz seeds TARGET FOLDER` writes inputs to begin with, anything else goes to libFuzzer:
/// `Fuzz TARGET [FOLDER…] [-max_total_time=60 …]`.
@_cdecl("Fuzz_main")
public func main(_ count: Int32, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32 {
  let words = (0..<Int(count)).map { arguments[$0].map { String(cString: $0) } ?? "" }
  guard words.count > 1, words[1] != "list" else {
    for target in Target.all { print(target.name) }
    return 0
  }
  if words.count == 4, words[1] == "seeds" {
    guard let target = Target.named(words[2]) else { return complain(words[2]) }
    let seeds = target.seeds()
    for (index, seed) in seeds.enumerated() {
      guard save(seed, to: "\(words[3])/seed-\(index)") else { return complain("cannot write into \(words[3])") }
    }
    print("\(seeds.count) seeds for \(target.name)")
    return 0
  }
  guard let target = Target.named(words[1]) else { return complain("no target named \(words[1])") }
  Target.chosen = target
  // libFuzzer sees the program's name and everything behind the target's.
  var rest: [UnsafeMutablePointer<CChar>?] = [arguments[0]] + (2..<Int(count)).map { arguments[$0] } + [nil]
  var restCount = count - 1
  return rest.withUnsafeMutableBufferPointer { buffer in
    var base = buffer.baseAddress
    return withUnsafeMutablePointer(to: &base) { pointer in
      runDriver(&restCount, pointer) { data, count in
        Target.chosen?.run(Array(UnsafeBufferPointer(start: data, count: count)))
        return 0
      }
    }
  }
}

private func complain(_ message: String) -> Int32 {
  let text = "Fuzz: \(message)\n"
  _ = write(2, text, text.utf8.count)
  return 64
}

private func save(_ bytes: [UInt8], to path: String) -> Bool {
  guard let file = fopen(path, "wb") else { return false }
  let written = fwrite(bytes, 1, bytes.count, file)
  return fclose(file) == 0 && written == bytes.count
}
