import Facts

/// Where the fields of one kernel's structures lie.
///
/// Source: public symbol files; see Documentation/Formats/bundled-data.md, `layouts.tsv`.
public struct KernelLayout: Sendable {
  public let architecture: Architecture
  /// The build the offsets were read from (`3790`); another than asked for where `find` says so.
  public let build: Int
  /// The service pack, where one build number spans several.
  public let servicePack: ServicePack?
  /// The lowest revision of the build that is known to have these offsets; 0 for the build as first released.
  public let revision: Int
  private let record: EmbeddedTable.Slice
  /// Where the values lie in the table, for comparing two layouts as a whole.
  private let values: EmbeddedTable.Slice
  /// The kernel's own symbols, which come before the table.
  private var symbols: SymbolLayout?

  fileprivate init?(_ record: EmbeddedTable.Slice, in text: EmbeddedTable) {
    let fields = text.fields(of: record)
    guard fields.count > 4, let build = text.decimal(fields[1]), let revision = text.decimal(fields[3])
    else { return nil }
    self.architecture = Architecture(rawValue: text.text(fields[0]))
    self.build = build
    self.servicePack = text.decimal(fields[2]).flatMap(UInt8.init(exactly:)).map { ServicePack($0) }
    self.revision = revision
    self.record = record
    self.values = fields[4].lowerBound..<record.upperBound
  }

  /// A layout of a kernel that the table does not know at all, by its own symbols alone.
  public init(build: Int, architecture: Architecture, types: any StructureTypes) {
    self.architecture = architecture
    self.build = build
    servicePack = nil
    revision = 0
    record = 0..<0
    values = 0..<0
    symbols = SymbolLayout(types, tableIsExact: false)
  }

  /// The field's distance from its structure's start in bytes; nil when this kernel's structure has no such field, or the
  /// table does not keep it. A dotted name reaches into embedded structures: `offset("_KTHREAD", "ApcState.Process")`.
  public func offset(_ type: String, _ field: String) -> Int? {
    if let symbols { return symbols.offset(type, field) { value("\(type).\(field)") } }
    return value("\(type).\(field)")
  }

  /// The structure's size in bytes; nil when the table does not keep it.
  public func size(of type: String) -> Int? {
    if let symbols { return symbols.size(of: type) { value(type) } }
    return value(type)
  }

  /// Whether the kernel's own symbols give the offsets.
  public var isFromSymbols: Bool { symbols != nil }

  /// The types of the table's columns.
  static let types: Set<String> = Set(columns.map { String($0.prefix { $0 != "." }) })

  /// This layout with the types of the running kernel's own symbols in front: what they define is taken from them, and only
  /// the types that they leave out (public symbols do) come from the table. `isExact` says the same of the whole as of `find`.
  public func with(_ types: any StructureTypes, isExact: Bool) -> (layout: KernelLayout, isExact: Bool) {
    var layout = self
    layout.symbols = SymbolLayout(types, tableIsExact: isExact)
    return (layout, isExact || Self.types.allSatisfy { types.size(of: $0) != nil || !hasType($0) })
  }

  /// Whether this kernel's row of the table has any value of a type.
  private func hasType(_ type: String) -> Bool {
    Self.table.columns.contains { column, _ in
      (column == type || column.hasPrefix(type + ".")) && value(column) != nil
    }
  }

  /// The columns of the table: `_TYPE` for a size, `_TYPE.Field` for an offset.
  public static var columns: [String] { Array(table.columns.keys).sorted() }

  /// Every bundled layout, in the table's order: architecture, build, service pack, revision.
  public static var all: [KernelLayout] { table.layouts }

  private func value(_ column: String) -> Int? {
    guard let index = Self.table.columns[column] else { return nil }
    return Self.table.text.field(index, of: record).flatMap(Self.table.text.decimal)
  }

  private func hasOffsets(of other: KernelLayout) -> Bool {
    Self.table.text.bytes[values] == Self.table.text.bytes[other.values]
  }

  /// The layout for this kernel, or the nearest lower build's of the same architecture.
  ///
  /// - Parameters:
  ///   - servicePack: matters for 2600 and 3790, whose number did not change with the service pack.
  ///   - revision: fourth part of the kernel's version. Updates changed offsets within builds 7601, 9600 and 10240; without
  ///     the revision the newest such layout is chosen.
  /// - Returns: nil when no lower build is bundled. `isExact` is false where build, service pack or revision had to be
  ///   guessed: what rests on such a layout is a guess, too.
  public static func find(
    build: Int, servicePack: ServicePack? = nil, architecture: Architecture, revision: Int? = nil
  ) -> (layout: KernelLayout, isExact: Bool)? {
    let sameArchitecture = table.layouts.filter { $0.architecture == architecture }
    let wanted = table.sameKernel[build] ?? build
    guard let nearest = sameArchitecture.lazy.map(\.build).filter({ $0 <= wanted }).max() else { return nil }
    let ofBuild = sameArchitecture.filter { $0.build == nearest }
    let (ofPack, packIsKnown) = narrowed(ofBuild, to: nearest == wanted ? servicePack : nil)
    var candidates = ofPack
    if nearest == wanted, let revision { candidates.removeAll { $0.revision > revision } }
    guard let layout = candidates.last else { return nil }
    // A choice that makes no difference is no guess.
    let rivals = packIsKnown ? (revision == nil ? ofPack : []) : ofBuild
    return (layout, nearest == wanted && rivals.allSatisfy { $0.hasOffsets(of: layout) })
  }

  /// The layouts of one build with this service pack; without it, or when it is not bundled, those of the nearest lower one,
  /// else of the highest.
  private static func narrowed(_ layouts: [KernelLayout], to servicePack: ServicePack?) -> ([KernelLayout], Bool) {
    let packs = layouts.compactMap(\.servicePack)
    guard let highest = packs.max(), let lowest = packs.min() else { return (layouts, true) }
    let chosen = servicePack.map { asked in packs.filter { $0 <= asked }.max() ?? lowest } ?? highest
    return (layouts.filter { $0.servicePack == chosen }, servicePack == chosen)
  }

  private static let table = Table(EmbeddedTable(PackageResources.layouts_tsv))

  private struct Table: Sendable {
    let text: EmbeddedTable
    var columns: [String: Int] = [:]
    /// Build number → the build whose system files it shares.
    var sameKernel: [Int: Int] = [:]
    var layouts: [KernelLayout] = []

    init(_ text: EmbeddedTable) {
      self.text = text
      for record in text.records {
        switch text.text(text.key(of: record)) {
        case "fields":
          for (index, field) in text.fields(of: record).enumerated().dropFirst() {
            // Four fields identify a layout before its values; the heading row has one word there.
            columns[text.text(field)] = index + 3
          }
        case "same":
          let fields = text.fields(of: record)
          if fields.count == 3, let build = text.decimal(fields[1]), let other = text.decimal(fields[2]) {
            sameKernel[build] = other
          }
        default:
          if let layout = KernelLayout(record, in: text) { layouts.append(layout) }
        }
      }
    }
  }
}
