import Facts
import FieldLogs
import Testing

/// Texts that nobody wrote: readers end, and soon.
@Suite struct HostileLogTests {
  private struct Random {
    var state: UInt64
    mutating func next(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((state >> 33) % UInt64(max(1, bound)))
    }
  }

  @Test(arguments: 0..<300) func mutations(_ seed: Int) {
    var random = Random(state: UInt64(seed) &* 7919 &+ 1)
    let texts = [WrittenLogs.x64, WrittenLogs.x86, WrittenLogs.lists, PoolLogTests.screen]
    var bytes = Array(texts[seed % texts.count].utf8)
    for _ in 0...random.next(40) where !bytes.isEmpty {
      let place = random.next(bytes.count)
      switch random.next(5) {
      case 0: bytes[place] = UInt8(random.next(256))
      case 1: bytes.removeSubrange(place..<min(bytes.count, place + random.next(200)))
      case 2:
        bytes.insert(
          contentsOf: bytes[place..<min(bytes.count, place + random.next(200))], at: random.next(bytes.count))
      case 3: bytes[place] = [0x0A, 0x3A, 0x28, 0x26, 0x3C, 0x60, 0x21, 0x2B][random.next(8)]
      default: bytes.insert(UInt8(0x30 + random.next(10)), at: place)
      }
    }
    let log = DebuggerLog.read(bytes)
    #expect(log.parameters.count <= 4)
    #expect(log.topFrame.map { $0 < log.stack.count } ?? true)
    for snapshot in PoolLog.read(bytes).snapshots { #expect(!snapshot.rows.isEmpty) }
  }

  /// Repeated, each takes every byte of a long text through the same look ahead.
  @Test(arguments: [
    "A", "A_", "A_B (", "BugCheck 1, {", "Arg1: ", "0x1 (", "STACK_TEXT:\n", "nt!a ", "&amp;", "&#", "<span", "> ",
    "12345678 ", "ffffffff`ffffffff ", "Key  : a\n", "MEMORY_MANAGEMENT (1a)\n", "Tag Allocs Used\n",
    " A Nonp 1 2 3 4\n",
    "IMAGE_NAME: ", "(Inline ", "Loading Dump File [", "Resource @ ", "\n", " ", "1", "Arg1: 1\nArg2: 1\n",
  ]) func longTexts(_ part: String) {
    let bytes = Array(String(repeating: part, count: (256 << 10) / part.utf8.count).utf8)
    let clock = ContinuousClock()
    let time = clock.measure {
      _ = DebuggerLog.read(bytes)
      _ = PoolLog.read(bytes)
    }
    // A quadratic reader takes minutes; a debug build on a busy machine a few seconds.
    #expect(time < .seconds(60))
  }
}
