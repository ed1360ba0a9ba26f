import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing

/// Counts that lie, missing parts, random bytes and mutations: an error or less data, never a trap.
@Suite struct DamageTests {
  @Test(arguments: TriageDamage.named.map(\.name))
  func namedDamages(name: String) throws {
    let damage = try #require(TriageDamage.named.first { $0.name == name }?.damage)
    for (id, machine) in DescribedMachines.triage {
      let dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine, damage: damage).encoded())
      #expect(dump.header.bugcheck == machine.stop.code, "\(id)")
      let omits = damage.omitsStack || damage.omitsDrivers || damage.omitsDebuggerData || damage.omitsServicePack
      // A part that the writer left out is no error; a part that is there and wrong is one.
      if omits || damage.duplicatesDrivers {
        #expect(dump.problems.isEmpty, "\(id): \(dump.problems)")
      } else {
        #expect(!dump.problems.isEmpty, "\(id)")
      }
      let triage = dump.triage
      #expect(triage?.driversAreComplete != true || (triage?.drivers.count ?? 0) >= machine.modules.count, "\(id)")
      if damage.omitsDrivers {
        #expect(triage?.drivers.isEmpty == true)
        #expect(triage?.driversAreComplete == false)
      }
      if damage.omitsStack { #expect(triage?.callStack == nil) }
      if damage.omitsDebuggerData { #expect(triage?.debuggerData == nil) }
    }
  }

  /// A count at the limit is taken, one beyond it is refused with the limit in the message.
  @Test func driverLimit() throws {
    var machine = DescribedMachines.arm64
    let kernel = machine.modules[0]
    let limit = CrashDumpFormat.TriageDump.maximumDrivers
    machine.modules = (0..<limit).map { index in
      SynthesizedModule(name: "d\(index).sys", base: kernel.base + 0x1_0000 * UInt64(index), size: 0x1000)
    }
    var dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine).encoded())
    #expect(dump.triage?.drivers.count == limit)
    #expect(dump.problems.isEmpty)
    machine.modules.append(SynthesizedModule(name: "one.sys", base: 0x1000, size: 0x1000))
    dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine).encoded())
    #expect(dump.triage?.drivers.isEmpty == true)
    #expect(dump.problems.map(\.reading) == ["DriverCount"])
    #expect(dump.problems.first?.expected == "at most \(limit)")
  }

  @Test func unloadedDriverLimit() throws {
    var machine = DescribedMachines.arm64
    let limit = CrashDumpFormat.TriageDump.maximumUnloadedDrivers
    let one = machine.unloadedModules[0]
    machine.unloadedModules = [SynthesizedUnloadedModule](repeating: one, count: limit)
    var dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine).encoded())
    #expect(dump.triage?.unloadedDrivers.count == limit)
    machine.unloadedModules.append(one)
    dump = try DescribedMachines.read(EvidenceSynthesis.TriageDump(machine).encoded())
    #expect(dump.triage?.unloadedDrivers.isEmpty == true)
    #expect(dump.problems.map(\.reading) == ["UnloadedDrivers"])
  }

  @Test(.timeLimit(.minutes(2)), arguments: ["PAGEDUMP", "PAGEDU64"])
  func randomBytesBehindASignature(signature: String) throws {
    for seed in 0..<500 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      var bytes = random.bytes([0x60, 0x1000, 0x2080, 0x4000, 0x9000][random.index(below: 5)])
      bytes.replaceSubrange(0..<8, with: signature.utf8)
      if random.below(2) == 0, bytes.count >= 0x1000 {
        // A triage dump of a processor that is read, so that the random bytes reach the tables behind the header.
        let wide = signature == "PAGEDU64"
        let machine: UInt16 = wide ? [0x8664, 0xAA64][random.index(below: 2)] : 0x014C
        for (index, byte) in [UInt8(truncatingIfNeeded: machine), UInt8(machine >> 8), 0, 0].enumerated() {
          bytes[(wide ? 0x30 : 0x20) + index] = byte
        }
        for (index, byte) in ([4, 0, 0, 0] as [UInt8]).enumerated() { bytes[(wide ? 0xF98 : 0xF88) + index] = byte }
      }
      let dump = try DescribedMachines.read(bytes)
      #expect(dump.triage != nil || !dump.missing.isEmpty || !dump.problems.isEmpty, "seed \(seed)")
    }
  }

  /// The seed stands in the message; `Mutator().mutate(bytes, seed:)` makes the same bytes again.
  @Test(.timeLimit(.minutes(5)), arguments: DescribedMachines.triage.map(\.name))
  func mutations(name: String) throws {
    let machine = try #require(DescribedMachines.triage.first { $0.name == name }?.machine)
    let whole = EvidenceSynthesis.TriageDump(machine).encoded()
    var refused = 0
    for seed in 0..<2_000 as Range<UInt64> {
      let bytes = Mutator().mutate(whole, seed: seed)
      do throws(ReadError) {
        let dump = try DescribedMachines.read(bytes)
        #expect(
          dump.triage.map { $0.memory.pieces.allSatisfy { $0.offset + $0.count <= bytes.count } } ?? true,
          "seed \(seed)")
      } catch {
        #expect(error.kind == .malformed, "seed \(seed)")
        refused += 1
      }
    }
    // Only a broken signature or a file shorter than the header's front is refused altogether.
    #expect(refused < 400)
  }
}
