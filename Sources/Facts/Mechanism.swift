/// How something failed, by the contract's names.
@frozen
public enum Mechanism: String, Hashable, Sendable, CaseIterable {
  case race, leak, deadlock, exhaustion
  case memoryCorruption = "memory-corruption"
  case nullDereference = "null-dereference"
  case badInput = "bad-input"
  case other
  /// The article states no mechanism.
  case none
}
