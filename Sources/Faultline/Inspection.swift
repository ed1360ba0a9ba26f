import Analyses
import Facts
import KnowledgeBase
import Reporting
import WindowsKernel

extension EvidencePiece {
  /// One line of `inspect --format jsonl`: always path, kind and problems, then what the kind gives.
  public var json: JSONValue {
    var content: (String, JSONValue?) = ("", nil)
    var pool: JSONValue?
    switch self.content {
    case .dump(let dump): content = ("dump", dump.view.json)
    case .article(let article): content = ("article", article.json)
    case .image(let image): content = ("image", image.json)
    case .symbols(let symbols): content = ("pdb", symbols.json)
    case .debuggerLog(let log, let tables):
      content = ("log", log.json)
      if !tables.snapshots.isEmpty { pool = tables.json }
    case .poolLog(let log): content = ("pool", log.json)
    case .inventory(let inventory): content = ("machine", inventory.json)
    case .hive(let hive): content = ("hive", hive.json)
    case .capture(let capture): content = ("capture", capture.json)
    case .volume(let volume): content = ("volume", volume.json)
    case .symptoms, .nothing: break
    }
    return .members([
      ("schema", .string("faultline.inspection/1")), ("path", .path(path)), ("kind", .string(kind.rawValue)),
      ("sha256", sha256.map { .string($0) }),
      (
        "problems",
        .array(
          problems.map { problem in
            problem.json
          })
      ), content, ("pool", pool),
    ])
  }
}
