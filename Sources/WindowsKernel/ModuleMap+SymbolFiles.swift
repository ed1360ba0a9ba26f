import Facts
import PortableExecutable
import Symbols

extension ModuleMap {
  public struct SymbolFiles: Sendable {
    public var name: String
    public var image: SymbolFilesView.File?
    public var symbols: SymbolFilesView.File?
    public var source: SymbolFilesView.Source?
  }

  /// Where a symbol store keeps each module's image and symbol file, in load order.
  public func symbolFiles(_ match: KernelBuildMatch?) -> [SymbolFiles] {
    entries.indices.map { index in
      let entry = entries[index]
      var files = SymbolFiles(name: entry.identity.name)
      if let key = Self.key(entry) {
        files.image = SymbolFilesView.File(storePath: key.storePath(entry.identity.name), found: entry.file?.path)
      }
      let identity = debugIdentity(at: index, match: match)
      if entry.image?.debugIdentity != nil {
        let own = loadedImage(at: index).flatMap { try? $0.codeView() }
        files.source = own != nil || entry.file == nil ? .memory : .image
      } else if identity != nil {
        files.source = .addressMatch
      }
      files.symbols = identity.map {
        SymbolFilesView.File(storePath: $0.storePath, found: entry.symbolMatch == .identity ? entry.symbolPath : nil)
      }
      return files
    }
  }
}
