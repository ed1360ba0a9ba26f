import ByteReading
import Facts

/// What could not be read of a hive: the first of it, and how much it was. Damage repeats itself by the million.
public struct HiveProblems: Hashable, Sendable {
  public private(set) var first: [ReadError] = []
  public private(set) var count = 0
  /// Subkeys that a list names and that could not be read.
  public internal(set) var lostKeys = 0

  static let kept = 16

  public init() {}

  mutating func add(_ error: ReadError) {
    count += 1
    if first.count < Self.kept { first.append(error) }
  }
}

extension RegistryHive {
  /// What a walk over all keys found.
  public struct Extent: Hashable, Sendable {
    public var keys = 0
    public var values = 0
    public var problems = HiveProblems()
  }

  /// Entries of lists that may be looked at in one go: each takes four bytes of the file and belongs to one key, so more
  /// means lists that overlap.
  var entryLimit: Int { file.byteCount / 4 }

  /// Calls `visit` for every key that can be read, parents first, each once; false ends the walk.
  public func walk(
    _ problems: inout HiveProblems, _ visit: (_ key: HiveKey, _ depth: Int, _ values: [HiveValue]) -> Bool
  ) {
    guard let root = try? root() else { return }
    var open: [(key: HiveKey, depth: Int)] = [(root, 0)]
    var seen: Set<UInt32> = [root.offset]
    var left = entryLimit
    while let (key, depth) = open.popLast() {
      let before = problems.count
      let values = values(of: key, &problems)
      guard visit(key, depth, values) else { return }
      let children = subkeys(of: key, &problems)
      left -= values.count + children.count + problems.count - before
      guard left >= 0 else {
        problems.add(
          ReadError(.malformed, reading: "lists", expected: "each in its own place", found: "lists that overlap")
            .inKey(key))
        return
      }
      if depth >= Self.maximumDepth {
        if !children.isEmpty {
          problems.add(
            ReadError(.unsupported, reading: "nk", expected: "at most \(Self.maximumDepth) levels", found: "more")
              .inKey(key))
        }
        continue
      }
      for child in children.reversed() {
        if seen.insert(child.offset).inserted {
          open.append((child, depth + 1))
        } else {
          problems.add(
            ReadError(
              .malformed, reading: "nk", at: .file(UInt64(child.offset) + UInt64(HiveBaseBlock.byteCount)),
              expected: "a key with one parent", found: "one that was listed before"
            ).inKey(key))
        }
      }
    }
  }

  public func extent() -> Extent {
    var extent = Extent()
    walk(&extent.problems) { _, _, values in
      extent.keys += 1
      extent.values += values.count
      return true
    }
    return extent
  }

  /// The subkeys of a key with their values, as many as the file can really hold.
  func children(of key: HiveKey) -> [(key: HiveKey, values: [HiveValue])] {
    var ignored = HiveProblems()
    var left = entryLimit
    var result: [(key: HiveKey, values: [HiveValue])] = []
    for child in subkeys(of: key, &ignored) {
      let before = ignored.count
      let values = values(of: child, &ignored)
      left -= values.count + ignored.count - before + 1
      guard left >= 0 else { break }
      result.append((child, values))
    }
    return result
  }

  func text(_ name: String, in values: [HiveValue]) -> String? {
    values.first { $0.name.lowercased() == name.lowercased() }.flatMap(text)
  }

  func integer(_ name: String, in values: [HiveValue]) -> UInt32? {
    values.first { $0.name.lowercased() == name.lowercased() }.flatMap(integer)
  }
}
