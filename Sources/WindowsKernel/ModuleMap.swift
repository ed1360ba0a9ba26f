import CrashDumpFormat
import Facts
import PortableExecutable
import Symbols

/// The loaded modules by address, with what is known of each one's sections and symbols.
public struct ModuleMap: Sendable {
  public struct Entry: Sendable {
    public var identity: ModuleIdentity
    public var image: LoadedImage?
    public var symbols: SymbolTable?
    public var symbolMatch: SymbolFolder.Match?
    /// The file that the symbols come from.
    public internal(set) var symbolPath: String?
    /// The module's own file, found by timestamp and size, and where it lies.
    public internal(set) var file: (image: PEImage, path: String)?
  }

  /// In the order of the dump's list, which is load order.
  public internal(set) var entries: [Entry]
  /// Indices into `entries` by base.
  private var byBase: [Int]
  let memory: (any MemoryReading)?
  /// Images as the dump's memory holds them, opened when they are first asked.
  let loaded = LoadedImages()

  public init(_ modules: [ModuleIdentity], memory: (any MemoryReading)?) {
    self.memory = memory
    entries = modules.map { module in
      let image = memory.flatMap { memory in module.base.flatMap { LoadedImage(at: $0, in: memory) } }
      var identity = module
      // The loader's entry has no timestamp before Windows 10; the image's own header has.
      if identity.timestamp == nil { identity.timestamp = image?.timestamp }
      return Entry(identity: identity, image: image)
    }
    let bases = modules.map { $0.base?.rawValue ?? 0 }
    byBase = modules.indices.sorted { (bases[$0], $0) < (bases[$1], $1) }
  }

  public var modules: [ModuleIdentity] { entries.map(\.identity) }

  public var kernel: Entry? { entries.first { $0.identity.isKernel } }

  /// The module an address lies in.
  public func index(of address: UInt64) -> Int? {
    var low = 0
    var high = byBase.count
    while low < high {
      let middle = (low + high) / 2
      if (entries[byBase[middle]].identity.base?.rawValue ?? 0) <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let index = byBase[low - 1]
    return entries[index].identity.contains(VirtualAddress(address)) ? index : nil
  }

  public func entry(at address: UInt64) -> Entry? { index(of: address).map { entries[$0] } }

  public mutating func setSymbols(
    _ table: SymbolTable, match: SymbolFolder.Match, path: String? = nil, at index: Int
  ) {
    entries[index].symbols = table
    entries[index].symbolPath = path
    entries[index].symbolMatch = match
  }

  public mutating func setVersion(_ version: FileVersion, at index: Int) { entries[index].identity.version = version }

  /// Headers take the first page: no code there.
  static let headerBytes: UInt64 = 0x1000

  /// Whether an address can hold code: in an executable section where the sections are known, else behind a module's headers.
  public func isCode(_ address: UInt64) -> Bool {
    guard let entry = entry(at: address), let base = entry.identity.base else { return false }
    let offset = address - base.rawValue
    guard let sections = entry.image?.sections, !sections.isEmpty else { return offset >= Self.headerBytes }
    return sections.contains {
      $0.isExecutable && offset >= $0.offset && offset - UInt64($0.offset) < max(UInt64($0.size), 1)
    }
  }

  /// A frame with module, offset and, where a table names the function, the symbol (`nt!KeBugCheckEx+0x69`).
  public func frame(
    _ address: UInt64, stackPointer: UInt64?, trust: FrameTrust
  ) -> StackFrame {
    var frame = StackFrame(
      address: VirtualAddress(address), stackPointer: stackPointer.map { VirtualAddress($0) }, trust: trust)
    guard let entry = entry(at: address), let base = entry.identity.base else { return frame }
    frame.module = entry.identity.name
    frame.offset = address - base.rawValue
    // A return address may be the first byte behind a function whose last instruction is the call: look up the call itself.
    let inside = (trust == .context ? address : address &- 1) &- base.rawValue
    if let table = entry.symbols, isCode(address), let found = table.place(at: inside) {
      let distance = address - base.rawValue - UInt64(found.start)
      frame.symbol =
        entry.identity.moduleName + "!" + (distance == 0 ? found.name : found.name + "+" + hexadecimal(distance))
    }
    return frame
  }
}
