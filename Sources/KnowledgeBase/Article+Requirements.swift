extension ArticleDocument {
  /// Prerequisites as printed, in the text's order.
  func requirements(_ paragraphs: [ArticleParagraph]) -> [String] {
    var result: [String] = []
    func add(_ range: Range<Int>, of text: FoldedBytes) {
      let clean = Self.withoutStops(range, of: text)
      guard !clean.isEmpty, clean.count <= 300 else { return }
      let value = text.string(clean)
      guard !RequirementPhrases.notProducts.contains(where: { text.hasPhrase($0, at: clean.lowerBound) }),
        text.bytes[clean].contains(where: { $0.isUpper })
      else { return }
      result.appendNew(value)
    }
    var position = 0
    while position < paragraphs.count {
      let paragraph = paragraphs[position]
      position += 1
      guard [.resolution, .workaround, .body, .status, .moreInformation].contains(paragraph.section) else { continue }
      guard paragraph.phrases.holdsAny(PassagePhrases.requirements) else { continue }
      let text = paragraph.text
      if text.bytes.last == ASCII.colon, paragraph.phrases.holdsAny(PassagePhrases.prerequisiteLists),
        paragraph.phrases.holdsAny(PassagePhrases.appliesFix)
      {
        // One product on each of the next lines.
        while position < paragraphs.count, isListed(paragraphs[position]), paragraphs[position].place == paragraph.place
        {
          let item = paragraphs[position].text
          let marker = item.find("•") == 0 ? 4 : item.hasPhrase("- ", at: 0) ? 2 : 0
          add(min(marker, item.count)..<item.count, of: item)
          position += 1
        }
        continue
      }
      for range in text.sentences() {
        guard let found = Self.requirement(in: FoldedBytes(Array(text.bytes[range]))) else { continue }
        add((found.lowerBound + range.lowerBound)..<(found.upperBound + range.lowerBound), of: text)
      }
    }
    return result
  }

  /// A short line without a sentence's end.
  private func isListed(_ paragraph: ArticleParagraph) -> Bool {
    guard let last = paragraph.bytes.last else { return false }
    return paragraph.bytes.count <= 120 && last != ASCII.dot && last != ASCII.colon
  }

  private static func appliesFix(_ text: FoldedBytes) -> Bool {
    text.containsAny(RequirementPhrases.appliesFix)
  }

  /// What a sentence names as needed before the fix.
  private static func requirement(in sentence: FoldedBytes) -> Range<Int>? {
    for phrase in RequirementPhrases.subjects {
      guard let found = sentence.find(phrase) else { continue }
      return upToTail(sentence, from: found + phrase.utf8.count)
    }
    if let found = RequirementPhrases.before.lazy.compactMap({ sentence.find($0) }).first,
      sentence.containsAny(["fix", "update"])
    {
      var start = 0
      for note in ["note: ", "note "] where sentence.hasPhrase(note, at: 0) && start == 0 { start = note.utf8.count }
      // `Because of file dependencies, X must be installed before …`
      if sentence.hasPhrase("because of ", at: start) || sentence.hasPhrase("due to ", at: start),
        let comma = sentence.find(", ", from: start, to: found)
      {
        start = comma + 2
      }
      return start..<found
    }
    guard appliesFix(sentence) else { return nil }
    for phrase in RequirementPhrases.conditions {
      guard let found = sentence.find(phrase) else { continue }
      let start = found + phrase.utf8.count
      if sentence.hasPhrase("restart", at: start) || sentence.hasPhrase("to restart", at: start) { return nil }
      return upToTail(sentence, from: start)
    }
    return nil
  }

  private static func upToTail(_ sentence: FoldedBytes, from start: Int) -> Range<Int> {
    var start = start
    for phrase in RequirementPhrases.leads where sentence.hasPhrase(phrase, at: start) { start += phrase.utf8.count }
    var end = sentence.count
    for phrase in RequirementPhrases.tails {
      if let found = sentence.find(phrase, from: start), found < end { end = found }
    }
    return start..<max(start, end)
  }

  private static func withoutStops(_ range: Range<Int>, of text: FoldedBytes) -> Range<Int> {
    var range = trimmed(text.bytes, range)
    while let last = text.bytes[range].last, last == ASCII.dot || last == ASCII.comma || last == ASCII.colon {
      range = trimmed(text.bytes, range.lowerBound..<(range.upperBound - 1))
    }
    return range
  }

  /// Ids of the fixes that this one replaces, and of those that replace it, in the text's order.
  func replacements(own: String?, _ paragraphs: [ArticleParagraph]) -> (replaces: [String], supersededBy: [String]) {
    guard mayReplace(paragraphs) else { return ([], []) }
    var replaces: [String] = []
    var supersededBy: [String] = []
    let mark = layout == .archive ? "Q" : "KB"
    // What the numbers on the lines below are, after a sentence that announces them.
    var replacing = false
    var superseding = false
    for (line, role) in replacementUnits(paragraphs) {
      if role == .heading { (replacing, superseding) = (false, false) }
      let states = RequirementPhrases.replaces.lazy.compactMap { line.find($0) }.first
      let isSuperseded = RequirementPhrases.superseded.lazy.compactMap { line.find($0) }.first
      // A sentence that goes on to another subject ends the list.
      if role == .text { (replacing, superseding) = (states != nil, false) }
      if states != nil { replacing = true }
      if replacing {
        for number in numbers(line, from: states ?? 0) where mark + number != own { replaces.appendNew(mark + number) }
      } else if let isSuperseded, line.containsAny(["fix", "update", "patch"]) {
        let found = numbers(line, from: isSuperseded)
        for number in found where mark + number != own { supersededBy.appendNew(mark + number) }
        superseding = found.isEmpty
      } else if superseding {
        for number in numbers(line, from: 0) where mark + number != own { supersededBy.appendNew(mark + number) }
      }
    }
    return (replaces, supersededBy)
  }

  /// False where no passage and no line outside the passages states a replacement.
  private func mayReplace(_ paragraphs: [ArticleParagraph]) -> Bool {
    if paragraphs.contains(where: { $0.phrases.holdsAny(PassagePhrases.replacements) }) { return true }
    return (0..<min(footer, text.lines.count)).contains { index in
      let role = roles[index]
      guard role == .heading || role == .reference || role == .rule, places[index].section != .header else {
        return false
      }
      return PassagePhrases.index.phrases(in: text.bytes, text.lines[index].content)
        .holdsAny(PassagePhrases.replacements)
    }
  }

  /// Lines, and in wrapped texts the sentences of the prose between them: a number may stand on the next line.
  private func replacementUnits(_ paragraphs: [ArticleParagraph]) -> [(FoldedBytes, Role)] {
    let isWrapped = layout == .archive || layout == .hardWrapped
    var result: [(FoldedBytes, Role)] = []
    var next = paragraphs[...]
    for index in text.lines.indices.prefix(footer) where roles[index] != .blank && places[index].section != .header {
      guard roles[index] != .table else { continue }
      guard isWrapped, roles[index] == .text else {
        result.append((text.folded(index), roles[index]))
        continue
      }
      while let paragraph = next.first, paragraph.line <= index {
        next = next.dropFirst()
        for range in paragraph.text.sentences() {
          result.append((FoldedBytes(Array(paragraph.bytes[range])), .text))
        }
      }
    }
    return result
  }

  /// Article numbers anywhere in a line.
  private func numbers(_ line: FoldedBytes, from start: Int) -> [String] {
    var result: [String] = []
    var offset = start
    while offset < line.count {
      let isStart = offset == 0 || !line.bytes[offset - 1].isWord
      if isStart, let number = articleNumber(line.bytes, at: offset, prefix: layout == .archive) {
        let text = line.string(number.digits)
        result.appendNew(text)
        offset = number.end
      } else {
        offset += 1
      }
    }
    return result
  }

  /// Whether the computer must be restarted; nil where the text does not say it of the fix or of the steps.
  func restartRequired(_ paragraphs: [ArticleParagraph]) -> Bool? {
    var result: Bool?
    for paragraph in paragraphs
    where paragraph.phrases.holdsAny(PassagePhrases.restarts)
      && [.resolution, .workaround, .body].contains(paragraph.section)
    {
      let isPart = paragraph.place.part == .restart
      for range in paragraph.text.sentences() {
        let sentence = FoldedBytes(Array(paragraph.bytes[range]))
        guard sentence.containsAny(["restart", "reboot"]) else { continue }
        if sentence.containsAny(RequirementPhrases.noRestart) {
          if result == nil { result = false }
          continue
        }
        let isOfFix = appliesFixOrAfter(sentence) || isPart
        let isStep = paragraph.section != .body && sentence.containsAny(RequirementPhrases.restartSteps)
        if isOfFix && sentence.containsAny(RequirementPhrases.mustRestart) || isStep { result = true }
      }
    }
    return result
  }

  private func appliesFixOrAfter(_ sentence: FoldedBytes) -> Bool {
    sentence.containsAny(["apply", "install", "this hotfix", "this update", "this fix"])
  }

  /// Whether the fix or the workaround changes the registry by hand; nil where the text does not say it.
  func registryChange(_ paragraphs: [ArticleParagraph]) -> Bool? {
    var result: Bool?
    for paragraph in paragraphs where paragraph.phrases.holdsAny(PassagePhrases.registryChanges) {
      for range in paragraph.text.sentences() {
        let sentence = FoldedBytes(Array(paragraph.bytes[range]))
        guard sentence.contains("registry") else { continue }
        if sentence.containsAny(RequirementPhrases.noRegistryChange) {
          if result == nil { result = false }
        } else if sentence.containsAny(RequirementPhrases.registryChange) {
          result = true
        }
      }
    }
    return result
  }
}

/// The words by which articles state what a fix needs and does. Lower case.
enum RequirementPhrases {
  static let lists = [
    "one of the following", "the following operating systems", "the following products", "must have the following",
  ]
  /// In a sentence on applying the fix.
  static let appliesFix = [
    "apply this", "install this", "applying this", "this hotfix requires", "this fix requires", "this update requires",
  ]
  /// What stands before them is the prerequisite.
  static let before = [
    " should be applied prior to", " must be installed before", " must be applied before",
    " must also be installed before",
    " must be installed prior to", " must be applied to windows",
  ]
  static let replaces = [
    "this hotfix replaces", "this fix replaces", "this update replaces", "this security update replaces",
    "this patch replaces", "this hotfix supersedes", "this fix supersedes", "this update supersedes",
    "this patch supersedes",
  ]
  static let superseded = [
    "has been superseded by", "is superseded by", "was superseded by", "has been replaced by", "was replaced by",
    "is replaced by",
  ]
  /// What follows is the prerequisite.
  static let subjects = [
    "this hotfix requires ", "this fix requires ", "this update requires ", "this patch requires ",
    "the hotfix requires ", "this package requires ", "this security patch requires ",
  ]
  /// In a sentence on applying the fix, what follows is the prerequisite.
  static let conditions = [
    "you must be running ", "you must have ", "must be running ", "must run ", "you must first install ",
    "you must install ",
    "must have ", "you need ",
  ]
  static let leads = [
    "that you have ", "that you be running ", "you to have ", "you have ", "you already have the ", "already have ",
    "that ", "either ",
  ]
  /// What is no product but a sentence going on.
  static let notProducts = [
    "this ", "to ", "you ", "a restart", "an update to", "- ", "previously", "your ", "it ", "no ", "registry",
    "a registry", "further",
  ]
  static let tails = [
    " installed on", " installed in", " to be installed", " installed.", " installed", " on the computer",
    " on your computer",
    " before you", " prior to", " to be running", " to apply this", " to install this", " (http", " because of ",
  ]
  static let noRestart = [
    "do not have to restart", "not required to restart", "does not require a restart", "do not need to restart",
    "no restart", "without restarting",
    "restart is not required", "does not require you to restart", "does not have to be restarted",
  ]
  static let mustRestart = [
    "must restart", "have to restart", "must be restarted", "restart your computer", "restart the computer",
    "need to restart",
    "restart is required", "requires a restart", "may have to restart", "must reboot",
  ]
  /// Steps of a procedure.
  static let restartSteps = [
    "quit registry editor and restart", "quit registry editor, and then restart", "and then restart windows",
    "restart your computer", "restart the system", "restart the computer", "have to be restarted", "then restart it",
    "shut down and restart", "restart the server", "restart the domain controller", "reboot the computer",
    "reboot the system",
  ]
  static let noRegistryChange = [
    "do not have to make any changes to the registry", "do not have to make any changes",
    "do not need to make any changes to the registry",
    "no registry", "do not have to change the registry", "do not have to modify the registry",
  ]
  static let registryChange = [
    "information about editing the registry", "information about modifying the registry",
    "tells you how to modify the registry", "about how to modify the registry",
    "using registry editor incorrectly", "if you use registry editor incorrectly", "must change the registry",
    "must create the following registry", "have to create the following registry", "you must modify the registry",
    "modify the registry incorrectly",
    "must make changes to the registry",
  ]
}
