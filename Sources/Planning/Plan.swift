import Facts

/// What to do about a finding, in order.
public struct Plan: Hashable, Sendable {
  public var steps: [PlanStep]
  /// Why a fix cannot simply be installed: what is missing, not known or no longer handed out.
  public var obstacles: [String]
  /// What stays wrong after the steps.
  public var unfixed: [String]

  public init(steps: [PlanStep] = [], obstacles: [String] = [], unfixed: [String] = []) {
    self.steps = steps
    self.obstacles = obstacles
    self.unfixed = unfixed
  }

  /// Whether any step asks for a restart.
  public var needsRestart: Bool { steps.contains(where: \.restart) }
}

extension [PlanStep] {
  /// Each step once. Two that type the same commands, or say the same, are one; the first stays. Steps that only differ in a
  /// part of their commands both stay.
  func withoutRepetition(of others: [PlanStep] = []) -> [PlanStep] {
    var kept: [PlanStep] = []
    for step in self {
      let told = (others + kept).contains { other in
        if other.text == step.text { return true }
        guard other.kind.rank == step.kind.rank, !step.commands.isEmpty else { return false }
        return Set(step.commands).isSubset(of: other.commands)
      }
      if !told { kept.append(step) }
    }
    return kept
  }
}

public struct PlanStep: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case installServicePack = "install-service-pack"
    case installHotfix = "install-hotfix"
    case upgrade, workaround, configure
    case collectEvidence = "collect-evidence"
    case verify

    /// Whether two kinds are one to somebody who types the commands: a setting made so that evidence can be collected.
    fileprivate var rank: Kind { self == .configure ? .collectEvidence : self }

    /// Changes the machine for good, and is therefore only planned on evidence.
    public var installs: Bool { self == .installServicePack || self == .installHotfix || self == .upgrade }
  }

  public var kind: Kind
  public var text: String
  public var restart: Bool
  /// Exactly as typed on the machine.
  public var commands: [String]
  /// Which service pack the step installs because it contains the fix; nil for any other step.
  public var servicePack: ServicePack?

  public init(
    _ kind: Kind, _ text: String, restart: Bool = false, commands: [String] = [], servicePack: ServicePack? = nil
  ) {
    self.kind = kind
    self.text = text
    self.restart = restart
    self.commands = commands
    self.servicePack = servicePack
  }
}
