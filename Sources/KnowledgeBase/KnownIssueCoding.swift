import Facts

/// Known issues as the program carries them: the catalogue's YAML files, read beforehand. Reading YAML took a third of the
/// time of a match. The files stay the source; a test compares the two and writes this form anew on request.
///
/// Form: a version byte, then the fields in the order below. Numbers are variable-length (seven bits a byte, lowest first),
/// texts are a length and UTF-8, lists a count and their elements, optional values a byte 0 or 1 before the value.
package enum KnownIssueCoding {
  static let version: UInt8 = 1

  package static func encode(_ issues: [KnownIssue]) -> [UInt8] {
    var writer = IssueWriter()
    writer.bytes = [version]
    var issues = issues
    writer.list(&issues, blank: KnownIssue(id: "", title: "")) { $0.issue(&$1) }
    return writer.bytes
  }

  /// nil where the bytes are of another version or damaged.
  static func decode(_ bytes: [UInt8]) -> [KnownIssue]? {
    guard bytes.first == version else { return nil }
    var reader = IssueReader(bytes: bytes)
    var issues: [KnownIssue] = []
    reader.list(&issues, blank: KnownIssue(id: "", title: "")) { $0.issue(&$1) }
    return reader.isDamaged || reader.offset != bytes.count ? nil : issues
  }
}

/// Walks the fields in one order, to write them or to read them: so the two cannot differ.
private protocol IssueCoder {
  mutating func number(_ value: inout UInt64)
  mutating func text(_ value: inout String)
}

extension IssueCoder {
  mutating func optional<Value>(
    _ value: inout Value?, blank: Value, _ code: (inout Self, inout Value) -> Void
  ) {
    var isThere: UInt64 = value == nil ? 0 : 1
    number(&isThere)
    guard isThere == 1 else {
      value = nil
      return
    }
    var inner = value ?? blank
    code(&self, &inner)
    value = inner
  }

  mutating func list<Value>(_ values: inout [Value], blank: Value, _ code: (inout Self, inout Value) -> Void) {
    var count = UInt64(values.count)
    number(&count)
    for index in 0..<Int(clamping: min(count, 1 << 16)) {
      if index == values.count { values.append(blank) }
      code(&self, &values[index])
    }
  }

  mutating func text(_ value: inout String?) { optional(&value, blank: "") { $0.text(&$1) } }

  mutating func texts(_ values: inout [String]) { list(&values, blank: "") { $0.text(&$1) } }

  mutating func flag(_ value: inout Bool) {
    var number: UInt64 = value ? 1 : 0
    self.number(&number)
    value = number == 1
  }

  mutating func flag(_ value: inout Bool?) { optional(&value, blank: false) { $0.flag(&$1) } }

  mutating func decimal(_ value: inout Double) {
    var bits = value.bitPattern
    number(&bits)
    value = Double(bitPattern: bits)
  }

  /// A name of a closed list; what is unknown reads as the first.
  mutating func name<Value: RawRepresentable & CaseIterable>(_ value: inout Value) where Value.RawValue == String {
    var text = value.rawValue
    self.text(&text)
    if let known = Value(rawValue: text) { value = known }
  }

  mutating func kind(_ value: inout FactKind) { text(&value.rawValue) }

  mutating func servicePack(_ value: inout ServicePack?) {
    var text = value?.description
    self.text(&text)
    value = text.flatMap { ServicePack($0) }
  }

  mutating func architecture(_ value: inout Architecture) { text(&value.rawValue) }

  mutating func operand(_ value: inout Operand) {
    text(&value.text)
    text(&value.folded)
    flag(&value.isPattern)
    optional(&value.number, blank: 0) { $0.decimal(&$1) }
    optional(&value.hexadecimal, blank: 0) { $0.number(&$1) }
    optional(&value.dotted, blank: []) { coder, parts in coder.list(&parts, blank: 0) { $0.number(&$1) } }
  }

  mutating func constraint(_ value: inout Constraint) {
    var form: UInt64
    var parts: [Constraint] = []
    var comparison = Comparison.atLeast
    var operand = Operand("")
    switch value {
    case .matches(let one): (form, operand) = (0, one)
    case .compares(let how, let one): (form, comparison, operand) = (1, how, one)
    case .anyOf(let several): (form, parts) = (2, several)
    case .allOf(let several): (form, parts) = (3, several)
    case .not(let one): (form, parts) = (4, [one])
    }
    number(&form)
    switch form {
    case 0:
      self.operand(&operand)
      value = .matches(operand)
    case 1:
      name(&comparison)
      self.operand(&operand)
      value = .compares(comparison, operand)
    default:
      list(&parts, blank: .matches(Operand(""))) { $0.constraint(&$1) }
      value = form == 2 ? .anyOf(parts) : form == 3 ? .allOf(parts) : parts.first.map { .not($0) } ?? .anyOf([])
    }
  }

  mutating func clause(_ value: inout Clause) {
    kind(&value.kind)
    var pairs = value.constraints.map { (name: $0.key.rawValue, constraint: $0.value) }.sorted { $0.name < $1.name }
    list(&pairs, blank: (name: "", constraint: .anyOf([]))) { coder, pair in
      coder.text(&pair.name)
      coder.constraint(&pair.constraint)
    }
    value.constraints = Dictionary(pairs.map { (FactAttribute(rawValue: $0.name), $0.constraint) }) { first, _ in first
    }
    flag(&value.absent)
    optional(&value.given, blank: .stop) { $0.kind(&$1) }
  }

  mutating func prerequisite(_ value: inout Prerequisite) {
    text(&value.product)
    servicePack(&value.servicePack)
    text(&value.update)
  }

  mutating func condition(_ value: inout Condition) {
    text(&value.text)
    name(&value.effect)
    decimal(&value.weight)
    list(&value.clauses, blank: Clause(.stop)) { $0.clause(&$1) }
  }

  mutating func product(_ value: inout AffectedProduct) {
    text(&value.product)
    var packs = value.servicePacks.map(\.description)
    texts(&packs)
    value.servicePacks = packs.compactMap { ServicePack($0) }
    list(&value.architectures, blank: .x86) { $0.architecture(&$1) }
    servicePack(&value.fixedIn)
    flag(&value.implied)
  }

  mutating func file(_ value: inout FixedFile) {
    text(&value.name)
    var version = value.version?.description
    text(&version)
    value.version = version.flatMap { FileVersion($0) }
    optional(&value.size, blank: 0) { $0.number(&$1) }
    text(&value.date)
    text(&value.time)
    optional(&value.architecture, blank: .x86) { $0.architecture(&$1) }
    text(&value.product)
    servicePack(&value.servicePack)
    optional(&value.branch, blank: .general) { $0.name(&$1) }
  }

  mutating func fix(_ value: inout Fix) {
    name(&value.kind)
    text(&value.id)
    text(&value.product)
    servicePack(&value.servicePack)
    list(&value.requires, blank: Prerequisite()) { $0.prerequisite(&$1) }
    flag(&value.restart)
    text(&value.availability)
  }

  mutating func workaround(_ value: inout Workaround) {
    text(&value.text)
    optional(&value.when, blank: Clause(.stop)) { $0.clause(&$1) }
    optional(&value.inPlace, blank: Clause(.stop)) { $0.clause(&$1) }
    list(&value.requires, blank: Prerequisite()) { $0.prerequisite(&$1) }
    texts(&value.commands)
    flag(&value.restart)
    flag(&value.partial)
  }

  mutating func settling(_ value: inout SettlingEvidence) {
    text(&value.text)
    list(&value.settles, blank: .stop) { $0.kind(&$1) }
    text(&value.system)
    texts(&value.commands)
  }

  mutating func issue(_ value: inout KnownIssue) {
    text(&value.id)
    text(&value.title)
    name(&value.mechanism)
    text(&value.summary)
    list(&value.conditions, blank: Condition("", effect: .weak, clauses: [])) { $0.condition(&$1) }
    list(&value.affected, blank: AffectedProduct(product: "")) { $0.product(&$1) }
    list(&value.files, blank: FixedFile(name: "")) { $0.file(&$1) }
    name(&value.fileTable)
    list(&value.fixes, blank: Fix(.hotfix)) { $0.fix(&$1) }
    texts(&value.replaces)
    texts(&value.supersededBy)
    texts(&value.references)
    flag(&value.restartRequired)
    flag(&value.registryChange)
    list(&value.workarounds, blank: Workaround("")) { $0.workaround(&$1) }
    list(&value.verification, blank: VerificationStep("")) { coder, step in
      coder.text(&step.text)
      coder.texts(&step.commands)
    }
    list(&value.settledBy, blank: SettlingEvidence("", settles: [])) { $0.settling(&$1) }
    text(&value.lastReviewed)
    texts(&value.notes)
  }
}

private struct IssueWriter: IssueCoder {
  var bytes: [UInt8] = []

  mutating func number(_ value: inout UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  mutating func text(_ value: inout String) {
    var count = UInt64(value.utf8.count)
    number(&count)
    bytes.append(contentsOf: value.utf8)
  }
}

/// Never reads beyond the end: what is missing reads as zero and marks the whole as damaged.
private struct IssueReader: IssueCoder {
  let bytes: [UInt8]
  var offset = 1
  var isDamaged = false

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func number(_ value: inout UInt64) {
    value = 0
    var shift: UInt64 = 0
    while shift < 64, offset < bytes.count {
      let next = bytes[offset]
      offset += 1
      value |= UInt64(next & 0x7F) << shift
      if next < 0x80 { return }
      shift += 7
    }
    isDamaged = true
    value = 0
  }

  mutating func text(_ value: inout String) {
    var count: UInt64 = 0
    number(&count)
    guard count <= UInt64(bytes.count - offset) else {
      isDamaged = true
      value = ""
      return
    }
    value = String(decoding: bytes[offset..<(offset + Int(count))], as: UTF8.self)
    offset += Int(count)
  }
}
