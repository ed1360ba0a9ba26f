import Facts
import KnowledgeBase

/// A stack as boxes, the failing frame filled, with bars for how well each frame is known.
enum StackPicture {
  private static let shown = 24
  private static let row = 26

  static func place(_ frame: StackFrame) -> String {
    let module = frame.module ?? "no module"
    if let symbol = frame.symbol { return "\(module.split(separator: ".").first.map(String.init) ?? module)!\(symbol)" }
    return module + (frame.offset.map { "+" + hexadecimal($0) } ?? "")
  }

  static func svg(_ dump: DumpView) -> String {
    let frames = dump.stack.prefix(shown)
    let height = frames.count * row + 4
    var out =
      "<svg class=\"picture stack\" viewBox=\"0 0 720 \(height)\" role=\"img\" aria-label=\"Stack with trust in each frame; the table below says the same\">\n"
    for (index, frame) in frames.enumerated() {
      let y = index * row + 2
      let isFailing = index == dump.topFrame
      // Four bars for the processor's own context, one for an address that only lay on the stack.
      let bars =
        switch frame.trust {
        case .context: 4
        case .unwind: 3
        case .framePointer: 2
        case .scan: 1
        }
      out +=
        "<rect class=\"\(isFailing ? "node stuck" : "node")\" x=\"60\" y=\"\(y)\" width=\"656\" height=\"\(row - 4)\" rx=\"3\"/>"
      for bar in 0..<4 {
        out +=
          "<rect class=\"\(bar < bars ? "bar" : "bar off")\" x=\"\(4 + bar * 12)\" y=\"\(y + 4)\" width=\"9\" height=\"\(row - 12)\"/>"
      }
      out += "<text x=\"68\" y=\"\(y + 16)\">\(HTMLText.escaped(String(place(frame).prefix(90))))</text>\n"
    }
    return HTMLText.scrolling("Drawing of the stack", out + "</svg>\n")
      + "<p class=\"quiet\">Bars say how well a frame is known: four by the processor's registers, three by unwind data, two by frame pointers, one where an address only lay on the stack.</p>\n"
  }
}

/// What an update replaced and what replaced it, as far as its article says.
enum SupersedenceChain {
  private static let shown = 6

  static func svg(_ article: Article) -> String {
    let before = article.replaces.prefix(shown)
    let after = article.supersededBy.prefix(shown)
    guard !before.isEmpty || !after.isEmpty, let id = article.id else { return "" }
    let rows = max(1, before.count, after.count)
    let height = rows * 34 + 8
    let middle = height / 2
    var out =
      "<svg class=\"picture chain\" viewBox=\"0 0 720 \(height)\" role=\"img\" aria-label=\"\(HTMLText.escaped(label(id, article)))\">\n"
    func node(_ text: String, _ x: Int, _ y: Int, _ kind: String) {
      out += "<rect class=\"node \(kind)\" x=\"\(x)\" y=\"\(y - 13)\" width=\"180\" height=\"26\" rx=\"3\"/>"
      out +=
        "<text x=\"\(x + 90)\" y=\"\(y + 5)\" text-anchor=\"middle\">\(HTMLText.escaped(String(text.prefix(24))))</text>\n"
    }
    for (index, name) in before.enumerated() {
      let y = height * (2 * index + 1) / (2 * before.count)
      out += "<path class=\"edge\" d=\"M190 \(y) L270 \(middle)\"/>"
      node(name, 10, y, "old")
    }
    for (index, name) in after.enumerated() {
      let y = height * (2 * index + 1) / (2 * after.count)
      out += "<path class=\"edge\" d=\"M450 \(middle) L530 \(y)\"/>"
      node(name, 530, y, "new")
    }
    node(id, 270, middle, "stuck")
    return "<h3>What replaces what</h3>\n" + HTMLText.scrolling("What replaces what", out + "</svg>\n")
      + "<p class=\"quiet\">\(HTMLText.escaped(label(id, article))).</p>\n"
  }

  private static func label(_ id: String, _ article: Article) -> String {
    var parts: [String] = []
    if !article.replaces.isEmpty { parts.append("\(id) replaces \(article.replaces.joined(separator: ", "))") }
    if !article.supersededBy.isEmpty {
      parts.append("\(id) is replaced by \(article.supersededBy.joined(separator: ", "))")
    }
    return parts.joined(separator: "; ")
  }
}

extension WaitGraph {
  /// Nodes that are drawn of one verdict: more cannot be told apart, and the list below has them.
  private static let drawn = 24
  private static let nodeWidth = 250

  /// A picture of the gravest verdict, and what each verdict rests on.
  var htmlBody: String {
    guard !verdicts.isEmpty else { return "" }
    var out = ""
    for verdict in verdicts {
      out +=
        "<h3>\(HTMLText.escaped(Self.title(verdict.kind))) <span class=\"quiet\">(\(verdict.trust.name))</span></h3>\n"
      out += "<p>\(HTMLText.escaped(verdict.text))</p>\n" + picture(verdict)
      let known = verdict.edges.filter { edges.indices.contains($0) }
      out += HTMLText.table(
        "What it rests on", ["who", "", "whom", "basis", "by"],
        known.map { index in
          let edge = edges[index]
          return [
            HTMLText.Cell(title(edge.from)), HTMLText.Cell(Self.words(edge.kind)), HTMLText.Cell(title(edge.to)),
            HTMLText.Cell(edge.basis == .stated ? "stated" : "inferred, \(edge.basis.rawValue)"),
            HTMLText.Cell(edge.evidence),
          ]
        }, limit: 200)
    }
    return out
  }

  private func title(_ node: Int) -> String { nodes.indices.contains(node) ? nodes[node].title : "" }

  /// Nodes in columns by kind: threads, what they wait for, items, queues and devices.
  private func picture(_ verdict: Verdict) -> String {
    var members: [Int] = []
    var seen: Set<Int> = []
    let known = verdict.edges.filter { edges.indices.contains($0) }
    for index in known {
      for node in [edges[index].from, edges[index].to]
      where nodes.indices.contains(node) && members.count < Self.drawn && seen.insert(node).inserted {
        members.append(node)
      }
    }
    guard !members.isEmpty else { return "" }
    let columns: [[NodeKind]] = [[.thread], [.lock, .signal], [.item, .device], [.queue]]
    var places: [Int: (x: Int, y: Int)] = [:]
    let used = columns.map { kinds in members.filter { kinds.contains(nodes[$0].kind) } }.filter { !$0.isEmpty }
    let rows = used.map(\.count).max() ?? 1
    let width = max(1, used.count) * (Self.nodeWidth + 50) - 46
    let height = rows * 48 + 8
    for (column, list) in used.enumerated() {
      for (row, node) in list.enumerated() {
        places[node] = (column * (Self.nodeWidth + 50) + 2, height * (2 * row + 1) / (2 * list.count))
      }
    }
    var out =
      "<svg class=\"picture waiting\" viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"Drawing of: \(HTMLText.escaped(verdict.text))\">\n"
    for index in known {
      guard let from = places[edges[index].from], let to = places[edges[index].to] else { continue }
      let inferred = edges[index].basis == .stated ? "" : " inferred"
      // From the side that faces the other one; within a column by the right side.
      let (x1, x2) =
        from.x < to.x
        ? (from.x + Self.nodeWidth, to.x)
        : from.x > to.x ? (from.x, to.x + Self.nodeWidth) : (from.x + Self.nodeWidth, to.x + Self.nodeWidth)
      let bend = from.x == to.x ? 30 : 0
      out +=
        "<path class=\"edge bad\(inferred)\" d=\"M\(x1) \(from.y) C\((x1 + x2) / 2 + bend) \(from.y) \((x1 + x2) / 2 + bend) \(to.y) \(x2) \(to.y)\"/>"
      out += "<circle class=\"end\" cx=\"\(x2)\" cy=\"\(to.y)\" r=\"4\"/>\n"
    }
    for node in members {
      guard let place = places[node] else { continue }
      out +=
        "<rect class=\"node\(nodes[node].isStuck ? " stuck" : "")\" x=\"\(place.x)\" y=\"\(place.y - 15)\" width=\"\(Self.nodeWidth)\" height=\"30\" rx=\"4\"/>"
      out +=
        "<text x=\"\(place.x + 8)\" y=\"\(place.y + 4)\">\(HTMLText.escaped(String(nodes[node].title.prefix(32))))</text>\n"
    }
    out = HTMLText.scrolling("Drawing of who waits for whom", out + "</svg>\n")
    if seen.count >= Self.drawn {
      out += "<p class=\"quiet\">The first \(Self.drawn) of those concerned are drawn.</p>\n"
    }
    return out
  }
}
