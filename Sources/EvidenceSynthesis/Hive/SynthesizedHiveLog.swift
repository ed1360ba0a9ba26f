/// A transaction log: what leads from one state of a hive to the next.
public enum SynthesizedHiveLog {
  /// The older form: a map of the sectors that changed, and the sectors.
  public static func sectors(from old: [UInt8], to new: [UInt8], sequence: UInt32) -> [UInt8] {
    var log = base(of: new, type: 1, sequence: sequence)
    log.append("DIRT".utf8)
    let changed = changedSectors(old, new)
    var map = [UInt8](repeating: 0, count: (new.count - 4096) / 4096)
    for sector in changed { map[sector / 8] |= 1 << UInt8(sector % 8) }
    log.append(map)
    log.align(to: 512)
    for sector in changed { log.append(new[(4096 + sector * 512)..<(4096 + sector * 512 + 512)]) }
    return log.bytes
  }

  /// The newer form: one entry for each step from a state to the next.
  public static func entries(_ states: [[UInt8]], sequence: UInt32) -> [UInt8] {
    guard let last = states.last else { return [] }
    var log = base(of: last, type: 6, sequence: sequence)
    for (step, (old, new)) in zip(states, states.dropFirst()).enumerated() {
      let changed = changedSectors(old, new)
      var body = ByteBuilder()
      for sector in changed {
        body.append(UInt32(sector * 512))
        body.append(UInt32(512))
      }
      for sector in changed { body.append(new[(4096 + sector * 512)..<(4096 + sector * 512 + 512)]) }
      body.grow(to: (body.count + 40 + 511) / 512 * 512 - 40)
      var head = ByteBuilder()
      head.append("HvLE".utf8)
      head.append(UInt32(body.count + 40))
      head.append(UInt32(0))
      head.append(sequence &+ UInt32(step))
      head.append(UInt32(new.count - 4096))
      head.append(UInt32(changed.count))
      head.append(marvin(body.bytes))
      head.append(marvin(head.bytes))
      log.append(head.bytes)
      log.append(body.bytes)
    }
    return log.bytes
  }

  private static func base(of hive: [UInt8], type: UInt32, sequence: UInt32) -> ByteBuilder {
    var block = ByteBuilder()
    block.append(hive.prefix(512))
    block.put(sequence, at: 4)
    block.put(sequence, at: 8)
    block.put(type, at: 28)
    SynthesizedHive.seal(&block)
    return block
  }

  private static func changedSectors(_ old: [UInt8], _ new: [UInt8]) -> [Int] {
    (0..<(new.count - 4096) / 512).filter { sector in
      let range = (4096 + sector * 512)..<(4096 + sector * 512 + 512)
      return range.upperBound > old.count || old[range] != new[range]
    }
  }

  /// Marvin32, word by word, with the seed of the format.
  static func marvin(_ bytes: [UInt8]) -> UInt64 {
    var a: UInt32 = 0x7A4E_55C5
    var b: UInt32 = 0x82EF_4D88
    let padded = bytes + [0x80] + [UInt8](repeating: 0, count: 3 - bytes.count % 4) + [0, 0, 0, 0]
    for place in stride(from: 0, to: padded.count, by: 4) {
      a &+= padded[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) }
      for turn: (left: UInt32, right: UInt32) in [(20, 9), (27, 19)] {
        b ^= a
        a = (a << turn.left | a >> (32 - turn.left)) &+ b
        b = b << turn.right | b >> (32 - turn.right)
      }
    }
    return UInt64(b) << 32 | UInt64(a)
  }
}
