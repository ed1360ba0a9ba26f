/// The phrases that passages are read for, found together. A passage without a list's phrases need not be cut into sentences.
enum PassagePhrases {
  static let index = PhraseIndex(
    [
      FixPhrases.hotfix, FixPhrases.references, FixPhrases.editors, FixPhrases.workarounds,
      FixPhrases.settings, FixPhrases.versions, ["service pack"], FixPhrases.alternatives, FixPhrases.fixItems,
      RequirementPhrases.lists, RequirementPhrases.replaces, RequirementPhrases.superseded, RequirementPhrases.subjects,
      RequirementPhrases.before, RequirementPhrases.appliesFix,
      RequirementPhrases.noRestart, RequirementPhrases.mustRestart, RequirementPhrases.restartSteps,
      RequirementPhrases.noRegistryChange, RequirementPhrases.registryChange,
      StopErrorScanner.aboutStops, StopErrorScanner.signs, ["parameters"], ["_"], ["!"], binaryEndings,
      poolWords, tagWords, ArticleDocument.explanations, MechanismTerm.all.flatMap(\.phrases),
      ArticleDocument.corrections, eventWords,
    ].joined())

  static let binaryEndings = [".sys", ".dll", ".exe"]
  static let poolWords = ["pool"]
  static let eventWords = ["event id"]
  static let tagWords = ["tag", "allocation"]

  static let offers = index.set(FixPhrases.hotfix + ["service pack"])
  static let fixReferences = index.set(FixPhrases.references)
  static let editors = index.set(FixPhrases.editors)
  static let workarounds = index.set(FixPhrases.workarounds)
  static let settings = index.set(FixPhrases.settings)
  static let alternatives = index.set(FixPhrases.alternatives)
  static let fixItems = index.set(FixPhrases.fixItems)
  static let versions = index.set(FixPhrases.versions)
  static let prerequisiteLists = index.set(RequirementPhrases.lists)
  static let replacements = index.set(RequirementPhrases.replaces + RequirementPhrases.superseded)
  /// What a sentence that states a prerequisite holds.
  static let requirements = index.set(
    RequirementPhrases.subjects + RequirementPhrases.before + RequirementPhrases.appliesFix)
  static let appliesFix = index.set(RequirementPhrases.appliesFix)
  /// What a sentence on restarting or on the registry holds, beside these words, if it says that either is needed or not.
  static let restarts = index.set(
    RequirementPhrases.noRestart + RequirementPhrases.mustRestart + RequirementPhrases.restartSteps)
  static let registryChanges = index.set(RequirementPhrases.noRegistryChange + RequirementPhrases.registryChange)
  static let aboutStops = index.set(StopErrorScanner.aboutStops)
  static let stopSigns = index.set(StopErrorScanner.signs)
  static let parameters = index.set(["parameters"])
  static let underscore = index.set(["_"])
  static let exclamation = index.set(["!"])
  static let binaries = index.set(binaryEndings)
  static let pool = index.set(poolWords)
  static let corrections = index.set(ArticleDocument.corrections)
  static let events = index.set(eventWords)
  static let tags = index.set(tagWords)
  static let explanations = index.set(ArticleDocument.explanations)
  static let mechanisms = index.set(MechanismTerm.all.flatMap(\.phrases))
}
