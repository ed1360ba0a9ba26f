import Facts

/// One thing to look for in the facts. It holds when every clause holds.
public struct Condition: Hashable, Sendable {
  /// In words, as reports print it.
  public var text: String
  public var effect: Effect
  /// What it adds to the log-odds when it holds; positive. Of no meaning for `contradicts`.
  public var weight: Double
  /// Never empty.
  public var clauses: [Clause]

  public init(_ text: String, effect: Effect, weight: Double? = nil, clauses: [Clause]) {
    self.text = text
    self.effect = effect
    self.weight = weight ?? effect.usualWeight
    self.clauses = clauses
  }

  /// True when it asks only for what many failures share. Such a condition never counts for more than `weak`, whatever
  /// effect a file states: a fix is not recommended on a stop code.
  public var isGeneral: Bool { clauses.allSatisfy(\.isGeneral) }
}

/// A kind of fact and what must hold for its attributes.
public struct Clause: Hashable, Sendable {
  public var kind: FactKind
  /// Every constraint must hold on one and the same fact. A fact that lacks the attribute does not satisfy it.
  public var constraints: [FactAttribute: Constraint]
  /// Holds when no such fact exists. Alone it needs `given`; beside other clauses those give the absence its meaning.
  public var absent: Bool
  /// The kind of fact that shows that the absence means something: a driver is absent only from a list that was read whole.
  public var given: FactKind?

  public init(
    _ kind: FactKind, _ constraints: [FactAttribute: Constraint] = [:], absent: Bool = false, given: FactKind? = nil
  ) {
    self.kind = kind
    self.constraints = constraints
    self.absent = absent
    self.given = given
  }

  /// Kinds that by themselves tell no failure from another: what is loaded, which process ran, that the machine hung, and the
  /// stop code. A stop's parameters are more than general once one of them is asked for.
  static let generalKinds: Set<FactKind> = [
    .module, .unloadedModule, .moduleList, .process, .forcedDump, .hang, .stop, .registry,
    .event, .observation,
  ]

  /// Of a clause that asks for a registry value: the same for any value; nil for other clauses.
  public var anyValue: Clause? {
    kind == .registry ? constraints["path"].map { Clause(.registry, ["path": $0]) } : nil
  }

  public var isGeneral: Bool {
    if absent { return true }
    if kind == .stop { return !constraints.keys.contains { $0.rawValue.hasPrefix("parameter") } }
    return Self.generalKinds.contains(kind)
  }
}

/// What a condition that holds does to the judgement, by the contract's names.
@frozen
public enum Effect: String, Hashable, Sendable, CaseIterable {
  /// Only this defect looks like that.
  case decisive
  /// Speaks for this defect, and a few others look alike.
  case supports
  /// Agrees with this defect and with many others.
  case weak
  /// Cannot be where this defect is the cause.
  case contradicts

  /// Log-odds where the file states none.
  public var usualWeight: Double {
    switch self {
    case .decisive: 5
    case .supports: 1.5
    case .weak: 0.5
    case .contradicts: 0
    }
  }

  /// What a file may state, so that an effect keeps its meaning: no sum of weak conditions equals a supporting one by decree,
  /// and a decisive one alone reaches 0.9.
  public var weights: ClosedRange<Double> {
    switch self {
    case .decisive: 4.5...8
    case .supports: 0.6...3
    case .weak: 0.1...0.5
    case .contradicts: 0...0
    }
  }
}
