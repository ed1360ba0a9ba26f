extension GluedTable {
  /// One way to cut a row's digits into version and size.
  struct Cut: Hashable, Sendable {
    var version: String
    var size: UInt64
  }

  /// What speaks for a cut. Chosen so that a version printed in a manifest's name outweighs everything, and one more row
  /// that can have the same version outweighs a size that looks better.
  private enum Weight {
    static let manifest = 8.0
    static let otherRow = 2.5
    static let aligned = 1.5
    static let smallerUnit = 0.5
    /// For each doubling or halving.
    static let distance = 0.35
  }

  /// Half of the archive's drivers and libraries are smaller than this.
  private static let medianSize = octave(150_000)
  /// Parts of a version have 16 bits.
  private static let maximumRevision = 65_535

  /// Cuts every row where the rows together make most sense: versions that manifests name, versions that other rows can
  /// have as well, then sizes that files have.
  static func resolve(_ rows: [Row]) -> [ArticleFile] {
    let cuts = rows.map(cuts)
    let named = versionsInNames(rows)
    // Rows with the same digits say nothing about where to cut them: only different runs count.
    var runs: [String: Set<[UInt8]>] = [:]
    for (row, cuts) in zip(rows, cuts) {
      for cut in cuts { runs[cut.version, default: []].insert(row.run) }
    }
    return zip(rows, cuts).map { row, cuts in
      var file = ArticleFile(
        name: row.name, date: row.date, time: row.time, platform: row.platform, servicePack: row.servicePack,
        serviceBranch: row.serviceBranch)
      if row.versionHead.isEmpty {
        file.size = row.isRounded ? nil : number(row.run + row.sizeTail)
        return file
      }
      let best = cuts.max { score($0, named, runs) < score($1, named, runs) }
      file.version = best?.version
      file.size = row.isRounded ? nil : best?.size
      return file
    }
  }

  /// The cuts that leave a version part of 16 bits and a size that does not begin with a nought.
  static func cuts(_ row: Row) -> [Cut] {
    guard !row.versionHead.isEmpty else { return [] }
    return (1...3).compactMap { lead in
      guard row.run.count > lead else { return nil }
      let revision = Array(row.run.dropLast(lead))
      let group = Array(row.run.suffix(lead))
      guard group[0] != 0x30, revision.count == 1 || revision[0] != 0x30 else { return nil }
      guard let part = number(revision), part <= maximumRevision, let size = number(group + row.sizeTail) else {
        return nil
      }
      return Cut(version: row.versionHead + String(decoding: revision, as: UTF8.self), size: size)
    }
  }

  /// The binary logarithm, straight between powers of two; near enough to compare sizes.
  private static func octave(_ size: Double) -> Double { Double(size.exponent) + size.significand - 1 }

  private static func score(_ cut: Cut, _ named: Set<String>, _ runs: [String: Set<[UInt8]>]) -> Double {
    var score = named.contains(cut.version) ? Weight.manifest : 0
    score += Weight.otherRow * Double((runs[cut.version]?.count ?? 1) - 1)
    score -= Weight.distance * abs(octave(max(1, Double(cut.size))) - medianSize)
    // Linkers align an image's sections to 512 bytes; signed ones end on 8.
    if cut.size % 512 == 0 { score += Weight.aligned } else if cut.size % 8 == 0 { score += Weight.smallerUnit }
    return score
  }

  /// `X86_microsoft-windows-os-kernel_31bf3856ad364e35_6.0.6001.22137_none_….manifest` names a version.
  private static func versionsInNames(_ rows: [Row]) -> Set<String> {
    var result: Set<String> = []
    for row in rows where row.versionHead.isEmpty {
      for part in row.name.utf8.split(separator: ASCII.underscore) {
        let bytes = Array(part)
        if FileCell.isVersion(bytes[...]), bytes.filter({ $0 == ASCII.dot }).count == 3 {
          result.insert(String(decoding: bytes, as: UTF8.self))
        }
      }
    }
    return result
  }

  private static func number(_ digits: [UInt8]) -> UInt64? {
    guard !digits.isEmpty, digits.count <= 15 else { return nil }
    return digits.reduce(0) { $0 * 10 + UInt64($1 - 0x30) }
  }
}
