extension ArticleDocument {
  /// The products an article says it applies to, one for each list item, nested items included.
  ///
  /// Archive articles without the list name their product only in the PRODUCT line.
  func products() -> [String] {
    var result: [String] = []
    var current: [UInt8] = []
    func flush() {
      if !current.isEmpty { result.append(String(decoding: current, as: UTF8.self)) }
      current = []
    }
    for index in 0..<min(footer, text.lines.count) where places[index].section == .appliesTo {
      guard roles[index] == .text else {
        flush()
        if layout == .archive, roles[index] == .rule, !result.isEmpty { break }
        continue
      }
      if text.hasPhrase("back to the top", line: index) { continue }
      let content = text.lines[index].content
      if let marker = listMarker(content) {
        flush()
        current = Array(text.bytes[(content.lowerBound + marker)..<content.upperBound])
      } else if layout == .archive {
        guard !current.isEmpty else { continue }
        current.append(ASCII.space)
        current.append(contentsOf: text.bytes[content])
      } else {
        let line = text.folded(index)
        if line.hasPhrase("keywords", at: 0) || line.hasPhrase("properties", at: 0) || line.count < 3 { break }
        flush()
        // Lists that lost their marks; a sentence is no product.
        if line.count <= 120, line.bytes.last != ASCII.dot, line.bytes.first?.isUpper == true { current = line.bytes }
      }
    }
    flush()
    if result.isEmpty, layout == .archive, let product = key("product"), !product.isEmpty { return [product.string] }
    return result
  }
}
