/// The images and symbol files that would help with one dump: `faultline.dump-symbols/1`.
public struct SymbolFilesView: Hashable, Sendable {
  /// A file as symbol stores keep it.
  public struct File: Hashable, Sendable {
    /// `NAME/KEY/NAME`, relative to a store's or server's root.
    public var storePath: String
    /// The user's own file that is it, where there is one.
    public var found: String?

    public init(storePath: String, found: String? = nil) {
      self.storePath = storePath
      self.found = found
    }
  }

  /// Where a symbol file's identity is known from.
  public enum Source: String, Hashable, Sendable {
    case memory, image
    /// The addresses in the dump fit one known kernel only.
    case addressMatch = "address-match"
  }

  public struct Module: Hashable, Sendable {
    public var name: String
    /// A frame of a stack lies in it.
    public var isOnStack: Bool
    /// nil where the dump does not say when the image was linked.
    public var image: File?
    /// nil where neither memory nor an image holds the debug directory.
    public var symbols: File?
    public var symbolSource: Source?

    public init(name: String, isOnStack: Bool, image: File?, symbols: File?, symbolSource: Source?) {
      self.name = name
      self.isOnStack = isOnStack
      self.image = image
      self.symbols = symbols
      self.symbolSource = symbolSource
    }
  }

  /// Those on a stack first, each part in load order.
  public var modules: [Module] = []
  public var missing: [Missing] = []

  public init() {}
}
