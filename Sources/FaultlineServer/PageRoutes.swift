#if Server
import CaseStore
import Faultline
import HTTPTypes
import Hummingbird
import NIOCore
import Reporting

extension ServerState {
  /// What people look at. Forms lead to the same work as the API, and back to a page.
  var pageRoutes: [Route] {
    [
      Route(method: .get, path: "/") { _ in page("New case", .start, StartPage.body(uploadBytes: options.uploadBytes))
      },
      Route(method: .get, path: "/cases") { exchange in
        var query = try query(exchange)
        if query.words?.isEmpty == true { query.words = nil }
        return page("Cases", .cases, CasePages.list(try await store.records(query), query))
      },
      Route(method: .post, path: "/cases") { exchange in
        var upload = Upload(queue, limit: options.uploadBytes, metrics: metrics)
        return .see("/cases/\(try await upload.accept(exchange.request).id)")
      },
      Route(method: .get, path: "/cases/{id}") { exchange in
        let record = try await queue.record(exchange.id)
        guard record.state == .done else {
          return page(
            record.name, .cases, CasePages.page(record, try await store.files(record.id), nil),
            refresh: record.state.isFinal ? nil : 3)
        }
        let steps = try await store.stepsDone(record.id)
        if let known = pages.page(of: record, steps: steps) { return .page(known) }
        let body = CasePages.page(record, [], try await store.page(record.id))
        let made = ByteBuffer(string: html(record.name, .cases, body))
        pages.keep(made, of: record, steps: steps)
        return .page(made)
      },
      Route(method: .post, path: "/cases/{id}/cancel") { exchange in
        _ = try await queue.cancel(exchange.id)
        return .see("/cases/\(HTMLText.pathComponent(exchange.id))")
      },
      Route(method: .post, path: "/cases/{id}/again") { exchange in
        _ = try await queue.again(exchange.id)
        return .see("/cases/\(HTMLText.pathComponent(exchange.id))")
      },
      Route(method: .post, path: "/cases/{id}/delete") { exchange in
        try await delete(exchange.id)
        return .see("/cases")
      },
      Route(method: .post, path: "/cases/{id}/steps") { exchange in
        let body = String(decoding: try await exchange.body(limit: 1 << 16), as: UTF8.self)
        let steps = FormText.list(body).filter { $0.key == "step" }.map(\.value)
        try await store.setSteps(Set(steps), of: exchange.id)
        return .see("/cases/\(HTMLText.pathComponent(exchange.id))")
      },
      Route(method: .get, path: "/cases/{id}/verify") { exchange in
        // It is asked by GET so that it can be linked to; it starts a process, which no other site shall do.
        if let site = exchange.request.headers[.secFetchSite], site != "same-origin", site != "none" {
          throw CaseError(.refused, "The request was sent by a page of another site.")
        }
        let record = try await queue.record(exchange.id)
        let fix = (exchange.query["fix"] ?? "").split(whereSeparator: \.isWhitespace).joined()
        let sections =
          fix.isEmpty ? nil : String(decoding: try await queue.verify(fix, in: record.id), as: UTF8.self)
        return page("Verify: \(record.name)", .machines, CasePages.verification(record, fix: fix, sections))
      },
      Route(method: .get, path: "/machines") { _ in
        page(
          "Machines", .machines, CasePages.machines(try await store.records(CaseQuery(limit: CaseQuery.maximumLimit))))
      },
      Route(method: .get, path: "/articles") { exchange in
        let words = exchange.query["q"] ?? ""
        var body =
          "<h1>Knowledge base</h1>\n<form class=\"search\" method=\"get\" action=\"/articles\" role=\"search\">\n"
        body += "<label for=\"q\">Words, stop codes, files, pool tags, symbols or numbers</label>"
        body +=
          "<input id=\"q\" name=\"q\" type=\"search\" value=\"\(HTMLText.escaped(words))\" required>\n<button>Search</button>\n</form>\n"
        if words.isEmpty {
          body +=
            "<p>Examples: <a href=\"/articles?q=0x41+Mdl\">0x41 Mdl</a>, <a href=\"/articles?q=netbt.sys\">netbt.sys</a>, <a href=\"/articles?q=950162\">950162</a>.</p>\n"
        } else {
          body += try search(words, limit: try limit(exchange) ?? 20).htmlBody
        }
        return page(words.isEmpty ? "Knowledge base" : "Search: \(words)", .articles, body)
      },
      Route(method: .get, path: "/articles/{id}") { exchange in
        let entry = try entry(exchange.id)
        return page(entry.title, .articles, "<h1>\(HTMLText.escaped(entry.title))</h1>\n" + entry.htmlBody)
      },
      Route(method: .get, path: "/login", isOpen: true) { _ in page("Log in", nil, Self.loginForm(isWrong: false)) },
      Route(method: .post, path: "/login", isOpen: true) { exchange in
        let body = String(decoding: try await exchange.body(limit: 4096), as: UTF8.self)
        guard let cookie = access.begin(token: FormText.pairs(body)["token"] ?? "") else {
          // Guessing is slow.
          try await Task.sleep(for: .milliseconds(500))
          return .page(Page.html("Log in", nil, Self.loginForm(isWrong: true)), status: .unauthorized)
        }
        var response = Response.see("/")
        response.headers[.setCookie] = cookie
        return response
      },
      Route(method: .post, path: "/logout", isOpen: true) { exchange in
        var response = Response.see("/login")
        response.headers[.setCookie] = access.end(exchange.request)
        return response
      },
      asset("faultline.css", Assets.style, "text/css; charset=utf-8"),
      asset("faultline.js", Assets.script, "text/javascript; charset=utf-8"),
      asset("icon.svg", Assets.icon, "image/svg+xml"),
    ]
  }

  private func page(_ title: String, _ place: Page.Place?, _ body: String, refresh: Int? = nil) -> Response {
    .page(html(title, place, body, refresh: refresh))
  }

  private func html(_ title: String, _ place: Page.Place?, _ body: String, refresh: Int? = nil) -> String {
    Page.html(title, place, body, refresh: refresh, canLogOut: access.needsToken && place != nil)
  }

  func delete(_ id: String) async throws {
    try await queue.delete(id)
    pages.remove(id)
  }

  private static func loginForm(isWrong: Bool) -> String {
    var out = "<h1>Log in</h1>\n"
    if isWrong { out += "<p class=\"problem\" role=\"alert\">That is not this server's token.</p>\n" }
    out += "<form method=\"post\" action=\"/login\"><div class=\"field\"><label for=\"token\">Token</label>"
    out +=
      "<input id=\"token\" name=\"token\" type=\"password\" required autocomplete=\"current-password\" aria-describedby=\"token-hint\">"
    out +=
      "<p class=\"hint\" id=\"token-hint\">It was shown once, at the server's first start. <code>faultline serve --new-token</code> makes another.</p></div>\n"
    return out + "<p><button class=\"primary\">Log in</button></p></form>\n"
  }

  private func asset(_ name: String, _ text: String, _ type: String) -> Route {
    let bytes = Array(text.utf8)
    return Route(method: .get, path: "/assets/\(name)", isOpen: true) { _ in
      var response = Response.bytes(bytes, type: type)
      response.headers[.cacheControl] = "max-age=300"
      return response
    }
  }
}
#endif
