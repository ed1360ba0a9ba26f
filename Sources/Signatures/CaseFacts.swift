import Facts

/// The facts of one case as rules ask for them.
public struct CaseFacts: Sendable {
  public let facts: [Fact]
  private let byKind: [FactKind: [Fact]]

  public init(_ facts: [Fact]) {
    self.facts = facts
    byKind = Dictionary(grouping: facts, by: \.kind)
  }

  public func all(_ kind: FactKind) -> [Fact] { byKind[kind] ?? [] }
  public func first(_ kind: FactKind) -> Fact? { byKind[kind]?.first }

  /// The stop, where the evidence has one.
  var stop: StopCode? {
    guard case .stopCode(let code)? = first(.stop)?["code"] else { return nil }
    return code
  }

  var stopParameters: [UInt64] {
    guard let stop = first(.stop) else { return [] }
    return (1...4).prefix { stop[FactAttribute(rawValue: "parameter\($0)")] != nil }.compactMap {
      guard case .address(let value)? = stop[FactAttribute(rawValue: "parameter\($0)")] else { return nil }
      return value.rawValue
    }
  }
}

extension Fact {
  func text(_ attribute: FactAttribute) -> String? { attributes[attribute]?.description }

  /// The module's file name as signatures spell it.
  var module: String? { text("module").map(ModuleSpelling.file) }

  /// `netbt!Name` as signatures spell it, without an offset.
  var symbol: String? { text("symbol").map(ModuleSpelling.symbol) }
}

/// Names as they are compared: in lower case, and the kernel under one name whichever of its images was loaded.
enum ModuleSpelling {
  static let kernel = "nt"

  static func file(_ name: String) -> String {
    ModuleIdentity(name: name).isKernel ? kernel : name.lowercased()
  }

  /// Functions keep their letter case, which is part of C++ names.
  static func symbol(_ name: String) -> String {
    let routine = name.prefix { $0 != "+" }
    guard let mark = routine.firstIndex(of: "!") else { return String(routine) }
    let module = routine[..<mark].lowercased()
    let isKernel = ModuleIdentity.kernelNames.contains { $0.hasPrefix(module + ".") }
    return (isKernel ? kernel : module) + routine[mark...]
  }
}
