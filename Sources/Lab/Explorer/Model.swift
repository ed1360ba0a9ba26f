/// Values of all variables, and behind them where each thread stands.
public struct ModelState: Hashable, Sendable {
  var cells: [Int]

  public subscript(variable: Variable) -> Int {
    get { cells[variable.cell] }
    set { cells[variable.cell] = newValue }
  }
}

/// One atomic step of a thread, from one location of its program to another.
public struct Instruction: Sendable {
  public var from: Int
  public var to: Int
  public var footprint: Footprint
  public var label: @Sendable (ModelState) -> String
  public var isEnabled: @Sendable (ModelState) -> Bool
  public var apply: @Sendable (inout ModelState) -> Void
}

public struct ModelThread: Sendable {
  public var name: String
  public internal(set) var instructions: [Instruction] = []
}

/// Threads as state machines over shared variables. A thread that has no instruction at its location has ended; one whose
/// instructions are all disabled waits.
public struct Model: Sendable {
  public private(set) var variables: [String] = []
  public private(set) var threads: [ModelThread] = []
  private var values: [Int] = []

  /// What must never be so, in words where it is. It may look at the variables of `watched` alone.
  public private(set) var violation: @Sendable (ModelState) -> String? = { _ in nil }
  public private(set) var watched: VariableSet = []
  /// What is wrong with a state in which no thread can step; nil where everything is done.
  public var stuck: @Sendable (ModelState) -> String? = { _ in nil }

  public init() {}

  public mutating func variable(_ name: String, _ initial: Int = 0) -> Variable {
    variables.append(name)
    values.append(initial)
    return Variable(cell: variables.count - 1)
  }

  public mutating func thread(_ name: String) -> Int {
    threads.append(ModelThread(name: name))
    return threads.count - 1
  }

  public mutating func forbid(
    watching variables: [Variable], _ violation: @escaping @Sendable (ModelState) -> String?
  ) {
    watched = Self.set(variables)
    self.violation = violation
  }

  /// Without what it forbids: every state is then of interest.
  public func withoutProperty() -> Model {
    var model = self
    model.violation = { _ in nil }
    model.watched = []
    model.stuck = { _ in nil }
    return model
  }

  /// Adds a step to a thread's program.
  public mutating func step(
    _ thread: Int, _ from: Int, to: Int, reads: [Variable] = [], writes: [Variable] = [],
    label: @escaping @Sendable (ModelState) -> String,
    when isEnabled: @escaping @Sendable (ModelState) -> Bool,
    do apply: @escaping @Sendable (inout ModelState) -> Void = { _ in }
  ) {
    threads[thread].instructions.append(
      Instruction(
        from: from, to: to, footprint: Footprint(reads: Self.set(reads), writes: Self.set(writes)), label: label,
        isEnabled: isEnabled, apply: apply))
  }

  /// One that is always enabled.
  public mutating func step(
    _ thread: Int, _ from: Int, to: Int, reads: [Variable] = [], writes: [Variable] = [],
    label: @escaping @Sendable (ModelState) -> String,
    do apply: @escaping @Sendable (inout ModelState) -> Void = { _ in }
  ) {
    step(thread, from, to: to, reads: reads, writes: writes, label: label, when: { _ in true }, do: apply)
  }

  public mutating func step(
    _ thread: Int, _ from: Int, to: Int, _ label: String, reads: [Variable] = [], writes: [Variable] = [],
    when isEnabled: @escaping @Sendable (ModelState) -> Bool,
    do apply: @escaping @Sendable (inout ModelState) -> Void = { _ in }
  ) {
    step(thread, from, to: to, reads: reads, writes: writes, label: { _ in label }, when: isEnabled, do: apply)
  }

  public mutating func step(
    _ thread: Int, _ from: Int, to: Int, _ label: String, reads: [Variable] = [], writes: [Variable] = [],
    do apply: @escaping @Sendable (inout ModelState) -> Void = { _ in }
  ) {
    step(thread, from, to: to, reads: reads, writes: writes, label: { _ in label }, when: { _ in true }, do: apply)
  }

  private static func set(_ variables: [Variable]) -> VariableSet {
    variables.reduce(into: []) { $0.formUnion(VariableSet($1)) }
  }

  /// All variables at their initial values, all threads at location 0.
  public var initial: ModelState { ModelState(cells: values + [Int](repeating: 0, count: threads.count)) }

  public func location(of thread: Int, in state: ModelState) -> Int { state.cells[variables.count + thread] }

  /// The state after a step, without a look at whether it is enabled.
  public func applying(_ instruction: Instruction, of thread: Int, to state: ModelState) -> ModelState {
    var next = state
    instruction.apply(&next)
    next.cells[variables.count + thread] = instruction.to
    return next
  }
}
