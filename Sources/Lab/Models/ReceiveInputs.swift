/// The inputs for which the receive path copies beyond what was indicated, over the whole space: 256 types, 128 values of the
/// reserved flags, 2^17 lengths, and every number of indicated bytes up to a segment's.
public struct ReceiveInputs: Hashable, Sendable {
  /// All of these types, flags and numbers of bytes, with lengths from the indicated bytes plus `above`, or from `least` where that
  /// is more, to `most`.
  public struct Class: Hashable, Sendable {
    public var types: [ClosedRange<Int>]
    public var flags: ClosedRange<Int>
    public var indicated: ClosedRange<Int>
    /// nil: the least length is the same for all numbers of bytes.
    public var above: Int?
    public var least: Int
    public var most: Int

    public func contains(type: Int, flags: Int, length: Int, indicated: Int) -> Bool {
      types.contains { $0.contains(type) } && self.flags.contains(flags) && self.indicated.contains(indicated)
        && length >= (above.map { indicated + $0 } ?? least) && length <= most
    }
  }

  public var largestIndicated: Int
  public var classes: [Class]
  /// Inputs in them, and inputs there are.
  public var count: Int
  public var all: Int

  /// An Ethernet segment's.
  public static let segment = 1460

  /// - Parameter largest: bytes indicated at most.
  public init(isFixed: Bool, largestIndicated largest: Int = segment) {
    let path = ReceivePath(isFixed: isFixed)
    largestIndicated = largest
    all = 256 * 128 * (ReceivePath.longest + 1) * (largest + 1)
    var found: [[Class]: (types: [Int], flags: ClosedRange<Int>)] = [:]
    var order: [[Class]] = []
    count = 0
    // The path asks of the flags only whether any is set.
    for flags in [0...0, 1...127] {
      for type in 0...255 {
        let own = Self.classes(path, type, flags, largest)
        guard !own.isEmpty else { continue }
        count += own.reduce(0) { $0 + Self.size($1) }
        if found[own] == nil { order.append(own) }
        found[own, default: ([], flags)].types.append(type)
      }
    }
    classes = order.flatMap { key in
      let types = Self.ranges(found[key]?.types ?? [])
      return key.map { one in
        var one = one
        one.types = types
        return one
      }
    }
  }

  /// Lengths that fail for each number of bytes, and those numbers joined whose least lengths go on in the same way.
  private static func classes(_ path: ReceivePath, _ type: Int, _ flags: ClosedRange<Int>, _ largest: Int) -> [Class] {
    var open: [Class] = []
    var done: [Class] = []
    for indicated in 0...largest {
      var next: [Class] = []
      for range in lengths(path, type, flags.lowerBound, indicated) {
        let low = range.lowerBound
        if let index = open.firstIndex(where: { continues($0, indicated, range) }) {
          var one = open.remove(at: index)
          if one.indicated.count == 1, low == one.least + 1 { one.above = low - indicated }
          one.indicated = one.indicated.lowerBound...indicated
          next.append(one)
        } else {
          next.append(
            Class(
              types: [], flags: flags, indicated: indicated...indicated, above: nil, least: low,
              most: range.upperBound))
        }
      }
      done += open
      open = next
    }
    return (done + open).sorted { ($0.indicated.lowerBound, $0.least) < ($1.indicated.lowerBound, $1.least) }
  }

  private static func continues(_ one: Class, _ indicated: Int, _ range: ClosedRange<Int>) -> Bool {
    guard one.most == range.upperBound, one.indicated.upperBound == indicated - 1 else { return false }
    if one.indicated.count == 1 { return range.lowerBound == one.least || range.lowerBound == one.least + 1 }
    return range.lowerBound == (one.above.map { indicated + $0 } ?? one.least)
  }

  /// The path compares the length with what is there and with what its type must have: between these points nothing changes.
  private static func lengths(_ path: ReceivePath, _ type: Int, _ flags: Int, _ indicated: Int) -> [ClosedRange<Int>] {
    var starts: Set = [0, ReceivePath.longest + 1]
    func add(_ value: Int) {
      for value in [value, value + 1] where value > 0 && value <= ReceivePath.longest { starts.insert(value) }
    }
    add(indicated - ReceivePath.headerBytes)
    if case .exactly(let wanted) = ReceivePath.rule(type: type) { add(wanted) }
    let points = starts.sorted()
    var result: [ClosedRange<Int>] = []
    for (low, end) in zip(points, points.dropFirst())
    where path.isBeyond(type: type, flags: flags, length: low, indicated: indicated) {
      if let last = result.last, last.upperBound == low - 1 {
        result[result.count - 1] = last.lowerBound...(end - 1)
      } else {
        result.append(low...(end - 1))
      }
    }
    return result
  }

  private static func size(_ one: Class) -> Int {
    one.indicated.reduce(0) { sum, indicated in
      sum + one.flags.count * (one.most - (one.above.map { indicated + $0 } ?? one.least) + 1)
    }
  }

  private static func ranges(_ values: [Int]) -> [ClosedRange<Int>] {
    values.sorted().reduce(into: []) { ranges, value in
      if let last = ranges.last, last.upperBound == value - 1 {
        ranges[ranges.count - 1] = last.lowerBound...value
      } else {
        ranges.append(value...value)
      }
    }
  }
}
