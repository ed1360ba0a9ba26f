import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Symbols
import TestSupport
import Testing
import WindowsKernel

@testable import Analyses

/// Each analysis on dumps of described machines.
@Suite struct DumpAnalysisTests {
  struct Read {
    var content: SynthesizedCase
    var dump: KernelDump
  }

  private func read(_ id: String, seed: UInt64 = 1, symbols: Bool = true) throws -> Read {
    let folder = try TemporaryFolder()
    let written = try WrittenCase(try #require(Scenario.named(id)), seed: seed, in: folder)
    let dump = try CrashDump(parsing: try MappedFile(path: written.dump))
    return Read(
      content: written.content, dump: KernelDump(dump, symbols: symbols ? SymbolFolder(paths: [written.symbols]) : nil))
  }

  @Test(arguments: Scenario.all.map(\.id)) func stop(id: String) throws {
    let read = try read(id)
    let facts = StopAnalysis.facts(read.dump)
    let stop = try #require(facts.first)
    let machine = read.content.machine
    // NT 4.0 writes no dump type.
    let kinds: [FactKind] = read.dump.header.dumpType == nil ? [.stop] : [.stop, .dump]
    #expect(facts.map(\.kind) == kinds && stop.trust == .observed)
    #expect(stop["code"] == .stopCode(machine.stop.code.base))
    for (index, value) in machine.stop.parameters.enumerated() {
      #expect(stop[FactAttribute(rawValue: "parameter\(index + 1)")] == .address(VirtualAddress(value)))
    }
    #expect(stop.text.hasPrefix("The system stopped with \(machine.stop.code)"))
  }

  @Test func forcedStop() throws {
    let scenario = try #require(Scenario.named("unknown-driver-19041"))
    var content = scenario(seed: 1)
    content.machine.stop = SynthesizedStop(StopCode(0xE2), [0, 0, 0, 0])
    let dump = KernelDump(try CrashDump(parsing: MappedFile(bytes: content.dump(), path: "memory")))
    let facts = StopAnalysis.facts(dump)
    #expect(facts.map(\.kind) == [.stop, .dump, .forcedDump])
    #expect(facts.last?["how"] == .text("keyboard"))
    // Nobody is blamed for a stop that somebody forced.
    #expect(CulpritAnalysis.facts(dump).isEmpty)
  }

  @Test func exceptionAndNullDereference() throws {
    for seed in 1...4 as ClosedRange<UInt64> {
      let read = try read("unknown-driver-19041", seed: seed)
      let facts = ExceptionAnalysis.facts(read.dump)
      #expect(facts.map(\.kind) == [.exception, .nullDereference])
      let exception = try #require(facts.first)
      #expect(exception["code"] == .status(NTStatus(0xC000_0005)))
      #expect(exception["module"] == .text("acmeusb.sys"))
      #expect(exception["symbol"] == .text("acmeusb!AcmePoll"))
      #expect(exception["address"] == .address(VirtualAddress(read.content.machine.stop.parameters[1])))
      let null = try #require(facts.last)
      #expect(null["referenced"] == .address(VirtualAddress(0x28)))
      #expect(null["module"] == .text("acmeusb.sys"))
    }
  }

  @Test func pageFaultAtRaisedIRQL() throws {
    let facts = ExceptionAnalysis.facts(try read("unknown-driver-7601").dump)
    let exception = try #require(facts.first { $0.kind == .exception })
    #expect(exception["access"] == .text("write"))
    #expect(exception["referenced"] == .address(VirtualAddress(0xFFFF_FA80_1234_5000)))
    #expect(exception["symbol"] == .text("acmefltr!AcmeCompletion"))
    #expect(!facts.contains { $0.kind == .nullDereference })
  }

  @Test func stopWithoutException() throws {
    #expect(ExceptionAnalysis.facts(try read("shadow-leak").dump).isEmpty)
    #expect(ExceptionAnalysis.facts(try read("shadow-leak-header").dump).isEmpty)
  }

  @Test(
    arguments: [
      ("unknown-driver-19041", "acmeusb.sys"), ("unknown-driver-7601", "acmefltr.sys"), ("badnic-stop", "badnic.sys"),
      ("win32k-stop", "win32k.sys"),
    ])
  func culprits(id: String, module: String) throws {
    for symbols in [true, false] {
      let facts = CulpritAnalysis.facts(try read(id, symbols: symbols).dump)
      #expect(facts.map { $0["module"] } == [.text(module)], "symbols \(symbols)")
      #expect(facts.first?.text.hasPrefix(module) == true)
    }
  }

  @Test func theKernelIsNeverBlamed() throws {
    for scenario in Scenario.all {
      for fact in CulpritAnalysis.facts(try read(scenario.id).dump) {
        #expect(fact["module"] != .text("ntoskrnl.exe"), "\(scenario.id)")
      }
    }
  }

  @Test func carriers() {
    #expect(CulpritAnalysis.isCarrier("NDIS.sys") && CulpritAnalysis.isCarrier("hal.dll"))
    #expect(!CulpritAnalysis.isCarrier("netbt.sys"))
    #expect(CulpritAnalysis.routine("nt!PnpSendIrp+0x9e") == "nt!PnpSendIrp")
    #expect(CulpritAnalysis.routine("nt!PnpSendIrp") == "nt!PnpSendIrp")
  }

  /// The frames somebody put on the stack are found, and the failing one is on top.
  @Test(arguments: [
    "netbt-stop", "badnic-stop", "session-race-x86", "session-race-x64", "unknown-driver-7601", "unknown-driver-19041",
  ])
  func stacks(id: String) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let read = try read(id, seed: seed)
      let facts = StackAnalysis.facts(read.dump)
      #expect(facts.allSatisfy { $0.kind == .frame })
      let expected = read.content.facts.filter { $0.kind == .frame }
      #expect(!expected.isEmpty)
      for frame in expected {
        let found = facts.filter { $0["symbol"] == frame["symbol"] }
        #expect(!found.isEmpty, "\(frame.text) seed \(seed)")
        #expect(found.contains { $0["module"] == frame["module"] && $0["position"] != .text("any") }, "seed \(seed)")
      }
      #expect(facts.count { $0["position"] == .text("top") } == 1, "seed \(seed)")
      #expect(facts.count { $0["position"] == .text("upper") } <= StackAnalysis.upperFrames)
      let indices = facts.compactMap { fact -> Int64? in
        if case .integer(let index)? = fact["index"] { index } else { nil }
      }
      #expect(indices == indices.sorted())
    }
  }

  @Test func symbolsByNameAloneAreGuesses() throws {
    let folder = try TemporaryFolder()
    let scenario = try #require(Scenario.named("badnic-stop"))
    let written = try WrittenCase(scenario, seed: 1, in: folder)
    // The page that identifies the driver is left out: its table can be chosen by name only.
    var content = written.content
    content.machine.memory = []
    let path = try folder.write("bare.dmp", content.dump())
    let dump = KernelDump(
      try CrashDump(parsing: MappedFile(path: path)), symbols: SymbolFolder(paths: [written.symbols]))
    let named = StackAnalysis.facts(dump).filter { $0["symbol"]?.description.hasPrefix("badnic!") == true }
    #expect(named.allSatisfy { $0.trust == .guessed })
    #expect(!dump.notes.isEmpty || named.isEmpty)
  }

  @Test func process() throws {
    let facts = ProcessAnalysis.facts(try read("unknown-driver-19041").dump)
    #expect(facts.map { $0["process"] } == [.text("System")])
    #expect(facts.first?.trust == .observed)
    #expect(ProcessAnalysis.facts(try read("shadow-leak").dump).isEmpty)
    let race = ProcessAnalysis.facts(try read("session-race-x64").dump)
    #expect(race.first?["process"] == .text("csrss.exe"))
  }

  @Test(arguments: ["netbt-stop", "unknown-driver-19041", "shadow-leak"]) func modules(id: String) throws {
    let read = try read(id)
    let facts = ModulesAnalysis.facts(read.dump)
    let machine = read.content.machine
    #expect(facts.filter { $0.kind == .module }.map { $0["module"] } == machine.modules.map { .text($0.name) })
    // The kernel keeps twelve characters.
    let unloaded = machine.unloadedModules.map { FactValue.text(String($0.name.prefix(12))) }
    #expect(facts.filter { $0.kind == .unloadedModule }.map { $0["module"] } == unloaded)
    #expect(facts.first { $0.kind == .moduleList }?["count"] == .integer(Int64(machine.modules.count)))
  }

  @Test func timestampsThatAreDates() throws {
    let old = ModulesAnalysis.facts(try read("netbt-stop").dump).first { $0["module"] == .text("netbt.sys") }
    #expect(old?["built"] == .text("2007-02-17"))
    // Windows' own images of Windows 10 hold a hash there.
    let new = ModulesAnalysis.facts(try read("unknown-driver-19041").dump).filter {
      $0["module"] == .text("ntoskrnl.exe")
    }
    #expect(new.count == 1 && new.allSatisfy { $0["built"] == nil })
  }

  @Test func headerOnly() throws {
    let dump = try read("shadow-leak-header").dump
    // The header's own registers are a frame without a module.
    #expect(AllAnalyses.facts(dump).map(\.kind) == [.stop, .frame])
    #expect(dump.machine.product == "Windows NT 4.0")
  }

  @Test(
    arguments: [
      ("netbt-stop", "Windows Server 2003", 2, "5.2.3790"), ("session-race-x64", "Windows Server 2008", 1, "6.0.6001"),
      ("unknown-driver-7601", "Windows 7", 1, "6.1.7601.24540"),
      ("unknown-driver-19041", "Windows 10", nil, "10.0.19041.804"),
      ("shadow-leak-2000", "Windows 2000", 2, "5.0.2195"),
    ] as [(String, String, UInt8?, String)])
  func machines(id: String, product: String, pack: UInt8?, version: String) throws {
    let machine = try read(id).dump.machine
    #expect(machine.product == product)
    #expect(machine.servicePack == pack.map { ServicePack($0) })
    #expect(machine.version == version)
  }

  /// Facts only carry attributes that conditions may ask for.
  @Test func attributesAreListed() throws {
    for scenario in Scenario.all {
      for fact in AllAnalyses.facts(try read(scenario.id).dump) {
        let allowed = try #require(FactKind.attributes[fact.kind], "\(fact.kind)")
        #expect(Set(fact.attributes.keys).isSubset(of: allowed), "\(scenario.id): \(fact.text)")
        #expect(fact.text.hasSuffix("."))
        #expect(!fact.origin.isEmpty)
      }
    }
  }
}
