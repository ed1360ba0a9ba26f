import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import KernelLayouts
import TestSupport
import Testing

@testable import Symbols
@testable import WindowsKernel

/// Offsets by the kernel's own symbols come before the bundled ones, and say that they are certain.
@Suite struct KernelStructuresTests {
  /// An ISF of a kernel whose EPROCESS is laid out as no real one is.
  private func table(_ whole: WholeMachine, shift: Int) -> String {
    func field(_ name: String, _ offset: Int, _ type: String = #"{"kind": "base", "name": "pointer"}"#) -> String {
      #""\#(name)": {"offset": \#(offset), "type": \#(type)}"#
    }
    let process = [
      field("Pcb", 0, #"{"kind": "struct", "name": "_KPROCESS"}"#), field("UniqueProcessId", 0x100 + shift),
      field("ActiveProcessLinks", 0x110 + shift, #"{"kind": "struct", "name": "_LIST_ENTRY"}"#),
      field("ImageFileName", 0x140 + shift), field("InheritedFromUniqueProcessId", 0x160 + shift),
    ].joined(separator: ",")
    return """
      {"metadata": {"windows": {"pdb": {"GUID": "\(whole.kernel.pdbGUID)", "age": \(whole.kernel.pdbAge),
       "database": "\(whole.kernel.pdbName)"}}},
       "user_types": {
        "_EPROCESS": {"kind": "struct", "size": 1024, "fields": {\(process)}},
        "_KPROCESS": {"kind": "struct", "size": 64, "fields": {\(field("DirectoryTableBase", 0x28))}}},
       "symbols": {"PsActiveProcessHead": {"address": \(whole.kernel.symbols["PsActiveProcessHead"] ?? 0)}}}
      """
  }

  @Test func embeddedStructures() throws {
    let whole = WholeMachine.sample(try #require(SynthesizedKernel.find("7601")), memoryBytes: 8 << 20, seed: 1)
    let types = try #require(try SymbolTable(isf: Array(table(whole, shift: 8).utf8)).structures)
    #expect(try types.offset(of: "Pcb.DirectoryTableBase", in: "_EPROCESS") == 0x28)
    #expect(try types.offset(of: "ActiveProcessLinks", in: "_EPROCESS") == 0x118)
    #expect(try types.offset(of: "ActiveProcessLinks.Flink", in: "_EPROCESS") == nil)
    #expect(try types.offset(of: "UniqueProcessId.x", in: "_EPROCESS") == nil)
    #expect(try types.offset(of: "", in: "_EPROCESS") == nil)
    #expect(try types.size(of: "_EPROCESS") == 1024)
    #expect(try types.size(of: "_ETHREAD") == nil)
    let layout = try #require(KernelLayout.find(build: 7601, architecture: .x64)).layout
    let (own, isExact) = layout.with(SymbolStructures(source: types), isExact: false)
    #expect(own.isFromSymbols && !isExact)
    #expect(own.offset("_EPROCESS", "UniqueProcessId") == 0x108)
    #expect(own.size(of: "_EPROCESS") == 1024)
    // A type that the symbols lack is the table's; a field that they lack is none, where the table is another build's.
    #expect(own.offset("_KTHREAD", "State") == layout.offset("_KTHREAD", "State"))
    #expect(own.offset("_EPROCESS", "Session") == nil)
    #expect(layout.with(SymbolStructures(source: types), isExact: true).isExact)
  }

  /// The processes of a kernel nobody knows, read by its symbols; the same symbols of another build change nothing.
  @Test func processesBySymbols() throws {
    var whole = WholeMachine.sample(try #require(SynthesizedKernel.find("7601")), memoryBytes: 8 << 20, seed: 4)
    let plain = MemoryDump(whole, .dump(.full))
    let bytes = plain.encoded()
    func processes(_ json: String, guid: String) throws -> (KernelProcessList?, KernelDump) {
      let folder = try TemporaryFolder()
      try folder.write("ntkrnlmp.pdb/\(guid)-1.json", Array(json.utf8))
      let dump = KernelDump(
        try CrashDump(parsing: MappedFile(bytes: bytes, path: "x.dmp")), symbols: SymbolFolder(paths: [folder.path]))
      return (dump.processes().list, dump)
    }
    // By offsets that are not this kernel's, as its own symbols state them, nothing is a process.
    let (wrong, dump) = try processes(table(whole, shift: 8), guid: whole.kernel.pdbGUID)
    #expect(dump.layout?.layout.isFromSymbols == true)
    #expect(wrong?.processes.map(\.id) != whole.processes.map(\.id))
    let other = String(repeating: "0", count: 32)
    let (right, second) = try processes(table(whole, shift: 8), guid: other)
    #expect(second.layout?.layout.isFromSymbols == false)
    #expect(right?.processes.map(\.id) == whole.processes.map(\.id))
    whole.seed = 5
  }

  /// The seven public tables: what they say of every field of the bundled layout of their build.
  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) func bundledLayoutsAgreeWithPublicTables()
    throws
  {
    let folder = SymbolFolder(paths: [try SharedEvidence.path("symbols")])
    var compared = 0
    for entry in folder.entries where entry.identity.name.lowercased().hasPrefix("ntkrnl") {
      guard let build = KernelBuilds.find(pdbGUID: entry.identity.guid, age: entry.identity.age),
        let (layout, isExact) = KernelLayout.find(
          build: build.build, servicePack: build.build == 7601 ? ServicePack(1) : nil, architecture: .x64,
          revision: Int(build.version.revision)), isExact
      else { continue }
      let types = SymbolStructures(source: try #require(try folder.load(entry).structures))
      for column in KernelLayout.columns {
        guard let dot = column.firstIndex(of: ".") else {
          // Updates of one build let structures grow at their ends (seen: _EPROCESS, _KPCR and _KPRCB).
          if let size = layout.size(of: column), let own = types.size(of: column) { #expect(size <= own, "\(column)") }
          continue
        }
        let type = String(column[..<dot])
        let field = String(column[column.index(after: dot)...])
        guard let own = types.offset(type, field), let bundled = layout.offset(type, field) else { continue }
        compared += 1
        #expect(bundled == own, "\(build.version): \(column)")
      }
    }
    #expect(compared > 100)
  }
}
