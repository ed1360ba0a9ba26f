import Facts
import KernelLayouts

/// The output of a kernel debugger as people paste it.
///
/// Facts of the form are in Documentation/Formats/debugger-log.md. Labels and the names of stops stay English in every
/// translation, so what is found by them is found in any language and however lines were broken.
public enum DebuggerLog {
  /// Stops in one file; more are not read.
  public static let maximumStops = 256
  /// Bytes of a file that are read.
  public static let maximumBytes = LogText.limit

  /// Never fails: a text that says nothing gives a view without values.
  public static func read(_ bytes: [UInt8]) -> DebuggerLogView { read(LogText(bytes)) }

  static func read(_ text: LogText) -> DebuggerLogView {
    let marks = MarkFinder(text).marks
    var views: [DebuggerLogView] = []
    for part in parts(text, marks) { views.append(LogPart(text, part.marks, part.range).view()) }
    // A part that only opens the file or repeats a prompt is no stop of its own.
    var first = views.isEmpty ? DebuggerLogView() : views.removeFirst()
    first.others = views.filter { $0.code != nil || !$0.stack.isEmpty }
    if text.isCut { first.notes.append("Only the first \(maximumBytes >> 20) MiB of the log were read.") }
    return first
  }

  private struct Part {
    var marks: ArraySlice<LogMark>
    var range: Range<Int>
    var code: UInt32?
    var parameters: [UInt64] = []
    var hasHeader = false
  }

  /// One part for each stop. A stop printed twice, short and then analysed, is one.
  private static func parts(_ text: LogText, _ marks: [LogMark]) -> [Part] {
    var parts: [Part] = []
    var start = 0
    var current = Part(marks: [], range: 0..<0)
    func close(_ index: Int, _ position: Int) {
      current.marks = marks[start..<index]
      current.range = (parts.last?.range.upperBound ?? 0)..<position
      parts.append(current)
      current = Part(marks: [], range: 0..<0)
      start = index
    }
    for (index, mark) in marks.enumerated() where parts.count + 1 < maximumStops {
      switch mark.kind {
      case .dumpFile:
        if current.hasHeader { close(index, mark.start) }
      case .short(let code, let parameters):
        if current.hasHeader, !agree(current, code, parameters) { close(index, mark.start) }
        current.hasHeader = true
        current.code = current.code ?? code
        if current.parameters.isEmpty { current.parameters = parameters }
      case .stop(let name, let code):
        guard let code = code ?? StopCodes.code(named: name)?.rawValue else { continue }
        let arguments = arguments(behind: index, in: marks[...])
        // A name of a stop, or one this version does not know with arguments behind it. Lists of other things look alike.
        guard StopCodes.code(named: name) != nil || !arguments.isEmpty || name.isEmpty else { continue }
        if current.hasHeader, !agree(current, code, arguments) { close(index, mark.start) }
        current.hasHeader = true
        current.code = current.code ?? code
        if current.parameters.isEmpty { current.parameters = arguments }
      default: break
      }
    }
    close(marks.count, text.bytes.count)
    return parts
  }

  private static func agree(_ part: Part, _ code: UInt32, _ parameters: [UInt64]) -> Bool {
    guard let known = part.code else { return true }
    guard StopCode(known).base == StopCode(code).base else { return false }
    // The debugger pads or shortens: the numbers count.
    return part.parameters.isEmpty || parameters.isEmpty
      || zip(part.parameters, parameters).allSatisfy {
        $0 == $1 || UInt32(truncatingIfNeeded: $0) == UInt32(truncatingIfNeeded: $1)
      }
  }

  /// `Arg1` to `Arg4` behind a name, as far as they follow one another before the next name.
  static func arguments(behind index: Int, in marks: ArraySlice<LogMark>) -> [UInt64] {
    var values: [UInt64] = []
    for mark in marks[(index + 1)...] {
      switch mark.kind {
      case .argument(let number, let value):
        guard number == values.count + 1 else { return values }
        values.append(value)
        if values.count == 4 { return values }
      case .stop, .short, .dumpFile, .stackHeading: return values
      // A label between arguments is part of their explanation; behind the last of a cut list it is the next section.
      case .label, .key, .cause, .system: if values.isEmpty { return values }
      }
    }
    return values
  }
}
