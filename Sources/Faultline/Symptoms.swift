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
    var servicePack: String?
    var architecture: String?
    var processName: String?
    var loadedModules: [String]?
    var observations: [String]?
  }

  public init(json bytes: [UInt8]) throws(ReadError) {
    let document: Document
    do {
      document = try JSONDecoder().decode(Document.self, from: Data(bytes))
    } catch {
      throw ReadError(
        .malformed, reading: "symptoms", at: .file(0), expected: "a JSON object as faultline.symptoms/1 describes",
        found: "\(error)")
    }
    if let text = document.stopCode {
      guard let code = Self.stopCode(text) else {
        throw ReadError(.malformed, reading: "stopCode", expected: "a stop code such as 0x0000000a", found: text)
      }
      stopCode = code
    }
    parameters = document.parameters ?? []
    if let name = document.module {
      var module = ModuleIdentity(name: name, version: document.moduleVersion.flatMap { FileVersion($0) })
      if let stamp = document.moduleTimestamp { module.fileDate = stamp.count == 10 ? stamp : nil }
      modules = [module]
    }
    stackTop = document.stackTop ?? []
    poolTags = document.poolTag.flatMap { PoolTag($0) }.map { [$0] } ?? []
    pool = document.pool
    product = document.osProduct
    servicePack = document.servicePack.flatMap { ServicePack($0) }
    architecture = document.architecture.flatMap { Architecture(named: $0) }
    processName = document.processName
    loadedModules = document.loadedModules ?? []
    observations = document.observations ?? []
  }

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
    if let processName { add(.process, "The process is \(processName).", ["process": .text(processName)]) }
    return facts
  }

  public var machine: Machine {
    let name = product.flatMap { Product.canonical($0) }
    return Machine(
      product: name?.product ?? product, servicePack: servicePack ?? name?.servicePack,
      architecture: architecture ?? name?.architecture,
      files: modules)
  }
}
