#if Server
import ByteReading
import CaseStore
import Facts
import Faultline
import HTTPTypes
import Hummingbird
import NIOCore
import Reporting

/// Evidence as it arrives: written to disk part by part, so that memory does not grow with it.
struct Upload {
  /// A field that is no file.
  private static let fieldBytes = 64 << 10
  private static let nameBytes = 200
  /// Written at once.
  private static let chunk = 256 << 10

  let queue: CaseQueue
  let limit: Int64
  let metrics: Metrics

  private var files: [CaseFile] = []
  private var fields: [String: [String]] = [:]

  init(_ queue: CaseQueue, limit: Int64, metrics: Metrics) {
    self.queue = queue
    self.limit = limit
    self.metrics = metrics
  }

  /// Makes a case of a request's body: a multipart form with files and fields, or a document of symptoms.
  mutating func accept(_ request: Request) async throws -> CaseRecord {
    try await queue.checkRoom()
    if let length = request.headers[.contentLength].flatMap({ Int64($0) }), length > limit { throw tooLarge }
    let type = request.headers[.contentType] ?? ""
    do {
      if let reader = MultipartReader(contentType: type) {
        try await receive(request, reader)
      } else if type.lowercased().hasPrefix("application/json") {
        let exchange = Exchange(request, path: [])
        try await keepSymptoms(try await exchange.body(limit: 1 << 20))
      } else {
        throw CaseError(
          .refused, "send the evidence as multipart/form-data, or symptoms as application/json (faultline.symptoms/1)")
      }
      if let typed = SymptomsForm.document(fields) { try await keepSymptoms(typed) }
      guard !files.isEmpty else {
        throw CaseError(.refused, "name at least one file of evidence or one symptom, such as the stop code")
      }
    } catch {
      try? await queue.store.release(files.map(\.sha256))
      throw error
    }
    let record = try await queue.accept(name: name, files: files)
    metrics.accepted()
    return record
  }

  private var tooLarge: CaseError { CaseError(.tooLarge, "one upload may have \(limit) bytes at most") }

  /// As given, else after the first file.
  private var name: String {
    let given = fields["name"]?.first?.split(whereSeparator: \.isWhitespace).joined(separator: " ") ?? ""
    let name = given.isEmpty ? (files.first?.name.text ?? "case") : given
    return String(decoding: Array(name.utf8.prefix(Self.nameBytes)), as: UTF8.self)
      .replacing("\u{FFFD}", with: "")
  }

  private mutating func receive(_ request: Request, _ reader: MultipartReader) async throws {
    var reader = reader
    var total: Int64 = 0
    var part: MultipartReader.Part?
    var file: (evidence: IncomingEvidence, name: EvidenceName)?
    var pending: [UInt8] = []
    let passed = Passed()
    var pace = UploadPace(now: passed.now)
    for try await buffer in request.body {
      total += Int64(buffer.readableBytes)
      guard total <= limit else { throw tooLarge }
      metrics.received(buffer.readableBytes)
      try pace.received(buffer.readableBytes, now: passed.now)
      for event in try reader.read(buffer.readableBytesView) {
        switch event {
        case .begin(let began):
          part = began
          pending = []
          // A form whose field for files was left empty sends one without a name.
          if let fileName = began.fileName, !fileName.isEmpty {
            file = (try queue.store.receive(), try EvidenceName(fileName))
          }
        case .data(let bytes):
          if let file {
            pending += bytes
            if pending.count >= Self.chunk {
              try await Self.write(pending, to: file.evidence)
              pending.removeAll(keepingCapacity: true)
            }
          } else if part?.fileName == nil {
            pending += bytes
            guard pending.count <= Self.fieldBytes else {
              throw CaseError(.tooLarge, "a field of the form is longer than \(Self.fieldBytes) bytes")
            }
          }
        case .end:
          if let (evidence, name) = file {
            try await Self.write(pending, to: evidence)
            try await keep(evidence, name)
          } else if let part, part.fileName == nil {
            fields[part.name, default: []].append(String(decoding: pending, as: UTF8.self))
          }
          part = nil
          file = nil
          pending.removeAll(keepingCapacity: true)
        }
      }
    }
    try reader.finish()
  }

  private static func write(_ bytes: [UInt8], to evidence: IncomingEvidence) async throws {
    try await offloaded { () throws(CaseError) in try evidence.write(bytes) }
  }

  private mutating func keep(_ evidence: IncomingEvidence, _ name: EvidenceName) async throws {
    let store = queue.store
    let sha256 = try await offloaded { () throws(CaseError) in try store.keep(evidence) }
    files.append(CaseFile(name: name, sha256: sha256, bytes: evidence.bytes))
  }

  private mutating func keepSymptoms(_ document: [UInt8]) async throws {
    do {
      _ = try Symptoms(json: document)
    } catch {
      throw CaseError(.refused, "the symptoms are not understood: \(error)")
    }
    let evidence = try queue.store.receive()
    try await Self.write(document, to: evidence)
    try await keep(evidence, try EvidenceName("symptoms.json"))
  }
}

/// The fields of the start page's form as `faultline.symptoms/1`.
enum SymptomsForm {
  /// Fields of the form, the keys of the document, and whether it takes a list there.
  private static let keys: [(field: String, key: String, isList: Bool)] = [
    ("stop", "stopCode", false), ("parameters", "parameters", true), ("module", "module", false),
    ("version", "moduleVersion", false), ("symbol", "stackTop", true), ("tag", "poolTag", false),
    ("pool", "pool", false), ("product", "osProduct", false), ("pack", "servicePack", false),
    ("architecture", "architecture", false), ("process", "processName", false), ("observed", "observations", true),
  ]

  /// nil where nothing was typed.
  static func document(_ fields: [String: [String]]) -> [UInt8]? {
    var members = [JSONValue.Member("schema", .string("faultline.symptoms/1"))]
    for (field, key, isList) in keys {
      let lines = (fields[field] ?? []).flatMap { value in
        value.split(whereSeparator: \.isNewline).map { String($0).trimmed }
      }.filter { !$0.isEmpty }
      guard let first = lines.first else { continue }
      if key == "parameters" {
        let numbers = lines.flatMap { $0.split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init) }
        members.append(JSONValue.Member(key, .array(numbers.map { .string($0) })))
      } else {
        members.append(JSONValue.Member(key, isList ? .array(lines.map { .string($0) }) : .string(first)))
      }
    }
    return members.count > 1 ? Array(JSONValue.object(members).text().utf8) : nil
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
#endif
