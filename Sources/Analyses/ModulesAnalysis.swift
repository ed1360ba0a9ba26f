import CrashDumpFormat
import Facts
import KernelLayouts
import WindowsKernel

/// What is loaded, what no longer is, and whether the list is whole.
enum ModulesAnalysis: DumpAnalysis {
  static func facts(_ dump: KernelDump) -> [Fact] {
    var facts: [Fact] = []
    let modules = dump.modules.modules
    let list = dump.space == nil ? "DriverList" : "PsLoadedModuleList"
    if dump.modulesAreComplete, !modules.isEmpty {
      facts.append(
        Fact(
          .moduleList, "The list of loaded modules is whole: \(modules.count) modules.",
          attributes: ["count": .integer(Int64(modules.count))], origin: list))
    }
    for module in modules {
      var attributes: [FactAttribute: FactValue] = [
        "module": .text(module.name), "inbox": .flag(InboxModules.contains(module.name)),
      ]
      if let version = module.version { attributes["version"] = .version(version) }
      if let timestamp = module.timestamp { attributes["timestamp"] = .text(hexadecimal(UInt64(timestamp), digits: 8)) }
      if let timestamp = module.timestamp, dump.meaning(ofTimestampOf: module) == .date {
        attributes["built"] = .text(String(CivilTime(unixSeconds: Int64(timestamp)).rfc3339.prefix(10)))
      }
      facts.append(
        Fact(
          .module, "\(module.name) is loaded" + (module.version.map { ", version \($0)" } ?? "") + ".",
          attributes: attributes,
          origin: list))
    }
    for driver in dump.unloadedModules {
      facts.append(
        Fact(
          .unloadedModule, "\(driver.name) was unloaded before the stop.", attributes: ["module": .text(driver.name)],
          origin: dump.space == nil ? "UnloadedDrivers" : "MmUnloadedDrivers"))
    }
    return facts
  }
}
