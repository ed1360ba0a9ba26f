import Facts

/// What kind of failure a stop code stands for.
public enum StopClass: String, Hashable, Sendable, CaseIterable {
  /// Somebody asked for the dump; the code says nothing about the failure.
  case forced
  case exception, memory, hang, watchdog, hardware, boot, storage, security, other
  case poolExhaustion = "pool-exhaustion"
  case poolCorruption = "pool-corruption"
}

/// How a dump came about where it was not written by the failure itself.
public enum DumpTrigger: String, Hashable, Sendable, CaseIterable {
  case keyboard, nmi
  case powerButton = "power-button"
  /// Written from a system that went on running.
  case liveDump = "live-dump"
}

/// What a stop code means and how its parameters are read.
///
/// Source: the public "Bug check code reference" and the pages it links to; the wording is ours. See
/// Documentation/Formats/bundled-data.md, `stop-parameters.tsv`.
public struct StopCodeMeaning: Hashable, Sendable {
  /// The base code, without the variant bit.
  public let code: StopCode
  public let stopClass: StopClass
  /// How the dump was asked for; nil when the failure itself wrote it.
  public let trigger: DumpTrigger?
  /// One sentence; empty for live dumps of which only class and trigger are kept.
  public let sentence: String
  /// What was tried, for codes that imply it without a parameter (0xBE: a write).
  public internal(set) var impliedAccess: MemoryAccess?
  /// The four parameters when no variant applies.
  var parameters: [StopParameter]
  /// Readings that hold when one parameter has a certain value.
  var variants: [Variant] = []

  struct Variant: Hashable, Sendable {
    /// The parameter that decides, 1 to 4, and the values for which the variant holds.
    var index: Int
    var values: [UInt64]
    var parameters: [StopParameter] = []
  }

  /// The meaning of a code or of the code behind a variant; nil for codes without one.
  public static func of(_ code: StopCode) -> StopCodeMeaning? {
    StopCodeMeanings.table.meaning(of: code) ?? StopCodeMeanings.table.meaning(of: code.base)
  }

  /// Codes that have a meaning, ascending.
  public static var codes: [StopCode] { StopCodeMeanings.table.index.keys.map { StopCode($0) }.sorted() }

  /// The four parameters as this stop's values make them readable; pass fewer values when fewer are known.
  public func parameters(for values: [UInt64]) -> [StopParameter] {
    var result = parameters
    for variant in variants {
      guard let value = value(of: variant.index, in: values) else { continue }
      guard variant.values.contains(value) || variant.values.contains(value & 0xFFFF_FFFF) else { continue }
      for parameter in variant.parameters where result.indices.contains(parameter.index - 1) {
        result[parameter.index - 1] = parameter
      }
    }
    return result
  }

  /// The value of the parameter that has this role in this stop; nil when none has, or it is not among `values`.
  public func value(_ role: StopParameterRole, in values: [UInt64]) -> UInt64? {
    guard let parameter = parameters(for: values).first(where: { $0.role == role }) else { return nil }
    return value(of: parameter.index, in: values)
  }

  /// What was tried: from the parameter that says so, else from the code itself.
  public func access(in values: [UInt64]) -> MemoryAccess? {
    for parameter in parameters(for: values) where parameter.rule == .access {
      if let access = value(of: parameter.index, in: values).flatMap(parameter.access) { return access }
    }
    return impliedAccess
  }

  private func value(of index: Int, in values: [UInt64]) -> UInt64? {
    values.indices.contains(index - 1) ? values[index - 1] : nil
  }
}
