import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Testing
import WindowsKernel

@Suite struct PoolAnalysisTests {
  private func dump(_ name: String, tags: [String], seed: UInt64) throws -> (KernelDump, SynthesizedPool) {
    let kernel = try #require(SynthesizedKernel.find(name))
    var whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: seed)
    let pool = SynthesizedPool(kernel, pageCount: 90, tags: tags, seed: seed)
    whole.pool = pool
    let file = MappedFile(bytes: MemoryDump(whole, .dump(.full)).encoded(), path: "pool.dmp")
    return (KernelDump(try CrashDump(parsing: file)), pool)
  }

  /// The leaking tag is first with its share; where many tags share the pool, none of them has much.
  @Test(arguments: ["3790", "7601", "19041"]) func largestHolders(name: String) throws {
    let leak = Array(repeating: "Mdl", count: 12) + ["Irp", "File", "Even"]
    let (dump, pool) = try dump(name, tags: leak, seed: 4)
    let facts = AllAnalyses.facts(dump).filter { $0.kind == .poolUse && $0["pool"] == .text("nonpaged") }
    let first = try #require(facts.first)
    let leaking = try #require(PoolTag("Mdl"))
    #expect(first["tag"] == .poolTag(leaking))
    #expect(first["rank"] == .integer(1))
    let truth = pool.truth.filter { !$0.key.isPaged }
    let all = truth.values.reduce(0) { $0 + $1.liveBytes }
    let mdl = truth.first { $0.key.tag == PoolTag("Mdl") }?.value.liveBytes ?? 0
    #expect(first["bytes"] == .integer(Int64(mdl)))
    #expect(first["share"] == .number(Double(mdl) / Double(all)))
    #expect(facts.count == 4)
    let (plain, _) = try self.dump(name, tags: SynthesizedPool.standardTags, seed: 4)
    for fact in AllAnalyses.facts(plain) where fact.kind == .poolUse {
      if case .number(let share)? = fact["share"] { #expect(share < 0.5) }
    }
  }

  @Test func ownersAndSelection() throws {
    let (dump, _) = try dump("7601", tags: SynthesizedPool.standardTags, seed: 6)
    let view = dump.poolView()
    #expect(view.rows.first { $0.tag == PoolTag("TcpE") }.map { $0.ownerSource } == "table")
    #expect(view.rows.contains { $0.tag == PoolTag("Zq7k") && $0.owner == nil })
    #expect(view.rows.map(\.bytes) == view.rows.map(\.bytes).sorted(by: >))
    #expect(Set(view.selecting(["T*E", "Irp"], order: .tag).rows.map(\.tag.description)) == ["TcpE", "Irp"])
    #expect(view.selecting(["?ile"], order: .count).rows.allSatisfy { $0.tag == PoolTag("File") })
    #expect(view.selecting(["tcp*"], order: .bytes).rows.isEmpty)
    let counts = view.selecting([], order: .count).rows.map(\.live)
    #expect(counts == counts.sorted(by: >))
  }

  /// A driver that holds the tag in its code owns it; where two hold it nobody is named.
  @Test func ownerByCode() throws {
    let kernel = try #require(SynthesizedKernel.find("7601"))
    for holders in [1, 2] {
      var whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: 8)
      whole.pool = SynthesizedPool(kernel, pageCount: 60, seed: 8)
      for module in whole.machine.modules[3...].prefix(holders) {
        // One executable section of 0x2000 bytes at 0x1000: its count in the file header, its row behind the other headers.
        let row: [UInt8] =
          Array(".text\0\0\0".utf8) + [0, 0x20, 0, 0, 0, 0x10, 0, 0] + [UInt8](repeating: 0, count: 20)
          + [0x20, 0, 0, 0x60]
        whole.contents += [
          SynthesizedMemory(address: module.base + 0x86, bytes: [1, 0]),
          SynthesizedMemory(address: module.base + 0x188, bytes: row),
          SynthesizedMemory(address: module.base + 0x1234, bytes: Array("Zq7k".utf8)),
        ]
      }
      let file = MappedFile(bytes: MemoryDump(whole, .dump(.full)).encoded(), path: "pool.dmp")
      let dump = KernelDump(try CrashDump(parsing: file))
      let row = try #require(dump.poolView().rows.first { $0.tag == PoolTag("Zq7k") })
      #expect(row.owner == (holders == 1 ? whole.machine.modules[3].name : nil))
      #expect(row.ownerSource == (holders == 1 ? "image" : nil))
    }
  }
}
