import Facts
import WindowsKernel

extension KernelDump {
  /// Every module's image and symbol file, as store paths.
  public var symbolFilesView: SymbolFilesView {
    var view = SymbolFilesView()
    var onStack = Set(stack.compactMap(\.module))
    for processor in processorStacks().stacks { onStack.formUnion(processor.frames.compactMap(\.module)) }
    let rows = modules.symbolFiles(buildMatch).map { files in
      SymbolFilesView.Module(
        name: files.name, isOnStack: onStack.contains(files.name), image: files.image, symbols: files.symbols,
        symbolSource: files.source)
    }
    view.modules = rows.filter(\.isOnStack) + rows.filter { !$0.isOnStack }
    view.missing = missing.filter { $0.what == "modules" }
    if rows.isEmpty, view.missing.isEmpty {
      view.missing.append(
        Missing("modules", because: .notInDump, detail: "The dump holds no list of loaded modules."))
    }
    return view
  }
}
