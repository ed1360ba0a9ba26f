/// Variables of a model, one bit each: at most 64.
public struct VariableSet: OptionSet, Hashable, Sendable {
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The set of one variable, by its place in the model's list.
  public init(_ variable: Variable) { rawValue = variable.cell < 64 ? 1 << UInt64(variable.cell) : 0 }
}

/// A place in a model's state.
public struct Variable: Hashable, Sendable {
  public let cell: Int
}

/// What a step may look at and what it may change. Guards count as reads.
public struct Footprint: Hashable, Sendable {
  public var reads: VariableSet
  public var writes: VariableSet

  public init(reads: VariableSet = [], writes: VariableSet = []) {
    self.reads = reads
    self.writes = writes
  }

  /// Whether the order of two such steps can matter.
  public func conflicts(with other: Footprint) -> Bool {
    !writes.isDisjoint(with: other.reads.union(other.writes)) || !reads.isDisjoint(with: other.writes)
  }

  mutating func formUnion(_ other: Footprint) {
    reads.formUnion(other.reads)
    writes.formUnion(other.writes)
  }
}
