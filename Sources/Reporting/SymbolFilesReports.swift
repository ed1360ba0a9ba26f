import Facts

extension SymbolFilesView {
  /// `faultline.dump-symbols/1`.
  public var json: JSONValue {
    .members([
      schema("dump-symbols"),
      (
        "modules",
        .array(
          modules.map { module in
            .members([
              ("name", .string(module.name)), ("onStack", .bool(module.isOnStack)), ("image", module.image?.json),
              ("symbols", module.symbols?.json), ("symbolSource", module.symbolSource.map { .string($0.rawValue) }),
            ])
          })
      ),
      ("missing", .array(missing.map(\.json))),
    ])
  }

  /// `dump symbols`: one path a line, those still wanted and those at hand apart.
  public func text(_ style: TextStyle) -> String {
    func paths(_ modules: [Module], found: Bool) -> [String] {
      modules.flatMap { [$0.image, $0.symbols] }.compactMap { $0 }.filter { ($0.found != nil) == found }
        .map { $0.storePath + ($0.found.map { "  (\($0))" } ?? "") }
    }
    var out: [String] = []
    func part(_ title: String, _ lines: [String]) {
      guard !lines.isEmpty else { return }
      out.append(style.heading(title))
      out.append(contentsOf: lines.map { TextStyle.cleanLine($0) })
    }
    let onStack = modules.filter(\.isOnStack)
    let others = modules.filter { !$0.isOnStack }
    part("Wanted, of modules on a stack", paths(onStack, found: false))
    part("Wanted, of other modules", paths(others, found: false))
    part("At hand", paths(modules, found: true))
    let unknown = modules.filter { $0.symbols == nil }
    if !unknown.isEmpty {
      out.append(
        "\n"
          + style.wrap(
            "Of \(unknown.count) modules neither memory nor an image names the symbol file: give the images with --images and ask again."
          ))
    }
    for absence in missing {
      out.append(style.wrap("\(absence.what) (\(absence.because.rawValue)): \(absence.detail)", first: "Missing: "))
    }
    return out.joined(separator: "\n") + "\n"
  }
}

extension SymbolFilesView.File {
  var json: JSONValue { .members([("path", .string(storePath)), ("file", .optional(found))]) }
}
