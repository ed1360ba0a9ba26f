/// Where the structures of one kernel's segment heap lie.
///
/// Source: public symbol tables of four x64 kernels; see Documentation/Formats/bundled-data.md, `segment-heap.tsv`.
public struct SegmentHeapLayout: Sendable {
  public let build: Int
  public let revision: Int
  private let record: EmbeddedTable.Slice

  /// The first build whose kernel pool is a segment heap (Windows 10 1903).
  public static let firstBuild = 18362

  public func size(of type: String) -> Int? { value(type) }

  public func offset(_ type: String, _ field: String) -> Int? { value("\(type).\(field)") }

  /// How many elements an array field has.
  public func count(_ type: String, _ field: String) -> Int? { value("\(type).\(field)#") }

  /// A symbol's address relative to the image's base: only of exactly this revision.
  public func rva(of symbol: String) -> Int? { value(symbol) }

  private func value(_ column: String) -> Int? {
    guard let index = Self.table.columns[column] else { return nil }
    return Self.table.text.field(index, of: record).flatMap(Self.table.text.decimal)
  }

  /// Every bundled layout: by build, then revision.
  public static var all: [SegmentHeapLayout] { table.layouts }

  /// The layout of this build, else of the nearest lower one; nil before the first. `isExact` is false where the build is
  /// another: builds 18363 and 19042 to 19045 run the files of 18362 and 19041.
  public static func find(build: Int, revision: Int? = nil) -> (layout: SegmentHeapLayout, isExact: Bool)? {
    guard build >= firstBuild else { return nil }
    let wanted = build == 18363 ? 18362 : (19041...19045).contains(build) ? 19041 : build
    guard let nearest = table.layouts.lazy.map(\.build).filter({ $0 <= wanted }).max() else { return nil }
    let ofBuild = table.layouts.filter { $0.build == nearest }
    let chosen = ofBuild.last { layout in revision.map { layout.revision <= $0 } ?? true } ?? ofBuild.first
    return chosen.map { ($0, nearest == wanted) }
  }

  private static let table = Table(EmbeddedTable(PackageResources.segment_heap_tsv))

  private struct Table: Sendable {
    let text: EmbeddedTable
    var columns: [String: Int] = [:]
    var layouts: [SegmentHeapLayout] = []

    init(_ text: EmbeddedTable) {
      self.text = text
      for record in text.records {
        let fields = text.fields(of: record)
        if text.text(text.key(of: record)) == "fields" {
          // Two fields identify a layout before its values; the heading row has one word there.
          for (index, field) in fields.enumerated().dropFirst() { columns[text.text(field)] = index + 1 }
        } else if fields.count > 2, let build = text.decimal(fields[0]), let revision = text.decimal(fields[1]) {
          layouts.append(SegmentHeapLayout(build: build, revision: revision, record: record))
        }
      }
    }
  }
}
