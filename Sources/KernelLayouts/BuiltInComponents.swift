/// Parts that come with a Windows product and cannot be told apart from it: an update for one is an update for the product.
///
/// Source: Microsoft's public lifecycle pages; see Documentation/Formats/bundled-data.md, `built-in-components.tsv`.
public enum BuiltInComponents {
  /// - Parameter isLongTerm: an edition for long-term servicing, which some parts were left out of.
  public static func comes(_ component: String, with product: String, isLongTerm: Bool = false) -> Bool {
    rows.contains { row in
      row.product == product && component.hasPrefix(row.component) && !(isLongTerm && row.isLeftOutOfLongTerm)
    }
  }

  private struct Row: Sendable {
    var component: String
    var product: String
    var isLeftOutOfLongTerm: Bool
  }

  private static let rows: [Row] = {
    let text = EmbeddedTable(PackageResources.built_in_components_tsv)
    return text.records.compactMap { record in
      let fields = text.fields(of: record).map(text.text)
      guard fields.count == 3 else { return nil }
      return Row(component: fields[0], product: fields[1], isLeftOutOfLongTerm: fields[2] == "not-ltsc")
    }
  }()
}
