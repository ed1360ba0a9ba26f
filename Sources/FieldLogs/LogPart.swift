import Facts
import KernelLayouts

/// What a log says of one stop.
struct LogPart {
  private let text: LogText
  private let marks: ArraySlice<LogMark>
  private let range: Range<Int>
  private var fields: [String: Int] = [:]
  private var keys: [String: Int] = [:]

  init(_ text: LogText, _ marks: ArraySlice<LogMark>, _ range: Range<Int>) {
    self.text = text
    self.marks = marks
    self.range = range
    for (index, mark) in zip(marks.indices, marks) {
      switch mark.kind {
      // The first: a log that was analysed twice says the same again.
      case .label(let name): if fields[name] == nil { fields[name] = index }
      case .key(let name): if keys[name] == nil { keys[name] = index }
      default: break
      }
    }
  }

  func view() -> DebuggerLogView {
    var view = DebuggerLogView()
    readStack(&view)
    readStop(&view)
    readBlame(&view)
    readException(&view)
    readMachine(&view)
    let lists = LogLists.read(text, in: range)
    view.modules = lists.modules
    view.locks = lists.locks
    view.queues = lists.queues
    view.process = view.process ?? lists.process
    view.topFrame = StackBlame.topFrame(view)
    view.foreignFrame = StackBlame.foreignFrame(view)
    view.notes += StackBlame.notes(view)
    return view
  }

  // MARK: Values

  /// The text behind a label: to the end of its line, or to the next label on it; from the next line where the line ends.
  private func value(_ name: String) -> String? {
    guard let index = fields[name] else { return nil }
    return value(at: marks[index].end, before: next(index))
  }

  private func next(_ index: Int) -> Int {
    for mark in marks[(index + 1)...] {
      switch mark.kind {
      case .label, .stop, .key, .short, .dumpFile, .stackHeading: return mark.start
      default: continue
      }
    }
    return range.upperBound
  }

  private func value(at position: Int, before limit: Int) -> String? {
    var start = position
    while start < limit, text.bytes[start].isBlank || text.bytes[start] == UInt8(ascii: "*"), start - position < 200 {
      start += 1
    }
    var end = start
    while end < limit, text.bytes[end] != 0x0A, end - start < 1024 {
      // Two spaces end a value that the next one of a joined line follows; a prompt or the last line's word ends it too.
      if text.has("Followup:", at: end) || text.has("  ", at: end) || text.has("\t", at: end) { break }
      end += 1
    }
    while end > start, text.bytes[end - 1].isBlank || text.bytes[end - 1] == UInt8(ascii: "*") { end -= 1 }
    // Three dots stand where somebody left lines out.
    if end - start > 4, text.has(" ...", at: end - 4) { end -= 4 }
    return start < end ? text.string(start..<end) : nil
  }

  /// The value of `Key  : name`, behind the next `Value:`.
  private func keyed(_ name: String) -> String? {
    guard let index = keys[name] else { return nil }
    var place = marks[index].end
    let limit = min(place + 400, range.upperBound)
    while place < limit {
      if text.has("Value", at: place), !text.bytes[place - 1].isNamePart, text.bytes[place - 1] != UInt8(ascii: ".") {
        var colon = place + 5
        while colon < limit, text.bytes[colon].isSpace { colon += 1 }
        if colon < limit, text.bytes[colon] == UInt8(ascii: ":") { return value(at: colon + 1, before: next(index)) }
      }
      place += 1
    }
    return nil
  }

  private func number(_ name: String) -> UInt64? {
    value(name).flatMap { parseHexadecimal($0.prefix { $0 != " " && $0 != "," }) }
  }

  // MARK: Parts

  private func readStop(_ view: inout DebuggerLogView) {
    var short: (code: UInt32, parameters: [UInt64])?
    for (index, mark) in zip(marks.indices, marks) {
      switch mark.kind {
      case .stop(let name, let code):
        guard let code = code ?? StopCodes.code(named: name)?.rawValue else { continue }
        let isKnown = StopCodes.code(named: name) != nil || name.isEmpty
        let values = DebuggerLog.arguments(behind: index, in: marks)
        guard isKnown || !values.isEmpty else { continue }
        if view.code == nil {
          view.code = StopCode(code)
          view.name = name.isEmpty ? nil : name
        }
        if values.count > view.parameters.count { view.parameters = values }
      case .short(let code, let parameters): short = short ?? (code, parameters)
      default: break
      }
      if view.parameters.count == 4 { break }
    }
    if view.code == nil, view.parameters.isEmpty, let first = marks.indices.first(where: { marks[$0].isFirstArgument })
    {
      // The name above them is cut off; the code may stand elsewhere.
      view.parameters = DebuggerLog.arguments(behind: first - 1, in: marks)
    }
    if let short {
      if view.code == nil { view.code = StopCode(short.code) }
      if view.parameters.count < 4 { view.parameters = short.parameters }
    }
    readStopFields(&view)
    if view.name == nil, let code = view.code { view.name = StopCodes.name(of: code) }
  }

  /// From the fields that newer and older debuggers print beside the heading, where the heading is cut off.
  private func readStopFields(_ view: inout DebuggerLogView) {
    if view.code == nil {
      let texts = [
        value("BUGCHECK_CODE"), keyed("Bugcheck.Code.KiBugCheckData"), keyed("Bugcheck.Code.LegacyAPI"),
        keyed("Bugcheck.Code.TargetModel"), keyed("Bugcheck.Code.DumpHeader"), keyed("Bugcheck.Code.Register"),
        value("BUGCHECK_STR"),
      ]
      for text in texts {
        guard let text else { continue }
        let digits = text.prefix { $0 != "_" && $0 != " " && $0 != "," }
        if let number = parseHexadecimal(digits), let code = UInt32(exactly: number), code != 0 {
          view.code = StopCode(code)
          break
        }
      }
    }
    if view.parameters.count < 4 {
      var values: [UInt64] = []
      for index in 1...4 {
        guard let number = number("BUGCHECK_P\(index)") else { break }
        values.append(number)
      }
      if values.count > view.parameters.count { view.parameters = values }
    }
    // The routine that stops the system is called with the code and its parameters; x86 prints three words.
    if view.code == nil || view.parameters.isEmpty,
      let call = view.stack.first(where: { $0.symbol == "nt!KeBugCheckEx" }), let code = call.arguments.first,
      let code = UInt32(exactly: code), code != 0, view.code == nil || view.code == StopCode(code)
    {
      view.code = view.code ?? StopCode(code)
      if view.parameters.isEmpty { view.parameters = Array(call.arguments.dropFirst()) }
    }
  }

  private func readBlame(_ view: inout DebuggerLogView) {
    view.image = value("IMAGE_NAME")
    view.module = value("MODULE_NAME")
    view.blamedSymbol = value("SYMBOL_NAME")
    if view.image == nil || view.blamedSymbol == nil, let cause = marks.first(where: { $0.isCause }) {
      // `Probably caused by : acme.sys ( acme!Read+31 )`
      let line = value(
        at: text.bytes[cause.end...].prefix(4).firstIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? cause.end,
        before: min(cause.end + 600, range.upperBound))
      if let line {
        let parts = line.split(separator: "(", maxSplits: 1)
        let name = parts.first.map { $0.split(separator: " ").joined(separator: " ") }
        if view.image == nil, let name, !name.isEmpty { view.image = name }
        if view.blamedSymbol == nil, parts.count > 1 {
          view.blamedSymbol = String(parts[1].prefix { $0 != ")" }).split(separator: " ").joined(separator: " ")
        }
      }
    }
    view.process = value("PROCESS_NAME")
    view.failureBucket =
      value("FAILURE_BUCKET_ID") ?? keyed("Failure.Bucket") ?? value("BUCKET_ID") ?? value("DEFAULT_BUCKET_ID")
    view.irql = number("CURRENT_IRQL")
  }

  private func readException(_ view: inout DebuggerLogView) {
    for name in ["EXCEPTION_CODE", "EXCEPTION_CODE_STR", "EXCEPTION_STR", "ERROR_CODE"] {
      guard view.exceptionCode == nil, let text = value(name) else { continue }
      let digits = text.split(whereSeparator: { " ()".contains($0) }).first { parseHexadecimal($0) != nil }
      if let digits, let number = parseHexadecimal(digits), let code = UInt32(exactly: number & 0xFFFF_FFFF), code != 0
      {
        view.exceptionCode = NTStatus(code)
      }
    }
    if let index = fields["FAULTING_IP"] {
      let limit = next(index)
      view.faultingPlace = value(at: marks[index].end, before: limit)
      // The instruction's address begins the line below.
      let line = text.line(at: marks[index].end)
      for below in text.lines[min(line + 1, text.lines.count)...].prefix(4) where below.upperBound <= limit {
        if let (value, digits, _) = text.hex(at: below.lowerBound + text.indent(below)), digits >= 8 {
          view.faultingAddress = VirtualAddress(value)
          break
        }
      }
    }
    if view.faultingAddress == nil, let code = view.code, let meaning = StopCodeMeaning.of(code) {
      view.faultingAddress = meaning.value(.instruction, in: view.parameters).flatMap {
        $0 == 0 ? nil : VirtualAddress($0)
      }
    }
    for (name, access) in [("READ_ADDRESS", "read"), ("WRITE_ADDRESS", "write"), ("EXECUTE_ADDRESS", "execute")] {
      guard view.referenced == nil, let value = number(name) else { continue }
      view.referenced = VirtualAddress(value)
      view.access = access
    }
    if !view.stack.isEmpty, view.stack[0].address == nil, let text = value("LAST_CONTROL_TRANSFER") {
      // `from 8c4d79fe to 82b68f1f`: the second is where the first frame stands.
      let numbers = text.split(separator: " ").compactMap { $0.utf8.count >= 8 ? parseHexadecimal($0) : nil }
      if numbers.count == 2 { view.stack[0].address = VirtualAddress(numbers[1]) }
    }
  }

  private func readStack(_ view: inout DebuggerLogView) {
    if let index = fields["STACK_TEXT"] {
      view.stack = StackReader.read(text, in: marks[index].end..<range.upperBound)
    }
    if view.stack.isEmpty, let heading = marks.first(where: { if case .stackHeading = $0.kind { true } else { false } })
    {
      let line = text.lines[text.line(at: heading.start)]
      view.stack = StackReader.read(
        text, in: max(heading.end, min(line.upperBound, range.upperBound))..<range.upperBound)
    }
    if view.stack.isEmpty, let start = frameStart() {
      view.stack = StackReader.read(text, in: start..<range.upperBound)
    }
  }

  /// The first line that looks like a frame, for a stack whose heading is cut off.
  private func frameStart() -> Int? {
    for line in text.lines[text.line(at: range.lowerBound)...] {
      guard line.lowerBound < range.upperBound else { return nil }
      guard line.count < 4096, line.count > 20, line.lowerBound >= range.lowerBound else { continue }
      let first = line.lowerBound + text.indent(line)
      guard let (_, digits, behind) = text.hex(at: first), digits >= 8, behind < line.upperBound else { continue }
      var second = behind
      while second < line.upperBound, text.bytes[second].isSpace { second += 1 }
      guard let (_, more, _) = text.hex(at: second), more == digits else { continue }
      let words = text.bytes[line].split(whereSeparator: \.isSpace).prefix(40)
      if words.contains(where: { StackReader.isPlace(String(decoding: $0, as: UTF8.self)) && $0.contains(0x21) }) {
        return line.lowerBound
      }
    }
    return nil
  }

  private func readMachine(_ view: inout DebuggerLogView) {
    if let system = marks.first(where: { if case .system = $0.kind { true } else { false } }) {
      let line = text.lines[text.line(at: system.start)]
      let words = text.string(system.end..<min(max(line.upperBound, system.end), system.end + 300)).split(
        separator: " ")
      view.build = words.first.flatMap { UInt32($0) }
      for (index, word) in words.enumerated() {
        if word == "x86" { view.architecture = .x86 }
        if word == "x64" || word == "AMD64" { view.architecture = .x64 }
        if word == "ARM" || word == "ARM64" { view.architecture = .arm64 }
        if word == "IA64" { view.architecture = .ia64 }
        if word == "Pack", index + 1 < words.count {
          view.servicePack = ServicePack(words[index + 1].prefix { $0.isNumber || $0.isLetter })
        }
        if word.hasPrefix("procs"), index > 0 { view.processors = UInt32(words[index - 1].filter(\.isNumber)) }
      }
    }
    if let system = marks.first(where: { if case .system = $0.kind { true } else { false } }) {
      // `Product: Server, suite: TerminalServer` stands below it.
      for line in text.lines[text.line(at: system.start)...].prefix(4) {
        guard let place = text.find("Product: ", in: line) else { continue }
        view.productType = String(text.word(at: place + 9).prefix(while: \.isLetter))
        break
      }
    }
    view.version = (value("OS_VERSION") ?? keyed("WER.OS.Version")).map {
      String($0.prefix { $0.isNumber || $0 == "." })
    }
    if view.build == nil, let version = view.version {
      let parts = version.split(separator: ".")
      if parts.count >= 3 { view.build = UInt32(parts[2]) }
    }
    if view.architecture == nil, let platform = value("OSPLATFORM_TYPE") {
      view.architecture = Architecture(named: platform)
    }
    if view.architecture == nil {
      // Every pointer of a stack has the machine's width.
      let pointers = view.stack.compactMap(\.stackPointer)
      if pointers.contains(where: { $0.rawValue >> 48 == 0xFFFF }) {
        view.architecture = .x64
      } else if pointers.count > 1, pointers.allSatisfy({ $0.rawValue <= 0xFFFF_FFFF }),
        !view.stack.contains(where: { ($0.returnAddress?.rawValue ?? 0) > 0xFFFF_FFFF })
      {
        view.architecture = .x86
      }
    }
    if let file = marks.first(where: { if case .dumpFile = $0.kind { true } else { false } }) {
      let end = text.bytes[file.end..<min(file.end + 1024, text.bytes.count)].firstIndex(of: UInt8(ascii: "]"))
      if let end { view.dumpFile = text.string(file.end..<end) }
    }
  }
}

extension LogMark {
  fileprivate var isFirstArgument: Bool { if case .argument(1, _) = kind { true } else { false } }
  fileprivate var isCause: Bool { if case .cause = kind { true } else { false } }
}

extension LogText {
  /// Spaces at the beginning of a line.
  func indent(_ line: Range<Int>) -> Int { bytes[line].prefix(while: \.isSpace).count }
}
