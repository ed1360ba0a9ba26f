import Analyses
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import KnowledgeBase
import PortableExecutable
import Symbols
import WindowsKernel

/// One reader to be tried with bytes nobody wrote. A trap, a leak of memory or minutes of work is a find; an error is not.
struct Target: Sendable {
  var name: String
  var seeds: @Sendable () -> [[UInt8]]
  var run: @Sendable ([UInt8]) -> Void

  /// Set once, before the driver starts.
  nonisolated(unsafe) static var chosen: Target?

  static func named(_ name: String) -> Target? { all.first { $0.name == name } }

  static var all: [Target] {
    [
      crashDump, memoryDump, hungMachine, stoppedMachine, x64Stack, fieldLog, eventList, article, image, pdb, cabinet,
      hive, inventory,
      capture, symbols, xz, gzip, upload,
    ]
  }

  /// A whole dump through the container, the kernel layer, the analyses and the view that reports print.
  static let crashDump = Target(name: "crash-dump") {
    Scenario.all.map { $0(seed: 1).dump() }
      + TriageDamage.named.compactMap { _, damage in
        Scenario.named("unknown-driver-7601").map {
          EvidenceSynthesis.TriageDump($0(seed: 2).machine, damage: damage).encoded()
        }
      }
  } run: { bytes in
    guard let dump = try? CrashDump(parsing: MappedFile(bytes: bytes, path: "input")) else { return }
    let kernel = KernelDump(dump)
    precondition(kernel.stack.count <= StackWalker.maximumFrames)
    _ = AllAnalyses.facts(kernel)
    _ = kernel.view
    _ = kernel.packets()
  }

  /// Dumps of whole pages, ELF cores and raw images: containers, page tables, lists and what walks them. Only pages with
  /// content, so that one input stays small.
  static let memoryDump = Target(name: "memory-dump") {
    (SynthesizedKernel.named + SynthesizedKernel.unnamed).enumerated().flatMap { index, entry in
      var whole = WholeMachine.sample(entry.kernel, memoryBytes: 8 << 20, seed: UInt64(index))
      whole.pool = SynthesizedPool(entry.kernel, pageCount: 40, damagedPages: 4, seed: UInt64(index))
      whole.segmentHeap = SynthesizedSegmentHeap(entry.kernel, subsegments: 2, seed: UInt64(index))
      let types: [UInt32] = entry.kernel.architecture == .x64 ? [2, 5, 8, 10] : [2, 5]
      return types.map { MemoryDump(whole, .dump(.init(rawValue: $0))).encoded() }
    } + [
      MemoryDump(WholeMachine.sample(SynthesizedKernel.named[0].kernel, memoryBytes: 4 << 20, seed: 1), .elf).encoded()
    ]
  } run: { bytes in
    let file = MappedFile(bytes: bytes, path: "input")
    var dump: CrashDump?
    if CrashDump.matches(firstBytes: file.bytes) {
      dump = try? CrashDump(parsing: file)
    } else if ElfCore.matches(firstBytes: file.bytes) {
      var problems: [ReadError] = []
      if let (memory, _, container) = try? ElfCore.read(file, problems: &problems) {
        dump = try? KernelSearch.dump(memory, container: container, problems: problems)
      }
    } else {
      dump = try? KernelSearch.dump(.raw(file), container: .raw)
    }
    guard let dump else { return }
    let kernel = KernelDump(dump)
    precondition(kernel.modules.entries.count <= LoadedModuleList.maximumModules)
    _ = AllAnalyses.facts(kernel)
    _ = kernel.view
    _ = kernel.processListView
    _ = kernel.poolView()
    _ = kernel.packets()
  }

  /// The x64 stack walk and with it the instruction decoder: the input's first half is the stack, its second half code.
  /// Random words would hardly ever be return addresses, so most of them are folded into the code.
  static let x64Stack = Target(name: "x64-stack") {
    var random = SplitMix64(seed: 1)
    // An epilogue as compilers write it, behind bytes that end in a call.
    let epilogue: [UInt8] = [0x48, 0x83, 0xC4, 0x28, 0x5F, 0x5E, 0xC3, 0xE8, 0, 0, 0, 0, 0x48, 0x8B, 0x5C, 0x24, 0x30]
    return (1...8).map { count in
      let code = Array(repeatElement(epilogue, count: 12 * count).joined())
      return random.bytes(code.count) + code
    }
  } run: { bytes in
    let base: UInt64 = 0xFFFF_F800_0000_0000
    let stack: UInt64 = 0xFFFF_A000_0000_0000
    let half = bytes.count / 2 & ~7
    guard half >= 64 else { return }
    var content = bytes
    for word in stride(from: 0, to: half, by: 8) where content[word] & 3 != 0 {
      let place = (UInt64(content[word + 1]) | UInt64(content[word + 2]) << 8) % UInt64(bytes.count - half)
      let address = base + 0x1000 + place
      for index in 0..<8 { content[word + index] = UInt8(truncatingIfNeeded: address >> UInt64(8 * index)) }
    }
    let file = MappedFile(bytes: content, path: "input")
    let memory = DumpMemory(
      file: file,
      pieces: [
        .init(address: stack, count: half, offset: 0),
        .init(address: base + 0x1000, count: bytes.count - half, offset: half),
      ])
    let modules = ModuleMap(
      [ModuleIdentity(name: "ntoskrnl.exe", base: VirtualAddress(base), size: 0x100_0000)], memory: memory)
    let context = RegisterContext(
      architecture: .x64, instructionPointer: base + 0x1000, stackPointer: stack, framePointer: stack + 0x20,
      general: (0..<16).map { $0 == 4 ? stack : stack + 8 * $0 }, flags: 2)
    let frames = StackWalker(memory: memory, modules: modules).walk(context)
    precondition(frames.count <= StackWalker.maximumFrames)
  }

  static let article = Target(name: "article") {
    [
      """
      KB950162

      Title: A leak in nonpaged pool
      APPLIES TO
      Microsoft Windows Server 2003 Service Pack 2

      SYMPTOMS
      Stop 0x000000D1 (0x00000010, 0x00000002, 0x00000000, 0xf7001033) DRIVER_IRQL_NOT_LESS_OR_EQUAL in netbt.sys.
      The memory is tagged "IoSe".

      RESOLUTION
      A supported hotfix is available. You must restart the computer. This hotfix replaces hotfix 948354.

      Date         Time   Version            Size    File name
      07-Jan-2002  10:47  5.2.3790.71        12,728  Tdpipe.sys

      REFERENCES
      For more information, click the article number 315817.
      """,
      "ID: Q315817 TITLE: STOP 0x41 SYMPTOMSWhen a session is shadowed, memory leaks. CAUSETdpipe.sys. STATUSConfirmed.",
    ].flatMap {
      [Array($0.utf8), Array($0.replacingNewlines.utf8), $0.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }]
    }
  } run: { bytes in
    _ = Article.looksLikeArticle(bytes)
    _ = KnownIssue(extractedFrom: Article.parse(bytes), id: "Q1")
  }

  static let symbols = Target(name: "symbols") {
    Scenario.all.flatMap { $0(seed: 1).symbols.map { Array($0.json().utf8) } }
  } run: { bytes in
    guard let table = try? SymbolTable(isf: bytes) else { return }
    for offset in [0, 0x1000, 0xFFFF_FFFF, .max] as [UInt64] { _ = table.function(at: offset) }
    for symbol in table.symbols.prefix(16) { _ = table.function(at: UInt64(symbol.offset) + 1) }
    _ = try? table.structures?.offset(of: "Pcb.DirectoryTableBase", in: "_EPROCESS")
  }

  /// liblzma is C: what is tried is our loop around it.
  static let xz = Target(name: "xz") {
    // `printf '' | xz`, and one block of 12 bytes.
    [
      [
        0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00, 0x00, 0x04, 0xE6, 0xD6, 0xB4, 0x46, 0x00, 0x00, 0x00, 0x00, 0x1C, 0xDF,
        0x44,
        0x21, 0x1F, 0xB6, 0xF3, 0x7D, 0x01, 0x00, 0x00, 0x00, 0x00, 0x04, 0x59, 0x5A,
      ]
    ]
  } run: { bytes in
    if let unpacked = try? XZ.decompress(bytes) { precondition(unpacked.count <= XZ.maximumBytes) }
  }

  static let gzip = Target(name: "gzip") {
    [[0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x4C, 0x4A, 4, 0, 0xC2, 0x41, 0x24, 0x35, 3, 0, 0, 0]]
  } run: { bytes in
    let limit = 1 << 20
    if let unpacked = try? Gzip.unpack(bytes.span.bytes, limit: limit) { precondition(unpacked.count <= limit) }
  }
}

extension String {
  /// As articles look that lost their line ends.
  fileprivate var replacingNewlines: String { String(map { $0.isNewline ? " " : $0 }) }
}
