import Facts

extension KnownIssue {
  /// What an imported article's text gives a matcher: the same type as the bundled issues, with conditions made from the terms
  /// the text names.
  ///
  /// A text says what was seen, not what sets the defect apart from its look-alikes. Extraction therefore states nothing as
  /// decisive but one thing: allocations of the article's tag, growing, that lead to the article's driver. All else supports
  /// at most, so that an imported article alone reaches `probable`.
  ///
  /// - Parameter id: stands in where the text prints no number.
  public init?(extractedFrom article: Article, id fallback: String? = nil) {
    guard let id = article.id ?? fallback else { return nil }
    self.init(id: id, title: article.title ?? id, mechanism: article.mechanism)
    conditions = ExtractedConditions(article).all
    affected = article.products.map { AffectedProduct(product: $0) }
    files = article.files.map { FixedFile($0) }
    lastReviewed = article.lastReviewed ?? article.documentDate
    fileTable = files.isEmpty ? .none : .partial
    fixes = article.fixKind.filter { $0 == .hotfix || $0 == .servicePack }.map { kind in
      Fix(
        kind, id: kind == .hotfix ? article.id : nil,
        requires: kind == .hotfix ? article.requires.compactMap { Prerequisite(printed: $0) } : [],
        restart: article.restartRequired)
    }
    replaces = article.replaces
    supersededBy = article.supersededBy
    references = article.references
    restartRequired = article.restartRequired
    registryChange = article.registryChange
  }
}

extension FixedFile {
  /// A printed row. The heading's product is taken only where it names one.
  init(_ file: ArticleFile) {
    let heading = file.group.flatMap {
      $0.lowercased().contains("windows") && !$0.lowercased().contains(" and ") ? $0 : nil
    }
    let pack = (file.servicePack ?? file.group).flatMap { servicePackNamed(in: $0) }
    self.init(
      name: file.name, version: file.version.flatMap { FileVersion($0) }, size: file.size, date: file.date,
      time: file.time,
      architecture: (file.platform ?? file.group.flatMap(platformNamed(in:))).flatMap { Architecture(named: $0) },
      product: heading, servicePack: pack, branch: file.serviceBranch.flatMap { ServicingBranch(named: $0) })
  }
}

extension Prerequisite {
  /// `Windows XP Service Pack 2 or later`; nil where no service pack is named.
  init?(printed text: String) {
    guard let pack = servicePackNamed(in: text) else { return nil }
    self.init(product: text.lowercased().contains("windows") ? text : nil, servicePack: pack)
  }
}

/// The first `Service Pack 2`, `SP2` or `SP6a` of a text.
private func servicePackNamed(in text: String) -> ServicePack? {
  let words = text.lowercased().split { !($0.isLetter || $0.isNumber) }
  for (index, word) in words.enumerated() {
    if word == "pack", index + 1 < words.count, let pack = ServicePack(words[index + 1]) { return pack }
    if word.hasPrefix("sp") {
      // `SP2QFE` is service pack 2 of the limited branch.
      let digits = word.dropFirst(2).prefix { $0.isNumber }
      if !digits.isEmpty { return ServicePack(word) ?? ServicePack(digits) }
    }
  }
  return nil
}

/// The architecture a heading names: `x86-based versions`.
private func platformNamed(in text: String) -> String? {
  let words = text.lowercased().split { $0 == " " || $0 == "," || $0 == "(" || $0 == ")" }
  return words.first { word in ["x86", "x64", "ia64", "ia-64", "itanium", "amd64"].contains { word.hasPrefix($0) } }
    .map(String.init)
}

/// Conditions from the terms an article names.
private struct ExtractedConditions {
  let article: Article

  init(_ article: Article) { self.article = article }

  var all: [Condition] { symbols + drivers + fixedFiles + tags + stops + mechanism }

  /// Parts of Windows that are blamed for others' faults; naming them says little.
  private static let core: Set<String> = ModuleIdentity.kernelNames.union([
    "hal.dll", "win32k.sys", "ntdll.dll", "kernel32.dll", "ndis.sys", "csrss.exe", "winlogon.exe", "services.exe",
    "lsass.exe",
  ])

  private func matches(_ text: String) -> Constraint { .matches(Operand(text)) }
  private func anyOf(_ texts: [String]) -> Constraint { .anyOf(texts.map { matches($0) }) }

  private var symbols: [Condition] {
    let named = article.symbols.filter { $0.contains("!") }
    guard !named.isEmpty else { return [] }
    // The stop's own machinery is on every stack.
    let telling = named.filter { symbol in
      !["kebugcheck", "kitrap", "kidispatch", "kipagefault", "kisystemservice"].contains {
        symbol.lowercased().contains("!" + $0)
      }
    }
    guard !telling.isEmpty else { return [] }
    return [
      Condition(
        "a function the article names is on top of a stack", effect: .supports, weight: 3,
        clauses: [Clause(.frame, ["position": matches("top"), "symbol": anyOf(telling)])]),
      Condition(
        "a function the article names is on a stack", effect: .supports, weight: 1.5,
        clauses: [Clause(.frame, ["symbol": anyOf(telling)])]),
      Condition(
        "the exception was raised in a function the article names", effect: .supports, weight: 3,
        clauses: [Clause(.exception, ["symbol": anyOf(telling)])]),
    ]
  }

  private var drivers: [Condition] {
    let special = article.drivers.filter { !Self.core.contains($0.lowercased()) }
    let core = article.drivers.filter { Self.core.contains($0.lowercased()) }
    var conditions: [Condition] = []
    if !special.isEmpty {
      let constraint = anyOf(special)
      conditions += [
        Condition(
          "the failure is laid to a driver the article names", effect: .supports, weight: 1.5,
          clauses: [Clause(.culprit, ["module": constraint])]),
        Condition(
          "a driver the article names is among a stack's upper frames", effect: .supports, weight: 0.8,
          clauses: [Clause(.frame, ["position": anyOf(["top", "upper"]), "module": constraint])]),
        Condition(
          "a driver the article names is loaded", effect: .weak, weight: 0.4,
          clauses: [Clause(.module, ["module": constraint])]),
      ]
    }
    if !core.isEmpty {
      conditions.append(
        Condition(
          "the failure is laid to a part of Windows the article names", effect: .supports, weight: 0.6,
          clauses: [Clause(.culprit, ["module": anyOf(core)])]))
    }
    if special.count == 1, let driver = special.first, driver.lowercased().hasSuffix(".sys") {
      conditions.append(
        Condition(
          "\(driver) is neither loaded nor among the drivers unloaded before", effect: .contradicts,
          clauses: [
            Clause(.module, ["module": matches(driver)], absent: true, given: .moduleList),
            Clause(.unloadedModule, ["module": matches(driver)], absent: true),
          ]))
    }
    return conditions
  }

  /// A fix of more files than this is a roll-up, which replaces something of everything.
  private static let maximumFixedFiles = 12

  private var fixedFiles: [Condition] {
    let names = article.files.map { $0.name.lowercased() }.uniqued
    guard (1...Self.maximumFixedFiles).contains(names.count) else { return [] }
    let core = names.filter { Self.core.contains($0) }
    let special = names.filter { !Self.core.contains($0) }
    return [(special, 1.3), (core, 0.9)].compactMap { files, weight in
      files.isEmpty
        ? nil
        : Condition(
          "the failure is laid to a file that the article's fix replaces", effect: .supports, weight: weight,
          clauses: [Clause(.culprit, ["module": anyOf(files)])])
    }
  }

  private var tags: [Condition] {
    let tags = article.poolTags.filter { PoolTag($0) != nil }.uniqued
    guard !tags.isEmpty else { return [] }
    let tag = anyOf(tags)
    var conditions = [
      Condition(
        "a pool tag the article names grows and is not given back", effect: .supports, weight: 1.8,
        clauses: [Clause(.poolGrowth, ["tag": tag, "verdict": matches("leak")])]),
      Condition(
        "a pool tag the article names holds a large share of a pool", effect: .supports, weight: 1,
        clauses: [Clause(.poolUse, ["tag": tag, "share": .compares(.atLeast, Operand("0.2"))])]),
      Condition(
        "a pool tag the article names is among the largest", effect: .supports, weight: 0.8,
        clauses: [Clause(.poolUse, ["tag": tag, "rank": .compares(.atMost, Operand("3"))])]),
      Condition(
        "another tag holds most of a pool", effect: .contradicts,
        clauses: [
          Clause(.poolUse, ["tag": .not(tag), "share": .compares(.atLeast, Operand("0.6"))]),
          Clause(.poolGrowth, ["tag": tag, "verdict": matches("leak")], absent: true),
          Clause(.poolUse, ["tag": tag, "share": .compares(.atLeast, Operand("0.2"))], absent: true),
          Clause(.poolUse, ["tag": tag, "rank": .compares(.atMost, Operand("3"))], absent: true),
        ]),
    ]
    if tags.count == 2 {
      conditions.append(
        Condition(
          "the two pool tags the article names rise in step", effect: .supports, weight: 3,
          clauses: [Clause(.poolInStep, ["tags": matches(tags.sorted().joined(separator: ","))])]))
      conditions.append(
        Condition(
          "both pool tags the article names grow and are not given back", effect: .supports, weight: 3,
          clauses: tags.map { Clause(.poolGrowth, ["tag": matches($0), "verdict": matches("leak")]) }))
    }
    let drivers = article.drivers.filter { !Self.core.contains($0.lowercased()) }
    guard !drivers.isEmpty else { return conditions }
    let owned = Clause(.poolOwner, ["tag": tag, "module": anyOf(drivers), "means": anyOf(["stacks", "descriptors"])])
    conditions.append(
      Condition(
        "allocations of the article's tag lead to its driver", effect: .supports, weight: 2, clauses: [owned]))
    if article.mechanism == .leak {
      conditions.append(
        Condition(
          "allocations of the article's tag grow, are not given back and lead to its driver", effect: .decisive,
          clauses: [owned, Clause(.poolGrowth, ["tag": tag, "verdict": matches("leak")])]))
    }
    conditions.append(
      Condition(
        "allocations of the article's tag lead to another driver", effect: .contradicts,
        clauses: [
          Clause(
            .poolOwner, ["tag": tag, "module": .not(anyOf(drivers)), "means": anyOf(["stacks", "descriptors"])]),
          Clause(.poolOwner, ["tag": tag, "module": anyOf(drivers)], absent: true),
        ]))
    return conditions
  }

  private var stops: [Condition] {
    guard !article.stopCodes.isEmpty else { return [] }
    let codes = anyOf(article.stopCodes.map { $0.base.description })
    var conditions = [
      Condition("the stop code is one the article names", effect: .weak, clauses: [Clause(.stop, ["code": codes])])
    ]
    // An address in a parameter is the same on machines with the same files; small numbers and status codes are on all.
    let names: [FactAttribute] = ["parameter1", "parameter2", "parameter3", "parameter4"]
    for line in article.stopParameters {
      for (name, text) in zip(names, line) {
        guard let value = parseHexadecimal(text), value >= 0x8000_0000, value >> 28 != 0xC || value & 0x0FFF_0000 != 0
        else {
          continue
        }
        conditions.append(
          Condition(
            "the stop's \(name.rawValue) is the one the article prints", effect: .supports, weight: 1,
            clauses: [Clause(.stop, ["code": codes, name: matches(hexadecimal(value))])]))
      }
    }
    return conditions
  }

  private var mechanism: [Condition] {
    switch article.mechanism {
    case .deadlock, .exhaustion:
      var conditions = [Condition("the machine hung", effect: .weak, weight: 0.3, clauses: [Clause(.hang)])]
      if !article.drivers.isEmpty {
        conditions.append(
          Condition(
            "a work queue is starved by a driver the article names", effect: .supports, weight: 3,
            clauses: [Clause(.queueStarved, ["client": anyOf(article.drivers)])]))
      }
      return conditions
    case .race, .nullDereference:
      return [
        Condition(
          "another session was removing what the faulting thread used", effect: .supports, weight: 1.8,
          clauses: [Clause(.otherSessionRemoves)]),
        Condition("a NULL was used", effect: .supports, weight: 0.6, clauses: [Clause(.nullDereference)]),
      ]
    case .badInput:
      return [
        Condition(
          "a capture holds malformed frames", effect: .supports, weight: 1, clauses: [Clause(.malformedFrame)])
      ]
    case .leak, .memoryCorruption, .other, .none: return []
    }
  }
}
