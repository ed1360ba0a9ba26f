import CrashDumpFormat
import Facts
import WindowsKernel

/// A NULL used in the kernel while another session's thread takes the same image out of its session's list.
enum SessionImageAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    guard dump.space != nil, let race = dump.sessionImageRace() else { return [] }
    let process = race.process.map { " (\($0))" } ?? ""
    let processor = race.processor.map { " on processor \($0)" } ?? ""
    let digits = dump.header.is64Bit ? 16 : 8
    return [
      Fact(
        .otherSessionRemoves,
        "A thread of session \(race.otherSession)\(process)\(processor) has just taken the entry of \(race.image) out of its session's list of images, and the faulting thread of session \(race.session) has the same image at hand.",
        attributes: [
          "component": .text("session-image"), "session": .integer(Int64(race.otherSession)),
          "module": .text(race.image),
        ], trust: race.isGuess ? .guessed : .observed,
        origin: "image entry at \(hexadecimal(race.entry.rawValue, digits: digits))")
    ]
  }
}
