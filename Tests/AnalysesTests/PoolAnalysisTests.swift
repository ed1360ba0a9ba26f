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

  /// Memory descriptors fill the pool: whose buffers they describe is told by the buffers, not by the tag.
  @Test(arguments: ["3790", "7601"]) func descriptorsLeadToADriver(name: String) throws {
    let kernel = try #require(SynthesizedKernel.find(name))
    let wide = kernel.architecture != .x86
    let base: UInt64 = wide ? 0xFFFF_FA80_3000_0000 : 0x8700_0000
    let buffers = base + 0x10_0000
    let header = wide ? 16 : 8
    func word(_ value: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }
    /// A block's header as the page before 10 1903 has it, nonpaged and in use.
    func head(_ previous: Int, _ size: Int, _ tag: String) -> [UInt8] {
      let unit = wide ? 16 : 8
      let type: UInt32 = wide ? 2 : 5
      let bits = UInt32(previous / unit) | UInt32(size / unit) << 16 | type << (wide ? 24 : 25)
      var bytes = word(UInt64(bits), 4)
      bytes += Array(tag.utf8)
      bytes += [UInt8](repeating: 0, count: header - 8)
      return bytes
    }
    func page(_ size: Int, _ tag: String, _ body: (Int) -> [UInt8]) -> [UInt8] {
      var out: [UInt8] = []
      var previous = 0
      while out.count < 4096 {
        let length = 4096 - out.count < 2 * size ? 4096 - out.count : size
        let content = body(out.count / size)
        out += head(previous, length, tag)
        out += content
        out += [UInt8](repeating: 0, count: length - header - content.count)
        previous = length
      }
      return out
    }
    func mdl(_ offset: UInt64, process: UInt64, start: UInt64, frame: UInt64) -> [UInt8] {
      let width = wide ? 8 : 4
      var bytes = word(0, width)
      bytes += word(wide ? 56 : 32, 2)
      bytes += word(2, 2)
      if wide { bytes += word(0, 4) }
      for value in [process, 0, start] { bytes += word(value, width) }
      bytes += word(0x120, 4)
      bytes += word(offset, 4)
      bytes += word(frame, width)
      return bytes
    }
    for (ofProcesses, owner) in [(0, "afd.sys"), (30, nil)] as [(Int, String?)] {
      var whole = WholeMachine.sample(kernel, memoryBytes: 8 << 20, seed: 12)
      whole.pool = SynthesizedPool(
        kernel, pageCount: 60, tags: Array(repeating: "Mdl", count: 12) + ["Irp", "File"], seed: 12)
      let used = page(0x400, "AfdX") { _ in [] }
      func contents(_ frame: UInt64) -> [SynthesizedMemory] {
        [
          SynthesizedMemory(address: buffers, bytes: used),
          SynthesizedMemory(
            address: base,
            bytes: page(0x60, "Mdl ") { index in
              index < ofProcesses
                ? mdl(0x10, process: 0x8123_4560, start: 0x1000, frame: 0)
                : mdl(UInt64(0x400 * (index % 3) + 0x40), process: 0, start: buffers, frame: frame)
            }),
        ]
      }
      // The same seed gives the same frames, whatever the descriptors say.
      whole.contents = contents(0)
      let frame = try #require(whole.built().memory.frame(of: buffers))
      whole.contents = contents(frame)
      let file = MappedFile(bytes: MemoryDump(whole, .dump(.full)).encoded(), path: "pool.dmp")
      let dump = KernelDump(try CrashDump(parsing: file))
      let row = try #require(dump.poolView().rows.first { $0.tag == PoolTag("Mdl") && !$0.isPaged })
      #expect(row.leads.first { $0.name == "AfdX" }?.owner == "afd.sys")
      #expect(row.leads.reduce(0) { $0 + $1.count } == 42)
      #expect(row.leads.contains { $0.kind == "process" } == (ofProcesses > 0))
      let fact = AllAnalyses.facts(dump).first { $0.kind == .poolOwner }
      #expect(fact?["module"] == owner.map { .text($0) })
      if owner != nil { #expect(fact?["means"] == .text("descriptors") && fact?.trust == .inferred) }
    }
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
