import Facts

/// The parsed table behind `Product` and `ProductName`.
struct ProductTable: Sendable {
  static let shared = ProductTable(EmbeddedTable(PackageResources.products_tsv))

  struct Build: Sendable {
    var builds: ClosedRange<Int>
    var type: ProductType?
    var architecture: Architecture?
    var product: Product

    func fits(build: Int, type: ProductType?, architecture: Architecture?) -> Bool {
      builds.contains(build) && (type == nil || self.type == nil || self.type == type)
        && (architecture == nil || self.architecture == nil || self.architecture == architecture)
    }
  }

  /// The words a name must and must not have.
  struct Pattern: Sendable {
    /// Each of these must occur in one of its spellings.
    var required: [[String]] = []
    var excluded: [String] = []
    var first: String?
    var result: String

    init(_ text: String, result: String) {
      self.result = result
      for word in text.split(separator: " ") {
        switch word.first {
        case "!": excluded.append(String(word.dropFirst()))
        case "^":
          first = String(word.dropFirst())
        default: required.append(word.split(separator: "/").map(String.init))
        }
      }
    }

    func holds(for words: [String]) -> Bool {
      if let first, words.first != first { return false }
      return required.allSatisfy { $0.contains(where: words.contains) } && !excluded.contains(where: words.contains)
    }
  }

  var builds: [Build] = []
  var spellings: [String: [String]] = [:]
  var products: [Pattern] = []
  var architectures: [Pattern] = []

  private(set) var names: [String] = []

  init(_ text: EmbeddedTable) {
    for record in text.records {
      let fields = text.fields(of: record)
      let words = fields.map(text.text)
      switch (words[0], words.count) {
      case ("build", 9):
        guard let first = text.decimal(fields[2]), let last = text.decimal(fields[3]), first <= last else { continue }
        builds.append(
          Build(
            builds: first...last, type: ProductType(rawValue: words[4]),
            architecture: words[5] == "-" ? nil : Architecture(rawValue: words[5]),
            product: Product(
              name: words[6], version: words[1], release: words[7].isEmpty ? nil : words[7],
              servicePack: ServicePack(words[8]))))
      case ("spelling", 3): spellings[words[1]] = words[2].split(separator: " ").map(String.init)
      case ("product", 3): products.append(Pattern(words[2], result: words[1]))
      case ("architecture", 3): architectures.append(Pattern(words[2], result: words[1]))
      default: continue
      }
    }
    names = Set(builds.map(\.product.name) + products.map(\.result)).sorted()
  }
}
