import ByteReading
import Facts

/// From a symbol's section and offset to its address relative to the image's base.
///
/// Images whose code was moved after linking (Microsoft's own, up to Windows 7) keep symbols in the addresses before the move,
/// with the sections of that time, and a table that leads to the final ones: OMAP, sorted pairs of source and target address.
public struct SectionMap: Sendable {
  public struct Section: Hashable, Sendable {
    public var offset: UInt32
    public var size: UInt32
    public var isExecutable: Bool
  }

  /// Counted from one in symbols.
  public let sections: [Section]
  /// Pairs sorted by source; empty where nothing was moved.
  let moves: [(source: UInt32, target: UInt32)]
  public var isMoved: Bool { !moves.isEmpty }

  public init(_ pdb: PDBFile) throws(ReadError) {
    guard let debug = pdb.debug else {
      sections = []
      moves = []
      return
    }
    func stream(_ index: Int) throws(ReadError) -> [UInt8]? {
      guard let number = debug.optional(index) else { return nil }
      return try pdb.container.stream(number)
    }
    let table = try stream(DebugStreams.Optional.omapFromSource) ?? []
    let pairs = Self.pairs(table)
    let original = pairs.isEmpty ? nil : try stream(DebugStreams.Optional.originalSectionHeaders)
    let final = original == nil ? try stream(DebugStreams.Optional.sectionHeaders) : nil
    let headers = original ?? final ?? []
    moves = original == nil ? [] : pairs
    let head = headers.span.bytes
    sections = (0..<(headers.count / 40)).map { index in
      func word(_ at: Int) -> UInt32 { head.loadIfPresent(at: 40 * index + at, as: UInt32.self) ?? 0 }
      return Section(offset: word(12), size: word(8), isExecutable: word(36) & 0x2000_0000 != 0)
    }
  }

  /// nil for absolute symbols, sections the image has not, and code that was left out.
  public func offset(section: UInt16, offset: UInt32) -> UInt32? {
    guard section > 0, Int(section) <= sections.count else { return nil }
    let (source, overflow) = sections[Int(section) - 1].offset.addingReportingOverflow(offset)
    guard !overflow else { return nil }
    return moves.isEmpty ? source : moved(source)
  }

  func isExecutable(_ section: UInt16) -> Bool {
    section > 0 && Int(section) <= sections.count && sections[Int(section) - 1].isExecutable
  }

  /// OMAP entries, sorted by source.
  static func pairs(_ table: [UInt8]) -> [(source: UInt32, target: UInt32)] {
    let span = table.span.bytes
    return (0..<(table.count / 8)).map { index in
      (
        source: span.loadIfPresent(at: 8 * index, as: UInt32.self) ?? 0,
        target: span.loadIfPresent(at: 8 * index + 4, as: UInt32.self) ?? 0
      )
    }.sorted { $0.source < $1.source }
  }

  /// The pair at or below an address moves it; a target of zero means that the code is gone.
  func moved(_ source: UInt32) -> UInt32? { Self.moved(source, by: moves) }

  static func moved(_ source: UInt32, by moves: [(source: UInt32, target: UInt32)]) -> UInt32? {
    var low = 0
    var high = moves.count
    while low < high {
      let middle = (low + high) / 2
      if moves[middle].source <= source { low = middle + 1 } else { high = middle }
    }
    guard low > 0, moves[low - 1].target != 0 else { return nil }
    return moves[low - 1].target &+ (source - moves[low - 1].source)
  }
}
