import ByteReading
import EvidenceSynthesis
import Facts
import MachineInventory
import Testing

/// Nothing traps, and every walk ends within what the file can hold.
@Suite struct MutationTests {
  static let seeds = 10_000

  @Test func hives() {
    let hives = [Hives.software.encoded(), Hives.system.encoded()]
    for seed in 0..<UInt64(Self.seeds) {
      let bytes = Mutator(headBytes: 0x1800).mutate(hives[Int(seed % 2)], seed: seed)
      guard let hive = try? Hives.open(bytes) else { continue }
      var problems: [ReadError] = []
      let view = HiveView(hive, &problems)
      #expect(view.keys <= bytes.count / 4)
      #expect(view.values <= bytes.count / 2)
    }
  }

  @Test func logs() {
    let states = HiveTests.states(secondary: 7)
    let logs = [
      SynthesizedHiveLog.entries(states, sequence: 7),
      SynthesizedHiveLog.sectors(from: states[0], to: states[2], sequence: 8),
    ]
    for seed in 0..<UInt64(Self.seeds) {
      let log = Mutator(headBytes: 0x400).mutate(logs[Int(seed % 2)], seed: seed)
      guard let hive = try? Hives.open(states[0], logs: [log]) else { continue }
      #expect(hive.file.byteCount <= states[0].count + 1 << 25)
    }
  }

  @Test func texts() {
    let texts = TextTests.samples.map { Array($0.utf8) } + TextTests.samples.map { $0.utf16Bytes }
    for seed in 0..<UInt64(Self.seeds) {
      let bytes = Mutator(headBytes: 0x800).mutate(texts[Int(seed) % texts.count], seed: seed)
      let view = InventoryText.read(bytes)
      #expect(view.machine.updates.count <= bytes.count)
    }
  }
}
