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

public struct PlanStep: Hashable, Sendable {
  /// The contract's names.
  @frozen
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case installServicePack = "install-service-pack"
    case installHotfix = "install-hotfix"
    case upgrade, workaround, configure
    case collectEvidence = "collect-evidence"
    case verify

    /// Changes the machine for good, and is therefore only planned on evidence.
    public var installs: Bool { self == .installServicePack || self == .installHotfix || self == .upgrade }
  }

  public var kind: Kind
  public var text: String
  public var restart: Bool
  /// Exactly as typed on the machine.
  public var commands: [String]

  public init(_ kind: Kind, _ text: String, restart: Bool = false, commands: [String] = []) {
    self.kind = kind
    self.text = text
    self.restart = restart
    self.commands = commands
  }
}
