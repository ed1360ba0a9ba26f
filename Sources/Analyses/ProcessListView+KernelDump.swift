import CrashDumpFormat
import Facts
import WindowsKernel

extension KernelDump {
  /// Every process of the dump's list, in the list's order.
  public var processListView: ProcessListView {
    var view = ProcessListView(pointerDigits: architecture.pointerSize == 4 ? 8 : 16)
    let (list, missing) = processes()
    view.missing = missing
    guard let list else { return view }
    view.layoutBuild = list.layoutBuild
    view.isGuess = list.isGuess
    view.rows = list.processes.map { process in
      var row = ProcessListView.Row(
        address: process.address, name: process.name, id: process.id,
        isCurrent: process.address == self.process?.address)
      row.parent = process.parent
      row.session = process.session
      row.directoryTableBase = process.directoryTableBase
      row.threads = process.threads
      row.created = process.created?.rfc3339
      row.exited = process.exited?.rfc3339
      return row
    }
    return view
  }
}
