import ArgumentParser
import ByteReading
import Facts
import PortableExecutable
import Symbols

/// Where symbols and images come from.
struct SymbolOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Folder with symbols: PDB files, a symbol store (NAME.pdb/GUIDAGE/NAME.pdb) or Volatility 3 tables (NAME.pdb/GUID-AGE.json or .json.xz). Repeatable.",
      valueName: "dir"))
  var symbols: [String] = []

  @Option(
    help: ArgumentHelp(
      "Folder with the machine's images (.sys, .exe, .dll), in any layout; found by timestamp and size. Repeatable.",
      valueName: "dir"))
  var images: [String] = []

  @Option(
    help: ArgumentHelp(
      "Symbol server (http:// or https://) to ask for what the folders lack, of the kernel and of modules on the stack. None is asked unless it is named.",
      valueName: "url"))
  var symbolServer: String?

  @Option(
    help: ArgumentHelp(
      "Folder in which files from the symbol server are kept (default: faultline/symbols in the user's cache folder).",
      valueName: "dir"))
  var symbolCache: String?

  func validate() throws {
    if symbolCache != nil, symbolServer == nil {
      throw ValidationError("--symbol-cache belongs to --symbol-server.")
    }
  }

  /// The server that was named, and where its files are kept.
  func server(quiet: Bool) throws -> SymbolServer? {
    guard let symbolServer else { return nil }
    guard let cache = symbolCache ?? SymbolServer.defaultCache(environment: Terminal.environment) else {
      throw CommandFailure.usage("--symbol-server: no folder for its files is known; name one with --symbol-cache")
    }
    let showsProgress = Terminal.errorIsTerminal && !quiet
    do {
      return try SymbolServer(
        url: symbolServer, cache: cache, transport: CurlTransport(userAgent: "faultline")
      ) { name, bytes, total in
        guard showsProgress else { return }
        // Overwritten by whatever comes next; gone when the file is there.
        let share = total.map { "\(bytes >> 10) of \($0 >> 10) KB" } ?? "\(bytes >> 10) KB"
        _ = Terminal.write("\r\u{1B}[K" + (bytes == total ? "" : "\(name.prefix(40)): \(share)"), to: 2)
      }
    } catch {
      throw CommandFailure.usage("--symbol-server: \(error)")
    }
  }

  func symbolFolder() throws -> SymbolFolder? {
    guard !symbols.isEmpty else { return nil }
    let folder = SymbolFolder(paths: symbols)
    if folder.entries.isEmpty && folder.loose.isEmpty {
      throw CommandFailure.notFound(
        "\(symbols.joined(separator: ", ")): no symbol table (NAME.pdb/GUID-AGE.json or .json.xz) and no PDB file found"
      )
    }
    return folder
  }

  func imageFolder() throws -> ImageFolder? {
    guard !images.isEmpty else { return nil }
    let folder = ImageFolder(paths: images)
    if folder.fileCount == 0 {
      throw CommandFailure.notFound("\(images.joined(separator: ", ")): no image (.sys, .exe, .dll) found")
    }
    return folder
  }
}
