import Analyses
import Benchmark
import ByteReading
import CrashDumpFormat
import EvidenceSynthesis
import Facts
import Faultline
import Foundation
import KnowledgeBase
import Symbols
import WindowsKernel

// Dumps per second on one core, from bytes in memory: what a fleet's triage is made of. Names end in what is measured;
// throughput counts dumps.

/// A dump to read again and again.
struct Sample: Sendable {
  var name: String
  var file: MappedFile

  /// Synthesized dumps of each width, and the real ones where there are any (FAULTLINE_SHARED, else ../shared).
  static let all: [Sample] = {
    let made = ["netbt-stop", "session-race-x64", "unknown-driver-19041"].compactMap { id in
      Scenario.named(id).map {
        Sample(name: "synthesized \(id)", file: MappedFile(bytes: $0(seed: 1).dump(), path: id))
      }
    }
    let real = (try? FileManager.default.contentsOfDirectory(atPath: shared + "/evidence/dumps")) ?? []
    return made
      + real.filter { $0.hasSuffix(".dmp") }.sorted().compactMap { name in
        (try? MappedFile(path: shared + "/evidence/dumps/" + name)).map { Sample(name: "real \(name)", file: $0) }
      }
  }()

  static let shared =
    ProcessInfo.processInfo.environment["FAULTLINE_SHARED"]
    ?? URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../../shared").standardizedFileURL
    .path(percentEncoded: false)
}

let benchmarks: @Sendable () -> Void = {
  Benchmark.defaultConfiguration = .init(
    metrics: [.throughput, .wallClock, .peakMemoryResident], warmupIterations: 3,
    maxDuration: .seconds(3), maxIterations: 1_000_000)

  for sample in Sample.all {
    Benchmark("read: \(sample.name)") { benchmark in
      for _ in benchmark.scaledIterations { blackHole(try? CrashDump(parsing: sample.file)) }
    }
    Benchmark("understand: \(sample.name)") { benchmark in
      for _ in benchmark.scaledIterations {
        blackHole((try? CrashDump(parsing: sample.file)).map { KernelDump($0) })
      }
    }
  }

  // The whole way from a file's bytes to findings and plan; the hash of the file is part of the answer.
  for sample in Sample.all {
    Benchmark("diagnose: \(sample.name)") { benchmark in
      guard let catalogue = try? Catalogue.bundled() else { return benchmark.error("no catalogue") }
      let diagnoser = Diagnoser(catalogue: catalogue)
      benchmark.startMeasurement()
      for _ in benchmark.scaledIterations {
        blackHole(diagnoser.diagnose([EvidencePiece(file: sample.file, symbols: nil, hash: true)]))
      }
    }
  }
}
