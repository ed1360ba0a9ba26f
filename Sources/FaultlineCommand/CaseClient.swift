import ArgumentParser
import ByteReading
import Faultline
import Reporting
import Symbols

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A server that is given evidence and asked for its answer, as `diagnose --server` does.
struct CaseClient {
  /// Of `faultline.case/1` what is needed here.
  private struct Record: Decodable {
    struct Progress: Decodable {
      var phase: String
      var done: Int
      var total: Int
    }

    var id: String
    var state: String
    var problem: String?
    var progress: Progress?
  }

  private struct Message: Decodable {
    var message: String
  }

  private static let answerBytes = 256 << 20

  private let root: String
  private let token: String?
  private let transport: CurlTransport

  init(_ url: String, token: String?) throws {
    guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
      throw CommandFailure.usage("--server takes the address of a server, such as http://127.0.0.1:8080")
    }
    root = url.hasSuffix("/") ? String(url.dropLast()) : url
    self.token = token
    do {
      transport = try CurlTransport(userAgent: "faultline")
    } catch {
      throw CommandFailure.inputOutput("\(error)")
    }
  }

  /// The diagnosis of files and folders: as `faultline.diagnosis/1`, and as text.
  func diagnose(_ paths: [String], output: OutputOptions) async throws -> (json: [UInt8], text: [UInt8]) {
    let found = EvidencePaths(paths)
    if found.files.isEmpty {
      if let first = found.notFound.first { throw CommandFailure.notFound("\(first): no such file or folder") }
      throw CommandFailure.unreadable("\(paths.joined(separator: ", ")): no file in it")
    }
    for path in found.notFound { output.note("\(path): no such file or folder") }
    for problem in found.problems { output.note(problem.error.description) }
    var parts = [FormPart("name", .text(paths.first ?? ""))]
    for path in found.files {
      parts.append(FormPart("evidence", .file(path: path, name: Self.relative(path))))
    }
    let id = try record(ask("/api/cases", parts: parts)).id
    var last = ""
    while true {
      let record = try record(ask("/api/cases/\(id)"))
      switch record.state {
      case "done":
        if Terminal.errorIsTerminal, !output.quiet { _ = Terminal.write("\r\u{1B}[K", to: 2) }
        return (try ask("/api/cases/\(id)/diagnosis"), try ask("/api/cases/\(id)/text"))
      case "failed", "cancelled":
        throw CommandFailure.unreadable("\(root): \(record.problem ?? "the case was \(record.state)")")
      default:
        let line = record.progress.map { "\($0.phase): \($0.done) of \($0.total)" } ?? record.state
        if line != last, Terminal.errorIsTerminal, !output.quiet {
          _ = Terminal.write("\r\u{1B}[K" + TextStyle.cleanLine(String(line.prefix(70))), to: 2)
        }
        last = line
        try await Task.sleep(for: .milliseconds(250))
      }
    }
  }

  /// As the server takes names: relative, without what leads upwards.
  private static func relative(_ path: String) -> String {
    path.split(separator: "/").filter { $0 != "." && $0 != ".." }.joined(separator: "/")
  }

  private var unknown: CommandFailure { .inputOutput("\(root): answers unlike a Faultline server") }

  private func ask(_ path: String, parts: [FormPart] = []) throws -> [UInt8] {
    let answer: HTTPResponse
    do {
      answer = try transport.send(root + path, parts: parts, token: token, limit: Self.answerBytes)
    } catch {
      throw CommandFailure.inputOutput("\(error)")
    }
    guard answer.status == 200 || answer.status == 201 else {
      let message =
        (try? JSONDecoder().decode(Message.self, from: Data(answer.body)))?.message ?? "status \(answer.status)"
      throw answer.status == 400 || answer.status == 413
        ? CommandFailure.usage("\(root): \(message)") : CommandFailure.inputOutput("\(root): \(message)")
    }
    return answer.body
  }

  private func record(_ bytes: [UInt8]) throws -> Record {
    guard let record = try? JSONDecoder().decode(Record.self, from: Data(bytes)) else { throw unknown }
    return record
  }
}
