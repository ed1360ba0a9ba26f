import ByteReading
import Facts
import KernelLayouts

extension HiveView {
  /// Everything a report prints of a hive, and what could not be read.
  public init(_ hive: RegistryHive, _ problems: inout [ReadError]) {
    var found = HiveProblems()
    let root = try? hive.root()
    let rootKeys = root.map { hive.subkeys(of: $0, &found) } ?? []
    let extent = hive.extent()
    problems += hive.problems + extent.problems.first
    if extent.problems.count > extent.problems.first.count {
      problems.append(
        ReadError(
          .malformed, reading: "registry hive", expected: "keys and values",
          found: "\(extent.problems.count - extent.problems.first.count) further errors"))
    }
    // A subkey that is listed and cannot be read is there all the same: it stands without its name.
    let names = rootKeys.map(\.name) + Array(repeating: "", count: found.lostKeys)
    self.init(
      type: Self.type(names, fileName: hive.base.fileName), fileName: hive.base.fileName,
      format: "\(hive.base.majorVersion).\(hive.base.minorVersion)", primarySequence: hive.base.primarySequence,
      secondarySequence: hive.base.secondarySequence, appliedTransactions: hive.appliedTransactions, rootKeys: names,
      keys: extent.keys, values: extent.values)
    if let key = hive.key("Microsoft", "Windows NT", "CurrentVersion") { addSoftware(hive, key) }
    addSystem(hive, names)
    if type == "ntuser" { addUser(hive) }
    if machine == Machine() { machine = nil }
  }

  /// What a hive holds, by its keys; two kinds look alike and are told apart by the name they were loaded under.
  static func type(_ rootKeys: [String], fileName: String) -> String {
    let keys = Set(rootKeys.map { $0.lowercased() })
    let file = fileName.lowercased().split(separator: "\\").last.map(String.init) ?? ""
    if keys.contains(where: { $0.hasPrefix("controlset") }) { return "system" }
    if keys.contains("microsoft"), keys.contains("classes") { return "software" }
    if keys.contains("policy"), keys.contains("rxact") { return "security" }
    if keys == ["sam"] { return "sam" }
    if keys.contains("software"), keys.contains("environment") || keys.contains("control panel") {
      return file == "default" ? "default" : "ntuser"
    }
    if keys.contains("deriveddata") || keys.contains("canonicaldata") { return "components" }
    if keys == ["objects", "description"] { return "bcd" }
    if keys.contains("driverdatabase") { return "drivers" }
    if keys == ["root"], file.hasPrefix("amcache") { return "amcache" }
    if keys.contains("local settings") || file.hasPrefix("usrclass") { return "usrclass" }
    return "unknown"
  }

  // MARK: SOFTWARE

  private mutating func addSoftware(_ hive: RegistryHive, _ key: HiveKey) {
    var ignored = HiveProblems()
    let values = hive.values(of: key, &ignored)
    var machine = self.machine ?? Machine()
    let name = hive.text("ProductName", in: values)
    let buildText = hive.text("CurrentBuildNumber", in: values) ?? hive.text("CurrentBuild", in: values)
    let build = buildText.flatMap { Int($0) }
    // `7601.17514.amd64fre.win7sp1_rtm.101119-1850`, `2600.xpsp_sp3_gdr.…` without an architecture.
    let lab = hive.text("BuildLabEx", in: values) ?? hive.text("BuildLab", in: values) ?? ""
    machine.architecture = lab.split(separator: ".").lazy.compactMap { Architecture(named: $0) }.first
    edition = hive.text("EditionID", in: values)
    machine.edition = name
    machine.product = product(
      named: name.map { name in
        // `Microsoft Windows XP` needs no hint; a server's name may leave it out.
        hive.text("InstallationType", in: values)?.lowercased().hasPrefix("server") == true ? name + " Server" : name
      }, build: build, architecture: machine.architecture)
    if let version = version(hive, values), let build {
      machine.version = "\(version).\(build)" + (hive.integer("UBR", in: values).map { ".\($0)" } ?? "")
    }
    machine.servicePack = servicePack(
      stated: hive.text("CSDVersion", in: values).flatMap { ServicePack($0) }, build: build)
    machine.updates = updates(hive, key)
    // All that this Windows knows of what was put on it.
    machine.updatesAreComplete = !machine.updates.isEmpty
    machine.readSettings(hive, SettingKeys.policies, below: [], name: "HKLM\\SOFTWARE")
    self.machine = machine
  }

  /// One user's policies, which count like the machine's for what that user runs.
  private mutating func addUser(_ hive: RegistryHive) {
    var machine = self.machine ?? Machine()
    machine.readSettings(hive, SettingKeys.policies, below: ["Software"], name: "HKCU\\Software")
    // A user's hive says nothing else of the machine.
    if !machine.settings.isEmpty { self.machine = machine }
  }

  private func version(_ hive: RegistryHive, _ values: [HiveValue]) -> String? {
    // From Windows 10 on the text stays at 6.3 for old programs' sake.
    if let major = hive.integer("CurrentMajorVersionNumber", in: values) {
      return "\(major).\(hive.integer("CurrentMinorVersionNumber", in: values) ?? 0)"
    }
    return hive.text("CurrentVersion", in: values)
  }

  /// Hotfix keys up to Server 2003, component packages from Vista on.
  private func updates(_ hive: RegistryHive, _ currentVersion: HiveKey) -> [String] {
    var ignored = HiveProblems()
    var list = UpdateList()
    if let hotfixes = hive.key(path: ["HotFix"], from: currentVersion) {
      for (key, values) in hive.children(of: hotfixes) {
        // A hotfix that was taken off again leaves its key with 0.
        if let id = updateID(key.name), hive.integer("Installed", in: values) != 0 { list.add(id) }
      }
    }
    if let packages = hive.key("Microsoft", "Windows", "CurrentVersion", "Component Based Servicing", "Packages") {
      for (key, values) in hive.children(of: packages) {
        guard let state = hive.integer("CurrentState", in: values), Self.isInstalled(state) else { continue }
        if let id = packageUpdate(key.name) { list.add(id) }
        // A cumulative update's package has no number in its name, but the file it came from has.
        if let id = hive.text("InstallLocation", in: values).flatMap(Self.updateIDInside) { list.add(id) }
      }
    }
    if let updates = hive.key("Microsoft", "Updates") {
      // `Updates\Windows Server 2003\SP3\KB950162`.
      var left = hive.entryLimit
      for product in hive.subkeys(of: updates, &ignored) {
        for pack in hive.subkeys(of: product, &ignored) {
          for update in hive.subkeys(of: pack, &ignored) { if let id = updateID(update.name) { list.add(id) } }
          left -= Int(min(pack.subkeyCount, UInt32(Int32.max))) + 1
          guard left > 0 else { return list.ids }
        }
      }
    }
    return list.ids
  }

  /// CurrentState of a component package, as the DISM API's package states are laid out: installed, or installed for good.
  private static func isInstalled(_ state: UInt32) -> Bool { state == 0x70 || state == 0x80 }

  /// `Windows10.0-KB4598230-x64`, in a path or a name.
  static func updateIDInside(_ text: String) -> String? {
    for part in text.split(whereSeparator: { !$0.isASCII || !($0.isLetter || $0.isNumber) }) {
      if part.count > 2, let id = updateID(part), id.hasPrefix("KB") { return id }
    }
    return nil
  }

  // MARK: SYSTEM

  private mutating func addSystem(_ hive: RegistryHive, _ names: [String]) {
    let current = hive.key("Select").flatMap { hive.integer("Current", of: $0) } ?? 1
    let wanted = "controlset" + String(repeating: "0", count: max(0, 3 - String(current).count)) + String(current)
    guard
      let name = names.first(where: { $0.lowercased() == wanted })
        ?? names.first(where: { $0.lowercased().hasPrefix("controlset") }),
      let control = hive.key(name, "Control")
    else { return }
    controlSet = name
    var machine = self.machine ?? Machine()
    computerName = hive.key(path: ["ComputerName", "ComputerName"], from: control)
      .flatMap { hive.text("ComputerName", of: $0) }
    if let environment = hive.key(path: ["Session Manager", "Environment"], from: control),
      let architecture = hive.text("PROCESSOR_ARCHITECTURE", of: environment)
    {
      machine.architecture = Architecture(named: architecture)
    }
    if let windows = hive.key(path: ["Windows"], from: control), let word = hive.integer("CSDVersion", of: windows) {
      // Zero is said by systems without a service pack and by those that have none any more; only a number tells.
      machine.servicePack = Product.servicePack(csdVersion: word) ?? machine.servicePack
    }
    var ignored = HiveProblems()
    if let languages = hive.key(path: ["MUI", "UILanguages"], from: control) {
      let tags = hive.subkeys(of: languages, &ignored).compactMap { languageTag($0.name) }
      // One language is the installation's; of several the registry does not say here which came first.
      if tags.count == 1 { machine.language = tags[0] }
    }
    if machine.language == nil, let language = hive.key(path: ["Nls", "Language"], from: control),
      let number = hive.text("InstallLanguage", of: language).flatMap({ parseHexadecimal($0) })
    {
      machine.language = LanguageNumber.tag(number)
    }
    if let key = hive.key(name, "Services") {
      services = hive.children(of: key).compactMap { key, values in
        guard let type = hive.integer("Type", in: values), let start = hive.integer("Start", in: values) else {
          return nil
        }
        return Service(name: key.name, start: start, type: type, image: hive.text("ImagePath", in: values))
      }
    }
    machine.computerName = computerName
    machine.services = services
    machine.readSettings(hive, SettingKeys.system, below: [name], name: "HKLM\\SYSTEM\\CurrentControlSet")
    self.machine = machine
  }
}

/// `Package_for_KB2479943~31bf3856ad364e35~amd64~~6.1.1.0`, `Package_1_for_KB950162~…`; nil for packages of other kinds.
func packageUpdate(_ name: some StringProtocol) -> String? {
  guard let end = name.firstIndex(of: "~"), name.lowercased().hasPrefix("package_") else { return nil }
  let identity = name[..<end].split(separator: "_")
  return identity.lazy.compactMap { updateID($0) }.first { $0.hasPrefix("KB") }
}
