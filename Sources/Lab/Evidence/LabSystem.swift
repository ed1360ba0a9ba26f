import Facts

/// A system whose evidence the lab can write.
public struct LabSystem: Hashable, Sendable {
  /// `server-2003-sp2-x86`.
  public var id: String
  /// As `systeminfo` prints it.
  public var name: String
  public var version: String
  public var servicePack: Int
  public var architecture: Architecture
  /// Whether the case's article names it.
  public var isAffected: Bool
  /// The service pack that brings the fix.
  public var fixedIn: Int?

  init(
    _ id: String, _ name: String, _ version: String, servicePack: Int, _ architecture: Architecture,
    isAffected: Bool = true, fixedIn: Int? = nil
  ) {
    self.id = id
    self.name = name
    self.version = version
    self.servicePack = servicePack
    self.architecture = architecture
    self.isAffected = isAffected
    self.fixedIn = fixedIn
  }

  /// What `systeminfo` prints of the machine.
  func systemReport(updates: [String], servicePack: Int) -> String {
    let build = version.split(separator: ".").last.map(String.init) ?? ""
    let pack = servicePack == 0 ? "N/A" : "Service Pack \(servicePack)"
    let lines: [(String, String)] = [
      ("Host Name", "LAB1"), ("OS Name", "Microsoft Windows " + name),
      ("OS Version", "\(version) \(pack) Build \(build)"),
      ("OS Manufacturer", "Microsoft Corporation"), ("OS Build Type", "Multiprocessor Free"),
      ("System Type", architecture == .x64 ? "x64-based PC" : "X86-based PC"),
      ("System Locale", "en-us;English (United States)"),
      ("Hotfix(s)", updates.isEmpty ? "N/A" : "\(updates.count) Hotfix(s) Installed."),
    ]
    let column = 27
    var text = "\r\n"
    for (key, value) in lines {
      text += key + ":" + String(repeating: " ", count: max(1, column - key.count - 1)) + value + "\r\n"
    }
    for (index, update) in updates.enumerated() {
      text += String(repeating: " ", count: column) + "[\(index < 9 ? "0" : "")\(index + 1)]: \(update)\r\n"
    }
    return text
  }
}

extension LabCase {
  /// Affected ones first.
  public var systems: [LabSystem] {
    switch self {
    case .sessionImages:
      [
        LabSystem("server-2008-x86", "Server 2008 Standard", "6.0.6001", servicePack: 1, .x86),
        LabSystem("server-2008-x64", "Server 2008 Standard", "6.0.6001", servicePack: 1, .x64),
      ]
    case .shadowing:
      [
        LabSystem("nt4-terminal-server", "NT 4.0 Terminal Server Edition", "4.0.1381", servicePack: 6, .x86),
        LabSystem("server-2000", "2000 Server", "5.0.2195", servicePack: 2, .x86, isAffected: false),
      ]
    case .driverLoads:
      [
        LabSystem("xp-sp3-x86", "XP Professional", "5.1.2600", servicePack: 3, .x86),
        LabSystem("vista-sp1-x86", "Vista Business", "6.0.6001", servicePack: 1, .x86),
        LabSystem("vista-sp1-x64", "Vista Business", "6.0.6001", servicePack: 1, .x64),
        LabSystem(
          "server-2003-sp2-x86", "Server 2003 Standard Edition", "5.2.3790", servicePack: 2, .x86, isAffected: false),
      ]
    case .criticalQueue:
      [
        LabSystem("server-2003-x86", "Server 2003 Standard Edition", "5.2.3790", servicePack: 0, .x86, fixedIn: 1),
        LabSystem(
          "server-2003-sp2-x86", "Server 2003 Standard Edition", "5.2.3790", servicePack: 2, .x86, isAffected: false),
        LabSystem(
          "server-2003-sp2-x64", "Server 2003 Standard x64 Edition", "5.2.3790", servicePack: 2, .x64,
          isAffected: false),
      ]
    case .receivePath:
      [
        LabSystem("server-2003-sp2-x86", "Server 2003 Standard Edition", "5.2.3790", servicePack: 2, .x86),
        LabSystem("server-2003-sp2-x64", "Server 2003 Standard x64 Edition", "5.2.3790", servicePack: 2, .x64),
        LabSystem("server-2008-x86", "Server 2008 Standard", "6.0.6001", servicePack: 1, .x86, isAffected: false),
      ]
    }
  }
}
