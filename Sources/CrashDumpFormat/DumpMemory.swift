import ByteReading
import Facts

/// The pieces of virtual memory a triage dump holds: its call stack, data page and data blocks.
///
/// Pieces may overlap and touch; a read may run over touching pieces.
public struct DumpMemory: MemoryReading {
  public struct Piece: Hashable, Sendable {
    public var address: UInt64
    public var count: Int
    /// Where its bytes are in the file.
    public var offset: Int

    @inlinable
    public init(address: UInt64, count: Int, offset: Int) {
      self.address = address
      self.count = count
      self.offset = offset
    }
  }

  public let file: MappedFile
  /// Sorted by address, longest first where they begin alike; no piece wraps around the address space.
  public private(set) var pieces: [Piece]
  /// For each piece the one that ends last among it and all before it: of all pieces that hold an address, that is the one
  /// with the most bytes behind it, so that a million overlapping pieces cost no more than as many separate ones.
  private var farthest: [Int]

  public init(file: MappedFile, pieces: [Piece]) {
    self.file = file
    self.pieces = pieces.filter {
      $0.count > 0 && $0.address.addingReportingOverflow(UInt64($0.count)).overflow == false
    }
    .sorted { ($0.address, $1.count) < ($1.address, $0.count) }
    farthest = []
    farthest.reserveCapacity(self.pieces.count)
    var best = 0
    for (index, piece) in self.pieces.enumerated() {
      let end = self.pieces[best].address + UInt64(self.pieces[best].count)
      if piece.address + UInt64(piece.count) >= end { best = index }
      farthest.append(best)
    }
  }

  public var byteCount: Int { pieces.reduce(0) { $0 + $1.count } }

  /// The file offset of an address and how many bytes follow it in the same piece: the piece that reaches farthest.
  public func locate(_ address: VirtualAddress) -> (offset: Int, count: Int)? {
    let target = address.rawValue
    var low = 0
    var high = pieces.count
    while low < high {
      let middle = (low + high) / 2
      if pieces[middle].address <= target { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    let piece = pieces[farthest[low - 1]]
    let skip = target - piece.address
    guard skip < UInt64(piece.count) else { return nil }
    return (piece.offset + Int(skip), piece.count - Int(skip))
  }
}
