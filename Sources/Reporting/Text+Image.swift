import Facts

extension ImageView {
  /// What `inspect` prints of an image.
  public func text(_ style: TextStyle) -> String {
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    func hex(_ value: UInt32) -> String { hexadecimal(UInt64(value)) }
    row("image", "\(architecture), \(is64Bit ? "PE32+" : "PE32"), \(Self.subsystemName(subsystem))")
    row("timestamp", timestampText(style))
    row("size in memory", "\(hex(imageSize)) (\(imageSize) bytes)")
    row(
      "checksum",
      hexadecimal(UInt64(checksum), digits: 8)
        + (computedChecksum.map {
          $0 == checksum ? ", agrees with the file" : checksum == 0 ? ", not set" : ", the file's own is \(hex($0))"
        } ?? ""))
    row(
      "file version",
      fileVersion.map { version in
        "\(version)" + (fileVersionText.map { $0 == "\(version)" ? "" : ", \"\($0)\"" } ?? "")
      })
    row("branch", branchSuffix)
    row("product version", productVersion?.description)
    for key in ["ProductName", "CompanyName", "FileDescription", "OriginalFilename"] {
      row(key, strings.first { $0.key == key && !$0.value.isEmpty }?.value)
    }
    row("debug file", debugFile.map { "\($0.name) \($0.identifier)-\($0.age) (\($0.form)), written as \($0.path)" })
    row("split debug file", splitDebugFile)
    row("exports", exports > 0 ? "\(exports)" + (exportName.map { " as \($0)" } ?? "") : nil)
    row("functions with unwind data", functions.map { "\($0)" })
    var lines = [["section", "offset", "size", "file offset", "file size", "rights"]]
    for section in sections {
      lines.append([
        section.name, hex(section.offset), hex(section.size), hex(section.fileOffset), hex(section.fileSize),
        Self.rights(section.characteristics),
      ])
    }
    return style.definitions(rows) + "\n" + (sections.isEmpty ? "" : "\n" + table(lines, indent: 0) + "\n")
  }

  private func timestampText(_ style: TextStyle) -> String {
    let number = hexadecimal(UInt64(timestamp), digits: 8)
    switch timestampMeaning {
    case .date:
      let time = CivilTime(unixSeconds: Int64(timestamp)).rfc3339
      return "\(number), \(time) (\(style.localTime(Int64(timestamp))))"
    case .buildHash: return "\(number), a hash of the build" + (timestampReason.map { ": \($0)" } ?? "")
    case .unknown: return "\(number), not stated"
    }
  }

  /// IMAGE_SUBSYSTEM_*.
  private static func subsystemName(_ number: UInt16) -> String {
    switch number {
    case 1: "native (driver or boot program)"
    case 2: "windowed"
    case 3: "console"
    case 9: "Windows CE"
    case 10, 11, 12: "EFI"
    case 16: "boot application"
    default: "subsystem \(number)"
    }
  }

  private static func rights(_ flags: UInt32) -> String {
    (flags & 0x4000_0000 != 0 ? "r" : "-") + (flags & 0x8000_0000 != 0 ? "w" : "-")
      + (flags & 0x2000_0000 != 0 ? "x" : "-") + (flags & 0x0200_0000 != 0 ? " discardable" : "")
  }
}

extension SymbolsView {
  /// What `inspect` prints of a file of symbols.
  public func text(_ style: TextStyle) -> String {
    var rows: [(key: String, value: String)] = []
    func row(_ key: String, _ value: String?) { if let value { rows.append((key, value)) } }
    row("symbols", [form, architecture?.rawValue].compactMap { $0 }.joined(separator: ", "))
    row("identity", identifier.map { "\(name.map { $0 + " " } ?? "")\($0)" + (age.map { "-\($0)" } ?? "") })
    row("writes", writes.flatMap { $0 == age ? nil : "\($0)" })
    row("streams", streams.map { "\($0)" + (blockSize.map { " in blocks of \($0) bytes" } ?? "") })
    row("names", symbols.map { "\($0)" + (isMoved ? ", addresses moved after linking" : "") })
    row("modules", modules.map { "\($0)" + (isStripped == true ? ", private symbols taken out" : "") })
    row("types", types.map { "\($0)" })
    return style.definitions(rows) + "\n"
  }
}
