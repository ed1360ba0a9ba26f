import Facts

/// One way to be rid of the defect for good.
public struct Fix: Hashable, Sendable {
  public var kind: FixKind
  /// The update's id, where it has one that is printed.
  public var id: String?
  /// Which product and service pack a `service-pack` fix means.
  public var product: String?
  public var servicePack: ServicePack?
  public var requires: [Prerequisite]
  public var restart: Bool?
  /// How it could be had, and what that means today.
  public var availability: String?

  public init(
    _ kind: FixKind, id: String? = nil, product: String? = nil, servicePack: ServicePack? = nil,
    requires: [Prerequisite] = [], restart: Bool? = nil, availability: String? = nil
  ) {
    self.kind = kind
    self.id = id
    self.product = product
    self.servicePack = servicePack
    self.requires = requires
    self.restart = restart
    self.availability = availability
  }
}

/// A change that keeps the defect from being met, or makes it rarer.
public struct Workaround: Hashable, Sendable {
  public var text: String
  /// Only when this holds does the workaround have anything to do; nil for always.
  public var when: Clause?
  /// Shows that it is in place already.
  public var inPlace: Clause?
  public var requires: [Prerequisite]
  public var commands: [String]
  public var restart: Bool?
  /// True when the failure can still happen, only less often.
  public var partial: Bool

  public init(
    _ text: String, when: Clause? = nil, inPlace: Clause? = nil, requires: [Prerequisite] = [],
    commands: [String] = [], restart: Bool? = nil, partial: Bool = false
  ) {
    self.text = text
    self.when = when
    self.inPlace = inPlace
    self.requires = requires
    self.commands = commands
    self.restart = restart
    self.partial = partial
  }
}

/// A check after the fix.
public struct VerificationStep: Hashable, Sendable {
  public var text: String
  public var commands: [String]

  public init(_ text: String, commands: [String] = []) {
    self.text = text
    self.commands = commands
  }
}

/// Evidence that would settle a doubtful match.
public struct SettlingEvidence: Hashable, Sendable {
  public var text: String
  /// The kinds of facts it can bring.
  public var settles: [FactKind]
  /// On which systems the commands work, where that matters (`Windows NT 4.0`).
  public var system: String?
  /// Exactly as typed on the machine.
  public var commands: [String]

  public init(_ text: String, settles: [FactKind], system: String? = nil, commands: [String] = []) {
    self.text = text
    self.settles = settles
    self.system = system
    self.commands = commands
  }
}
