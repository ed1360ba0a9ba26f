import Synchronization

/// The structure types of one kernel, from its own symbols.
public protocol StructureTypes: Sendable {
  /// nil where the type has no such field. A dotted name reaches into embedded structures.
  func offset(_ type: String, _ field: String) -> Int?
  /// nil where no such type is defined.
  func size(of type: String) -> Int?
}

/// Answers of `StructureTypes`, asked once each: walks over thousands of structures ask for the same few.
final class SymbolLayout: Sendable {
  private let types: any StructureTypes
  /// The table is this very kernel's: where public symbols leave a field's name out, it still counts.
  private let tableIsExact: Bool
  private let answers = Mutex<[String: Int?]>([:])

  init(_ types: any StructureTypes, tableIsExact: Bool) {
    self.types = types
    self.tableIsExact = tableIsExact
  }

  private func answer(_ key: String, _ ask: () -> Int?) -> Int? {
    if let known = answers.withLock({ $0[key] }) { return known }
    let value = ask()
    answers.withLock { $0[key] = .some(value) }
    return value
  }

  func offset(_ type: String, _ field: String, table: () -> Int?) -> Int? {
    answer("\(type).\(field)") {
      if let offset = types.offset(type, field) { return offset }
      return tableIsExact || types.size(of: type) == nil ? table() : nil
    }
  }

  func size(of type: String, table: () -> Int?) -> Int? { answer(type) { types.size(of: type) ?? table() } }
}
