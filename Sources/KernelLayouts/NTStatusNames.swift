import Facts

/// Names of the NTSTATUS and exception codes that turn up in dumps.
///
/// Source: the public header ntstatus.h; see Documentation/Formats/bundled-data.md, `nt-status.tsv`.
public enum NTStatusNames {
  /// `STATUS_ACCESS_VIOLATION`; nil for a code the table lacks.
  public static func name(of status: NTStatus) -> String? { table.names[status.rawValue] }

  /// The code of a name; letter case does not matter.
  public static func status(named name: some StringProtocol) -> NTStatus? {
    let wanted = name.uppercased()
    return table.names.first { $0.value == wanted }.map { NTStatus($0.key) }
  }

  /// Every code, ascending.
  public static var all: [NTStatus] { table.names.keys.sorted().map { NTStatus($0) } }

  private static let table = Table(EmbeddedTable(PackageResources.nt_status_tsv))

  private struct Table: Sendable {
    var names: [UInt32: String] = [:]

    init(_ text: EmbeddedTable) {
      names.reserveCapacity(text.records.count)
      for record in text.records {
        let fields = text.fields(of: record)
        guard fields.count == 2, let code = text.hexadecimal(fields[0]).flatMap(UInt32.init(exactly:)) else { continue }
        names[code] = text.text(fields[1])
      }
    }
  }
}
