#if Server
import Foundation
import TestSupport
import Testing

/// The OpenAPI document against the server that serves it.
@Suite struct DescriptionTests {
  private static let kinds: Set<String> = ["get", "post", "put", "delete", "patch"]

  @Test func everyDescribedOperationAnswersAsDescribed() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    let document = try server.get("/api/openapi.json").json()
    #expect(document["openapi"] as? String == "3.1.0")
    let paths = try #require(document["paths"] as? [String: [String: Any]])
    let id = try server.accept([("a.txt", Array("neither".utf8))])
    _ = try server.ended(id)
    for (path, operations) in paths {
      let isArticle = path.contains("/articles/")
      let known = path.replacing("{id}", with: isArticle ? "KB961799" : id)
      for (method, operation) in operations where Self.kinds.contains(method) && method != "delete" {
        let responses = try #require((operation as? [String: Any])?["responses"] as? [String: [String: Any]])
        let address = known + (path == "/api/articles" ? "?q=netbt" : "")
        let answer = try server.ask(method.uppercased(), address, body: method == "post" ? [] : nil)
        let described = responses["\(answer.status)"] ?? responses["default"]
        #expect(described != nil, "\(method) \(path): \(answer.status)")
        #expect(answer.status != 404 && answer.status != 405, "\(method) \(path) is described and not there")
        if answer.status == 200, let content = described?["content"] as? [String: Any] {
          let type = answer.headers["content-type"]?.split(separator: ";").first.map(String.init)
          #expect(type.map { content[$0] != nil } == true, "\(method) \(path): \(type ?? "")")
        }
        // What the description does not name is refused, and told as it says.
        let other = try server.ask("PATCH", address)
        #expect(other.status == 405 && (try? other.json()["schema"] as? String) == "faultline.error/1")
        if path.contains("{id}") {
          let unknown = try server.ask(
            method.uppercased(), path.replacing("{id}", with: "nothing"), body: method == "post" ? [] : nil)
          #expect(unknown.status == 404 && (try? unknown.json()["error"] as? String) == "not-found")
        }
      }
    }
  }

  @Test func queriesAreChecked() throws {
    let folder = try TemporaryFolder()
    let server = try RunningServer(folder)
    for path in ["/api/cases?state=x", "/api/cases?limit=0", "/api/cases?limit=x", "/api/articles", "/api/articles?q="]
    {
      #expect(try server.get(path).status == 400, "\(path)")
    }
    for path in [
      "/api/cases?q=%00%ff'%22&before=none", "/api/articles?q=%22%22%22", "/api/articles?q=%25%5c*", "/api/cases?=",
    ] {
      #expect(try server.get(path).status < 500, "\(path)")
    }
    #expect(try server.get("/metrics").text.contains("faultline_http_requests_total{status=\"400\"} 5"))
    let head = try server.ask("HEAD", "/")
    #expect(head.status == 200 && head.body.isEmpty && head.headers["content-length"] != "0")
  }
}
#endif
