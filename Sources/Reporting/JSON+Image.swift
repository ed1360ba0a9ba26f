import Facts

extension ImageView {
  /// The key `image` of `faultline.inspection/1`.
  public var json: JSONValue {
    let digits = is64Bit ? 16 : 8
    return .members([
      ("machine", .string(architecture.rawValue)), ("timestamp", Self.hex(timestamp)),
      ("timestampMeaning", .string(timestampMeaning.rawValue)), ("timestampReason", .optional(timestampReason)),
      ("imageSize", .count(imageSize)), ("checksum", Self.hex(checksum)),
      ("computedChecksum", computedChecksum.map(Self.hex)),
      ("preferredBase", .hex(VirtualAddress(preferredBase), digits: digits)), ("entryPoint", Self.hex(entryPoint)),
      ("subsystem", .count(subsystem)), ("fileVersion", .optional(fileVersion?.description)),
      ("productVersion", .optional(productVersion?.description)), ("fileVersionText", .optional(fileVersionText)),
      ("branch", .optional(branchSuffix)),
      ("strings", strings.isEmpty ? nil : .members(Self.unique(strings).map { ($0.key, .string($0.value)) })),
      ("translations", .some(translations.map { .string($0) })),
      (
        "pdb",
        debugFile.map {
          .members([
            ("name", .string($0.name)), ("guid", .string($0.identifier)), ("age", .count($0.age)),
            ("path", .string($0.path)), ("form", .string($0.form)),
          ])
        }
      ), ("dbg", .optional(splitDebugFile)), ("exportName", .optional(exportName)), ("exports", .count(exports)),
      ("functions", functions.map { .count($0) }),
      (
        "sections",
        .array(
          sections.map {
            .members([
              ("name", .string($0.name)), ("offset", Self.hex($0.offset)), ("size", .count($0.size)),
              ("fileOffset", Self.hex($0.fileOffset)), ("fileSize", .count($0.fileSize)),
              ("characteristics", Self.hex($0.characteristics)),
            ])
          })
      ),
    ])
  }

  private static func hex(_ value: UInt32) -> JSONValue { .string(hexadecimal(UInt64(value), digits: 8)) }

  /// A key may stand twice in a resource; in an object it may not.
  private static func unique(_ texts: [Text]) -> [Text] {
    var seen: Set<String> = []
    return texts.filter { seen.insert($0.key).inserted }
  }
}

extension SymbolsView {
  /// The key `pdb` of `faultline.inspection/1`.
  public var json: JSONValue {
    .members([
      ("form", .string(form)), ("name", .optional(name)), ("guid", .optional(identifier)),
      ("age", age.map { .count($0) }), ("writes", writes.map { .count($0) }),
      ("machine", .optional(architecture?.rawValue)), ("streams", streams.map { .count($0) }),
      ("blockSize", blockSize.map { .count($0) }), ("symbols", symbols.map { .count($0) }),
      ("modules", modules.map { .count($0) }), ("types", types.map { .count($0) }),
      ("moved", isMoved ? .bool(true) : nil), ("stripped", isStripped.map { .bool($0) }),
    ])
  }
}
