import Facts

/// The table behind `StopCodeMeaning`: where each code's block lies. A block is parsed when its code is asked for.
enum StopCodeMeanings {
  static let table = Table(EmbeddedTable(PackageResources.stop_parameters_tsv))

  struct Table: Sendable {
    let text: EmbeddedTable
    /// Code → the records of its block, as positions in `text.records`.
    private(set) var index: [UInt32: Range<Int>] = [:]

    init(_ text: EmbeddedTable) {
      self.text = text
      var open: (code: UInt32, start: Int)?
      for (position, record) in text.records.enumerated() where text.text(text.key(of: record)) == "stop" {
        if let open { index[open.code] = open.start..<position }
        let code = text.field(1, of: record).flatMap(text.hexadecimal).flatMap(UInt32.init(exactly:))
        open = code.map { ($0, position) }
      }
      if let open { index[open.code] = open.start..<text.records.count }
    }

    func meaning(of code: StopCode) -> StopCodeMeaning? {
      guard let block = index[code.rawValue] else { return nil }
      var result: StopCodeMeaning?
      for record in text.records[block] { add(text.fields(of: record), to: &result, code: code) }
      return result
    }

    private func add(_ fields: [EmbeddedTable.Slice], to meaning: inout StopCodeMeaning?, code: StopCode) {
      let words = fields.map(text.text)
      switch (words[0], words.count) {
      case ("stop", 5):
        let unused = (1...4).map { StopParameter(index: $0, rule: .unused, role: nil, text: "", meanings: [:]) }
        meaning = StopCodeMeaning(
          code: code, stopClass: StopClass(rawValue: words[2]) ?? .other, trigger: DumpTrigger(rawValue: words[3]),
          sentence: words[4], impliedAccess: nil, parameters: unused)
      case ("access", 2):
        meaning?.impliedAccess = MemoryAccess(rawValue: words[1])
      case ("parameter", 5):
        guard let index = text.decimal(fields[1]), (1...4).contains(index) else { return }
        meaning?.add(
          StopParameter(
            index: index, rule: StopParameterRule(rawValue: words[2]) ?? .value,
            role: StopParameterRole(rawValue: words[3]), text: words[4], meanings: [:]))
      case ("when", 4):
        guard let index = text.decimal(fields[1]), (1...4).contains(index) else { return }
        let values = text.split(fields[2], at: UInt8(ascii: ",")).compactMap(text.hexadecimal)
        for value in values { meaning?.parameters[index - 1].meanings[value] = words[3] }
        meaning?.variants.append(StopCodeMeaning.Variant(index: index, values: values))
      case ("value", 4):
        guard let index = text.decimal(fields[1]), (1...4).contains(index), let value = text.hexadecimal(fields[2])
        else { return }
        meaning?.add(words[3], for: value, of: index)
      default:
        return
      }
    }
  }
}

extension StopCodeMeaning {
  /// A parameter of the open variant, or of the block itself before the first.
  fileprivate mutating func add(_ parameter: StopParameter) {
    guard let open = variants.indices.last else {
      parameters[parameter.index - 1] = parameter
      return
    }
    variants[open].parameters.append(parameter)
  }

  /// The meaning of one value, for the parameter that holds at this place of the block.
  fileprivate mutating func add(_ meaning: String, for value: UInt64, of index: Int) {
    if let open = variants.indices.last, let own = variants[open].parameters.firstIndex(where: { $0.index == index }) {
      variants[open].parameters[own].meanings[value] = meaning
    } else {
      parameters[index - 1].meanings[value] = meaning
    }
  }
}
