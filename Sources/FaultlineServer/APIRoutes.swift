#if Server
import CaseStore
import Faultline
import HTTPTypes
import Hummingbird
import NIOCore
import Reporting

extension ServerState {
  /// What programs ask for: everything that ``OpenAPI`` describes.
  var apiRoutes: [Route] {
    [
      Route(method: .get, path: "/health", isOpen: true) { _ in
        _ = try await store.counts()
        return .json(.object([.init("status", .string("ok"))]))
      },
      Route(method: .get, path: "/metrics") { _ in
        .bytes(
          Array(metrics.text(cases: try await store.counts()).utf8), type: "text/plain; version=0.0.4; charset=utf-8")
      },
      Route(method: .get, path: "/api/openapi.json", isOpen: true) { _ in
        .bytes(Array(OpenAPI.document.utf8), type: "application/json")
      },
      Route(method: .get, path: "/api/cases") { exchange in
        let records = try await store.records(try query(exchange))
        return .json(
          .object([
            .init("schema", .string("faultline.cases/1")), .init("cases", .array(records.map(\.json))),
          ]))
      },
      Route(method: .post, path: "/api/cases") { exchange in
        var upload = Upload(queue, limit: options.uploadBytes, metrics: metrics)
        let record = try await upload.accept(exchange.request)
        var response = Response.json(record.json, status: .created)
        response.headers[.location] = "/api/cases/\(record.id)"
        return response
      },
      Route(method: .get, path: "/api/cases/{id}") { exchange in
        .bytes(try await document(exchange.id), type: "application/json")
      },
      Route(method: .get, path: "/api/cases/{id}/diagnosis") { exchange in
        .bytes(try await answer(exchange.id, asText: false), type: "application/json")
      },
      Route(method: .get, path: "/api/cases/{id}/text") { exchange in
        .bytes(try await answer(exchange.id, asText: true), type: "text/plain; charset=utf-8")
      },
      Route(method: .delete, path: "/api/cases/{id}") { exchange in
        try await delete(exchange.id)
        return Response(status: .noContent)
      },
      Route(method: .post, path: "/api/cases/{id}/cancel") { exchange in
        guard try await queue.cancel(exchange.id) else {
          throw CaseError(.conflict, "The case has ended; there is nothing to cancel.")
        }
        return .json(try await queue.record(exchange.id).json)
      },
      Route(method: .post, path: "/api/cases/{id}/again") { exchange in
        guard try await queue.again(exchange.id) else {
          throw CaseError(.conflict, "The case waits or is worked on already.")
        }
        return .json(try await queue.record(exchange.id).json)
      },
      Route(method: .get, path: "/api/cases/{id}/events") { exchange in
        events(try await queue.changes(of: exchange.id))
      },
      Route(method: .get, path: "/api/articles") { exchange in
        guard let words = exchange.query["q"], !words.isEmpty else {
          throw CaseError(.refused, "Name what to look for: /api/articles?q=0x41+Mdl")
        }
        let limit = try limit(exchange) ?? 20
        return .json(try search(words, limit: limit).json)
      },
      Route(method: .get, path: "/api/articles/{id}") { exchange in .json(try entry(exchange.id).json) },
    ]
  }

  /// A part of a done case's answer.
  private func answer(_ id: String, asText: Bool) async throws -> [UInt8] {
    let record = try await queue.record(id)
    let bytes = asText ? try await store.text(id) : try await store.diagnosis(id)
    guard record.state == .done, let bytes else {
      throw CaseError(.conflict, record.problem ?? "The case is \(record.state.rawValue); it has no answer.")
    }
    return bytes
  }

  /// Server-sent events, with a comment now and then so that a connection whose reader is gone ends.
  private func events(_ changes: AsyncStream<CaseRecord>) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8"],
      body: ResponseBody { writer in
        try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
        let beats = Self.withBeats(changes)
        for await change in beats {
          guard let change else {
            try await writer.write(ByteBuffer(string: ": alive\n\n"))
            continue
          }
          try await writer.write(ByteBuffer(string: "event: case\ndata: \(change.json.text())\n\n"))
        }
        try await writer.finish(nil)
      })
  }

  /// The changes, and nil where none came for 15 seconds.
  private static func withBeats(_ changes: AsyncStream<CaseRecord>) -> AsyncStream<CaseRecord?> {
    AsyncStream(bufferingPolicy: .bufferingNewest(8)) { continuation in
      let beating = Task {
        while !Task.isCancelled {
          try await Task.sleep(for: .seconds(15))
          continuation.yield(nil)
        }
      }
      let telling = Task {
        for await change in changes { continuation.yield(change) }
        continuation.finish()
      }
      continuation.onTermination = { _ in
        beating.cancel()
        telling.cancel()
      }
    }
  }
}
#endif
