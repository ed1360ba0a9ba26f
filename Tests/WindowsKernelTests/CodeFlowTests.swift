import ByteReading
import EvidenceSynthesis
import Facts
import Foundation
import PortableExecutable
import TestSupport
import Testing

@testable import WindowsKernel

/// What compiled drivers do, by their code: `Fixtures/code` (its README tells how they were compiled), and a real driver.
@Suite struct CodeFlowTests {
  private static let folder = SharedEvidence.packageRoot + "/Fixtures/code/"
  static let drivers = ["worker-x86-O2", "worker-x86-Os", "worker-x64-O2", "worker-x64-Os"]
  static let routines = ["SetsByPointer", "SetsEmbedded", "SetsThroughParent"]

  /// A driver at the base it was linked for, and memory that its routines find.
  final class Driver {
    let image: PEImage
    let isWide: Bool
    var memory: [UInt64: UInt64] = [:]
    private let slots: [UInt64: KernelRoutine]
    private let exports: [String: UInt64]
    private var changed: [UInt64: UInt8] = [:]

    init(_ path: String) throws {
      image = try PEImage(parsing: MappedFile(path: path))
      let base = image.base.rawValue
      isWide = image.header.is64Bit
      var slots: [UInt64: KernelRoutine] = [:]
      for entry in image.imports() {
        if let routine = entry.name.flatMap({ KernelRoutine.all[$0] }) { slots[base + UInt64(entry.slot)] = routine }
      }
      self.slots = slots
      var exports: [String: UInt64] = [:]
      for symbol in try image.exports()?.symbols ?? [] {
        if let name = symbol.name { exports[name] = base + UInt64(symbol.offset) }
      }
      self.exports = exports
    }

    var width: UInt64 { isWide ? 8 : 4 }

    func address(_ name: String) throws -> UInt64 { try #require(exports[name]) }

    /// Other bytes in place of those of the file.
    func change(_ address: UInt64, _ byte: UInt8) { changed[address] = byte }

    var source: CodeFlow.Source {
      let base = image.base.rawValue
      return CodeFlow.Source(
        isWide: isWide,
        code: { [self] address, count in
          guard let offset = UInt32(exactly: address &- base) else { return [] }
          var bytes = image.available(at: offset, limit: count)
          for index in bytes.indices { if let byte = changed[address &+ UInt64(index)] { bytes[index] = byte } }
          return bytes
        },
        load: { [self] address, _ in memory[address] }, routine: { _ in nil }, imported: { [self] in slots[$0] },
        follows: { [self] address in
          UInt32(exactly: address &- base).flatMap { image.section(at: $0) }?.isExecutable ?? false
        })
    }

    /// A request as worker.c has it, with a parent; the events of both.
    func request() -> (address: UInt64, events: [String: UInt64]) {
      let (request, parent): (UInt64, UInt64) =
        isWide ? (0xFFFF_FA80_0123_4560, 0xFFFF_FA80_0765_0000) : (0x8123_4560, 0x8765_0000)
      let waiter = width + 8
      let own = waiter + width
      let events = [
        "SetsByPointer": request &- 0x5000, "SetsEmbedded": request + own, "SetsThroughParent": parent &+ 0x7700,
      ]
      memory[request + waiter] = events["SetsByPointer"]
      memory[request + own + 4 * width] = parent
      memory[parent + waiter] = events["SetsThroughParent"]
      // How often the helper's loop turns.
      memory[request + width + 4] = 2
      return (request, events)
    }
  }

  private func sets(_ flow: inout CodeFlow, _ routine: UInt64, _ parameter: UInt64, _ event: UInt64) -> Bool {
    flow.run(routine, arguments: [parameter]) { call in
      if case .signals? = call.routine?.effect { call.arguments.first == .some(event) } else { false }
    }
  }

  @Test(arguments: drivers, routines) func theEventIsFound(_ name: String, _ routine: String) throws {
    let driver = try Driver(Self.folder + name + ".sys")
    let (request, events) = driver.request()
    var flow = CodeFlow(driver.source)
    for (other, event) in events {
      #expect(try sets(&flow, driver.address(routine), request, event) == (other == routine), "\(other)")
    }
    // Another request's event is not this one's.
    #expect(try !sets(&flow, driver.address(routine), request + 0x40, #require(events[routine])))
  }

  @Test(arguments: drivers) func othersSetNone(_ name: String) throws {
    let driver = try Driver(Self.folder + name + ".sys")
    let (request, events) = driver.request()
    var flow = CodeFlow(driver.source)
    for routine in ["ClearsOnly", "CallsUnknown"] {
      for event in events.values { #expect(try !sets(&flow, driver.address(routine), request, event), "\(routine)") }
    }
    // Where a request's own routine leads cannot be known.
    #expect(!flow.isWhole)
  }

  /// Addresses of the buffer: llvm-objdump, see the README.
  @Test(arguments: zip(drivers, [0x3004, 0x3004, 0x3010, 0x3010] as [UInt64]))
  func descriptorsHaveSites(_ name: String, buffer: UInt64) throws {
    let driver = try Driver(Self.folder + name + ".sys")
    let functions = try ["DescribesOwn", "DescribesBlock", "SetsByPointer"].map { try driver.address($0) }
    let sites = AllocationSites.sites(driver.source, functions: functions)
    let base = driver.image.base.rawValue
    #expect(sites.map(\.buffer) == [base + buffer, nil])
    #expect(sites.map(\.tag) == [nil, PoolTag("TmB1")])
    for (site, function) in zip(sites, functions) { #expect(site.address > function && site.address < function + 0x60) }
  }

  /// A released driver: llvm-objdump shows two calls of IoAllocateMdl. The one at 0xb8c6 is for a block that the same function allocates
  /// as WDiv; the one at 0xaf10 for what its caller hands over, of which the function says nothing.
  @Test(.enabled(if: SharedEvidence.isPresent, SharedEvidence.absence)) func aReleasedDriver() throws {
    let folder = try #require(SharedEvidence.folder)
    let driver = try Driver(folder + "/evidence/pe/pydivert-4.0.1__WinDivert64.sys")
    let table = try #require(driver.image.functionTable)
    let base = driver.image.base.rawValue
    let functions = try (0..<table.count).map { base + UInt64(try table.entry($0).begin) }
    let sites = AllocationSites.sites(driver.source, functions: functions)
    #expect(sites.map { $0.address - base } == [0xB8C6] && sites.first?.tag == PoolTag("WDiv"))
  }

  /// Every instruction's length as llvm-objdump has it.
  @Test func lengths() throws {
    let rows = try String(contentsOfFile: Self.folder + "instructions.tsv", encoding: .utf8).split(separator: "\n")
    var images: [Substring: PEImage] = [:]
    for row in rows {
      let fields = row.split(separator: "\t")
      let image = try images[fields[0]] ?? PEImage(parsing: MappedFile(path: Self.folder + fields[0]))
      images[fields[0]] = image
      let offset = try #require(UInt32(fields[1].dropFirst(2), radix: 16))
      let bytes = image.available(at: offset, limit: 15)
      let found = X86Instruction(bytes[...], isWide: image.header.is64Bit)
      #expect(found?.length == Int(fields[2]), "\(row)")
    }
    #expect(rows.count > 800)
  }

  /// Whatever the bytes, a run ends within its limits.
  @Test(arguments: drivers) func changedCode(_ name: String) throws {
    let driver = try Driver(Self.folder + name + ".sys")
    let (request, events) = driver.request()
    let event = try #require(events["SetsByPointer"])
    var random = SplitMix64(seed: 77)
    let start = driver.image.base.rawValue + 0x1000
    for round in 0..<400 {
      for _ in 0..<(1 + random.index(below: 12)) {
        driver.change(start + random.below(0x200), UInt8(truncatingIfNeeded: random.next()))
      }
      var flow = CodeFlow(driver.source)
      for routine in Self.routines {
        _ = try sets(&flow, driver.address(routine), round % 3 == 0 ? random.next() : request, event)
        #expect(flow.steps <= flow.limits.steps + 1)
      }
    }
  }

  @Test(arguments: [true, false]) func anyBytes(isWide: Bool) {
    var random = SplitMix64(seed: 5)
    for _ in 0..<3000 {
      let bytes = random.bytes(200)
      let base: UInt64 = isWide ? .max - 150 : 0xFFFF_FF60
      var flow = CodeFlow(
        CodeFlow.Source(
          isWide: isWide,
          code: { address, count in
            let offset = address &- base
            return offset < 200 ? Array(bytes[Int(offset)..<min(200, Int(offset) + count)]) : []
          },
          load: { address, _ in address & 8 == 0 ? address &* 0x9E37_79B9 : nil },
          routine: { $0 & 0x1F == 3 ? KernelRoutine.all["ExAllocatePoolWithTag"] : nil },
          follows: { $0 &- base < 200 }))
      _ = flow.run(base, arguments: [random.next(), nil]) { $0.arguments.isEmpty }
      #expect(flow.steps <= flow.limits.steps + 1)
    }
  }
}
