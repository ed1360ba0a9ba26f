import EvidenceSynthesis
import Testing

@Suite struct DamageTests {
  private func dump(_ change: (inout TriageDamage) -> Void) -> [UInt8] {
    var damage = TriageDamage()
    change(&damage)
    return TriageDump(Sample.x64, damage: damage).encoded()
  }

  @Test func omissions() {
    #expect(dump { $0.omitsDebuggerData = true }.u64(0x2070) == 0)
    #expect(dump { $0.omitsStack = true }.u64(0x2028) == 0)
    #expect(dump { $0.omitsServicePack = true }.u32(0x2000) == 0)
    #expect(dump { $0.omitsDrivers = true }.u64(0x2030) == 0)
  }

  @Test func lies() {
    #expect(dump { $0.driverCount = 0xFFFF_FFFF }.u32(0x2034) == 0xFFFF_FFFF)
    #expect(dump { $0.dataBlockCount = 0x7FFF_FFFF }.u32(0x207C) == 0x7FFF_FFFF)
    #expect(dump { $0.unloadedCount = 0x4000_0000 }.u64(0x20D0) == 0x4000_0000)
    #expect(dump { $0.stackSize = 0xFFFF_F000 }.u32(0x202C) == 0xFFFF_F000)
    #expect(dump { $0.duplicatesDrivers = true }.u32(0x2034) == 4)
    let long = dump { $0.nameLength = 0x8000_0000 }
    #expect(long.u32(Int(long.u32(Int(long.u32(0x2030))))) == 0x8000_0000)
    let unfinished = dump { $0.isUnfinished = true }
    #expect(unfinished.ascii(unfinished.count - 4, 4) == "PAGE")
  }

  @Test func truncation() {
    #expect(dump { $0.truncatedAt = 0x600 }.count == 0x600)
    #expect(dump { $0.truncatedAt = 0 }.isEmpty)
    #expect(dump { $0.truncatedAt = 0x7FFF_FFFF }.count == TriageDump(Sample.x64).encoded().count)
  }

  @Test func everyNamedDamageChangesTheDump() {
    let whole = TriageDump(Sample.x64).encoded()
    for (name, damage) in TriageDamage.named {
      #expect(TriageDump(Sample.x64, damage: damage).encoded() != whole, "\(name)")
      #expect(!TriageDump(Sample.x86, damage: damage).encoded().isEmpty, "\(name)")
    }
  }
}

@Suite struct MutatorTests {
  let bytes = TriageDump(Sample.x64).encoded()

  @Test func isDeterministic() {
    #expect(Mutator().mutate(bytes, seed: 7) == Mutator().mutate(bytes, seed: 7))
    #expect(Mutator().mutate(bytes, seed: 7) != Mutator().mutate(bytes, seed: 8))
  }

  @Test func takesAnything() {
    #expect(Mutator().mutate([], seed: 1) == [])
    for seed in 0..<500 as Range<UInt64> { _ = Mutator(changes: 1...30).mutate([1, 2, 3], seed: seed) }
  }

  /// Cuts, copies and changes in place all occur.
  @Test func makesEveryKindOfChange() {
    let results = (0..<200 as Range<UInt64>).map { Mutator(changes: 1...1).mutate(bytes, seed: $0) }
    #expect(results.contains { $0.count < bytes.count })
    #expect(results.contains { $0.count > bytes.count })
    #expect(results.contains { $0.count == bytes.count && $0 != bytes })
  }

  /// The first outputs for seed 1234567, published with the generator (Vigna, prng.di.unimi.it, splitmix64.c).
  @Test func generatorMatchesItsReference() {
    var random = SplitMix64(seed: 1_234_567)
    #expect(random.next() == 6_457_827_717_110_365_317)
    #expect(random.next() == 3_203_168_211_198_807_973)
    #expect(random.next() == 9_817_491_932_198_370_423)
  }
}
