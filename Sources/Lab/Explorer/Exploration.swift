/// How far a search may go.
public struct ExplorationBound: Hashable, Sendable {
  /// Distinct states that are kept.
  public var states: Int
  /// Steps from the initial state.
  public var depth: Int

  public init(states: Int = 1_000_000, depth: Int = 10_000) {
    self.states = states
    self.depth = depth
  }
}

/// What a search found.
public struct Exploration: Sendable {
  public enum Outcome: Hashable, Sendable {
    /// Some schedule leads to what must never be.
    case fails(String)
    /// No schedule does, over all states.
    case holds
    /// None was found, and the bound was reached: nothing is claimed.
    case undecided
  }

  public enum Limit: String, Sendable { case states, depth }

  public struct ScheduledStep: Hashable, Sendable {
    public var thread: Int
    public var text: String
  }

  public var outcome: Outcome
  /// Distinct states found, and steps executed between them.
  public var states: Int
  public var steps: Int
  /// Steps to the farthest state found.
  public var depth: Int
  public var bound: ExplorationBound
  public var reached: Limit?
  public var isReduced: Bool
  /// From the initial state to the failure; the shortest there is, where the search was not reduced.
  public var schedule: [ScheduledStep] = []
  /// The greatest value that each variable took, by name.
  public var highest: [(variable: String, value: Int)] = []
}
