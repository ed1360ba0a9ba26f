import CrashDumpFormat
import Facts
import KernelLayouts
import Symbols

/// Where the running kernel's structures have their fields: by its own symbols where the user gave them, else by the bundled
/// layout of its build, else by the nearest build's, which is a guess and marked so.
public struct KernelStructures: Sendable {
  /// The kernel's own types; nil without symbols of its very build.
  let types: (any StructureTypes)?

  init(_ modules: ModuleMap) {
    types = modules.kernel.flatMap { kernel in
      // Symbols chosen by name alone may be another build's: the bundled layout knows better.
      kernel.symbolMatch == .identity ? kernel.symbols?.structures.map(SymbolStructures.init) : nil
    }
  }

  private init() { types = nil }

  static let bundled = KernelStructures()

  func layout(
    build: Int, servicePack: ServicePack?, architecture: Architecture, revision: Int?
  ) -> (layout: KernelLayout, isExact: Bool)? {
    let found = KernelLayout.find(
      build: build, servicePack: servicePack, architecture: architecture, revision: revision)
    guard let types else { return found }
    if let (layout, isExact) = found { return layout.with(types, isExact: isExact) }
    return (KernelLayout(build: build, architecture: architecture, types: types), true)
  }
}

/// Offsets of a symbol table; a table whose types cannot be read has none.
struct SymbolStructures: StructureTypes {
  let source: any TypeSource

  func offset(_ type: String, _ field: String) -> Int? {
    (try? source.offset(of: field, in: type)).flatMap { $0 }.flatMap { Int(exactly: $0) }
  }

  func size(of type: String) -> Int? { (try? source.size(of: type)).flatMap { $0 }.flatMap { Int(exactly: $0) } }
}

extension KernelSpace {
  /// The layout of this kernel's structures; `isExact` is false where it is a guess.
  public func layout(
    servicePack: ServicePack?, revision: Int?
  ) -> (layout: KernelLayout, isExact: Bool)? {
    structures.layout(build: Int(build), servicePack: servicePack, architecture: architecture, revision: revision)
  }

  func with(_ structures: KernelStructures) -> KernelSpace {
    var space = self
    space.structures = structures
    return space
  }
}
