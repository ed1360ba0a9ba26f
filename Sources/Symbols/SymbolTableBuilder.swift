/// Collects symbols, their names as one piece of memory, and sorts them for look-ups.
struct SymbolTableBuilder {
  private(set) var names: [UInt8] = []
  private var entries: [SymbolTable.Entry] = []
  /// Longer names are cut: a record of a PDB cannot hold more.
  static let maximumName = Int(UInt16.max)
  /// All names together have 32-bit places.
  static let maximumNameBytes = Int(UInt32.max) - maximumName

  mutating func reserve(symbols: Int, nameBytes: Int) {
    entries.reserveCapacity(symbols)
    names.reserveCapacity(nameBytes)
  }

  mutating func add(_ offset: UInt32, size: UInt32, kind: SymbolTable.Kind, name: String) {
    var name = name
    name.withUTF8 { unsafe add(offset, size: size, kind: kind, name: $0) }
  }

  mutating func add(_ offset: UInt32, size: UInt32, kind: SymbolTable.Kind, name: some Collection<UInt8>) {
    let count = min(name.count, Self.maximumName)
    guard count > 0, names.count < Self.maximumNameBytes else { return }
    entries.append(
      SymbolTable.Entry(
        offset: offset, size: size, nameStart: UInt32(names.count), nameLength: UInt16(count), kind: kind))
    names.append(contentsOf: name.prefix(count))
  }

  /// By offset. Aliases at one address (KiStartSystemThread, KxStartSystemThread): names of functions before those of data, then
  /// alphabetical, so that the answer does not depend on the order in the file. The same name stands once.
  func sorted() -> [SymbolTable.Entry] {
    // 64-bit keys sort several times faster than records; equal offsets, which are few, are ordered afterwards.
    var keys = entries.indices.map { UInt64(entries[$0].offset) << 32 | UInt64($0) }
    keys.sort()
    var result: [SymbolTable.Entry] = []
    result.reserveCapacity(keys.count)
    var index = 0
    while index < keys.count {
      var end = index + 1
      while end < keys.count, keys[end] >> 32 == keys[index] >> 32 { end += 1 }
      if end == index + 1 {
        result.append(entries[Int(keys[index] & 0xFFFF_FFFF)])
      } else {
        result.append(contentsOf: ordered(keys[index..<end].map { entries[Int($0 & 0xFFFF_FFFF)] }))
      }
      index = end
    }
    return result
  }

  private func ordered(_ aliases: [SymbolTable.Entry]) -> [SymbolTable.Entry] {
    let ranked = aliases.map { (entry: $0, rank: rank($0)) }.sorted { a, b in
      if a.rank != b.rank { return a.rank < b.rank }
      let order = compare(a.entry, b.entry)
      return order != 0 ? order < 0 : a.entry.size > b.entry.size
    }
    var result: [SymbolTable.Entry] = []
    for (entry, _) in ranked where result.last.map({ compare($0, entry) != 0 }) ?? true { result.append(entry) }
    return result
  }

  private func rank(_ entry: SymbolTable.Entry) -> UInt8 {
    guard entry.kind == .unknown else { return entry.kind.rawValue }
    return SymbolTable.isData(String(decoding: name(entry), as: UTF8.self))
      ? SymbolTable.Kind.data.rawValue : entry.kind.rawValue
  }

  private func name(_ entry: SymbolTable.Entry) -> ArraySlice<UInt8> {
    names[Int(entry.nameStart)..<(Int(entry.nameStart) + Int(entry.nameLength))]
  }

  private func compare(_ a: SymbolTable.Entry, _ b: SymbolTable.Entry) -> Int {
    let left = name(a)
    let right = name(b)
    for (x, y) in zip(left, right) where x != y { return Int(x) - Int(y) }
    return left.count - right.count
  }
}
