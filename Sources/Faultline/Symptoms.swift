import ByteReading
import Facts
import KernelLayouts

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What somebody typed or a program sent instead of evidence: `faultline.symptoms/1`.
public struct Symptoms: Hashable, Sendable {
  public var stopCode: StopCode?
  /// As typed; hexadecimal ones count.
  public var parameters: [String] = []
  public var modules: [ModuleIdentity] = []
  /// Modules that are loaded, without being suspected.
  public var loadedModules: [String] = []
  /// Topmost first: `netbt!NbtCopyToStartOfIndicate`.
  public var stackTop: [String] = []
  public var poolTags: [PoolTag] = []
  /// `paged` or `nonpaged`.
  public var pool: String?
  public var product: String?
  public var servicePack: ServicePack?
  public var architecture: Architecture?
  public var processName: String?
  public var observations: [String] = []

  public init() {}

  /// Values that were given but are not understood, such as a pool tag of five letters: they take no part, and the report says so.
  public private(set) var notUnderstood: [Missing] = []

  /// Keys as the contract and the evaluation send them; unknown keys are ignored, wrong types are errors.
  private struct Document: Decodable {
    var schema: String?
    var stopCode: String?
    var parameters: [String]?
    var module: String?
    var moduleVersion: String?
    var moduleTimestamp: String?
    var stackTop: [String]?
    var poolTag: String?
    var pool: String?
    var osProduct: String?
    var servicePack: NumberOrText?
    var architecture: String?
    var processName: String?
    var loadedModules: [String]?
    var observations: [String]?
  }

  /// A service pack is a number, or text where it has a letter.
  private struct NumberOrText: Decodable {
    var text: String

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let number = try? container.decode(Int.self) {
        text = String(number)
      } else {
        text = try container.decode(String.self)
      }
    }
  }

  public init(json bytes: [UInt8]) throws(ReadError) {
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(bytes))
    } catch {
      throw Self.error(error)
    }
    if let schema = document.schema, schema != "faultline.symptoms/1" {
      throw ReadError(
        .unsupported, reading: "symptoms > schema", at: .file(0), expected: "faultline.symptoms/1", found: schema)
    }
    if let text = document.stopCode {
      guard let code = Self.stopCode(text) else {
        throw ReadError(
          .malformed, reading: "symptoms > stopCode", at: .file(0), expected: "a stop code such as 0x0000000a",
          found: text)
      }
      stopCode = code
    }
    parameters = document.parameters ?? []
    let version = read("moduleVersion", document.moduleVersion, "a version of four numbers") { FileVersion($0) }
    let date = read("moduleTimestamp", document.moduleTimestamp, "a date as YYYY-MM-DD") { text in
      text.utf8.count == 10 && CivilTime(rfc3339: text) != nil ? text : nil
    }
    if let name = document.module {
      var module = ModuleIdentity(name: name, version: version)
      module.fileDate = date
      modules = [module]
    }
    stackTop = document.stackTop ?? []
    poolTags = read("poolTag", document.poolTag, "one to four characters") { PoolTag($0) }.map { [$0] } ?? []
    pool = read("pool", document.pool, "paged or nonpaged") {
      ["paged", "nonpaged"].contains($0.lowercased()) ? $0.lowercased() : nil
    }
    product = document.osProduct
    servicePack = read("servicePack", document.servicePack?.text, "a service pack such as 2 or 6a") { ServicePack($0) }
    architecture = read("architecture", document.architecture, "x86, x64, arm64, ia64 or alpha") {
      Architecture(named: $0)
    }
    processName = document.processName
    loadedModules = document.loadedModules ?? []
    observations = document.observations ?? []
  }

  private mutating func read<Value>(
    _ key: String, _ text: String?, _ expected: String, _ value: (String) -> Value?
  ) -> Value? {
    guard let text else { return nil }
    if let value = value(text) { return value }
    notUnderstood.append(
      Missing("symptoms.\(key)", because: .malformed, detail: "Expected \(expected), found '\(text)'."))
    return nil
  }

  /// The decoder's complaint as one about a file.
  private static func error(_ error: any Error) -> ReadError {
    func place(_ path: [any CodingKey]) -> String {
      (["symptoms"] + path.map { key in key.intValue.map { "[\($0)]" } ?? key.stringValue }).joined(separator: " > ")
    }
    guard case .typeMismatch(_, let context)? = error as? DecodingError, !context.codingPath.isEmpty else {
      return ReadError(
        .malformed, reading: "symptoms", at: .file(0), expected: "a JSON object as faultline.symptoms/1 describes",
        found: "other text")
    }
    let isList = listKeys.contains(context.codingPath.last?.stringValue ?? "")
    return ReadError(
      .malformed, reading: place(context.codingPath), at: .file(0), expected: isList ? "a list of text" : "text",
      found: "another type")
  }

  private static let listKeys: Set<String> = ["parameters", "stackTop", "loadedModules", "observations"]

  /// `0x41`, `41`, `00000041`, `0x0000000A`, or a name such as `IRQL_NOT_LESS_OR_EQUAL`.
  public static func stopCode(_ text: String) -> StopCode? {
    if let value = parseHexadecimal(text), let code = UInt32(exactly: value) { return StopCode(code) }
    return StopCodes.code(named: text)
  }

  /// The typed symptoms as facts: stated, not observed.
  public func facts(evidence: Int?) -> [Fact] {
    var facts: [Fact] = []
    func add(_ kind: FactKind, _ text: String, _ attributes: [FactAttribute: FactValue]) {
      facts.append(Fact(kind, text, attributes: attributes, trust: .stated, evidence: evidence, origin: "symptoms"))
    }
    if let stopCode {
      var attributes: [FactAttribute: FactValue] = ["code": .stopCode(stopCode.base)]
      let name = StopCodes.name(of: stopCode)
      if let name { attributes["name"] = .text(name) }
      for (index, text) in parameters.prefix(4).enumerated() {
        attributes[FactAttribute(rawValue: "parameter\(index + 1)")] =
          parseHexadecimal(text).map { .address(VirtualAddress($0)) } ?? .text(text)
      }
      add(.stop, "The stop code is \(stopCode)" + (name.map { " \($0)" } ?? "") + ".", attributes)
      addFault(of: stopCode, add)
    }
    for module in modules {
      var attributes: [FactAttribute: FactValue] = ["module": .text(module.name)]
      if let version = module.version { attributes["version"] = .version(version) }
      add(
        .culprit, "\(module.name)" + (module.version.map { " \($0)" } ?? "") + " is named as the module involved.",
        attributes)
      add(.module, "\(module.name) is on the machine.", attributes)
    }
    for name in loadedModules { add(.module, "\(name) is loaded.", ["module": .text(name)]) }
    for (index, symbol) in stackTop.enumerated() {
      var attributes: [FactAttribute: FactValue] = [
        "index": .integer(Int64(index)), "position": .text(index == 0 ? "top" : index <= 5 ? "upper" : "any"),
        "thread": .text("faulting"),
      ]
      let routine = String(symbol.prefix { $0 != "+" })
      if routine.contains("!") {
        attributes["symbol"] = .text(routine)
        attributes["module"] = .text(String(routine.prefix { $0 != "!" }))
      } else {
        attributes["module"] = .text(routine)
      }
      add(.frame, "\(symbol) is on the stack.", attributes)
    }
    for tag in poolTags {
      // A tag somebody names is the one that stands out.
      var attributes: [FactAttribute: FactValue] = ["tag": .poolTag(tag), "rank": .integer(1)]
      if let pool { attributes["pool"] = .text(pool) }
      add(.poolUse, "Pool tag \(tag) stands out" + (pool.map { " in \($0) pool" } ?? "") + ".", attributes)
    }
    if poolTags.isEmpty, let pool { add(.poolUse, "The \(pool) pool stands out.", ["pool": .text(pool)]) }
    for observation in observations { add(.observation, observation, ["words": .text(observation)]) }
    for id in Self.eventIDs(in: observations) { add(.event, "Event \(id) was logged.", ["id": .text(id)]) }
    if let processName { add(.process, "The process is \(processName).", ["process": .text(processName)]) }
    return facts
  }

  /// The numbers in `event 2019`, `Event ID: 2020` and `events 2019 and 2020`, each once.
  static func eventIDs(in observations: [String]) -> [String] {
    var ids: [String] = []
    for observation in observations {
      var isBehind = false
      for word in observation.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
        if word == "event" || word == "events" {
          isBehind = true
        } else if isBehind, (1...5).contains(word.utf8.count), word.utf8.allSatisfy({ $0 &- 0x30 < 10 }) {
          if !ids.contains(String(word)) { ids.append(String(word)) }
        } else if !["id", "ids", "and", "or", "no", "number"].contains(word) {
          isBehind = false
        }
      }
    }
    return ids
  }

  /// What the parameters say of the fault, as a dump's would.
  private func addFault(of code: StopCode, _ add: (FactKind, String, [FactAttribute: FactValue]) -> Void) {
    guard let meaning = StopCodeMeaning.of(code) else { return }
    if meaning.stopClass == .forced, let trigger = meaning.trigger {
      add(.forcedDump, "The stop was forced: its code says nothing about why.", ["how": .text(trigger.rawValue)])
    }
    let values = parameters.prefix(4).map { parseHexadecimal($0) ?? 0 }
    let status = meaning.value(.exceptionCode, in: values).map { NTStatus(UInt32(truncatingIfNeeded: $0)) }
    let referenced = meaning.value(.referenced, in: values)
    guard status != nil || referenced != nil else { return }
    var attributes: [FactAttribute: FactValue] = [:]
    attributes["code"] = status.map { .status($0) }
    attributes["referenced"] = referenced.map { .address(VirtualAddress($0)) }
    attributes["address"] = meaning.value(.instruction, in: values).map { .address(VirtualAddress($0)) }
    attributes["access"] = meaning.access(in: values).map { .text($0.rawValue) }
    add(
      .exception,
      (status.map { "Exception \($0)" } ?? "A memory access failed")
        + (referenced.map { " at address \(hexadecimal($0))" } ?? "") + ".",
      attributes)
    if let referenced, referenced < 0x1_0000, status == nil || status == .accessViolation {
      add(
        .nullDereference, "A null pointer plus \(hexadecimal(referenced)) was followed.",
        ["referenced": .address(VirtualAddress(referenced))])
    }
  }

  public var machine: Machine {
    // Windows XP for x64 is another product than Windows XP: the architecture is part of the name.
    let name = product.flatMap { text in
      architecture.flatMap { Product.canonical("\(text) \($0)") } ?? Product.canonical(text)
    }
    return Machine(
      product: name?.product ?? product, servicePack: servicePack ?? name?.servicePack,
      architecture: architecture ?? name?.architecture,
      files: modules)
  }
}
