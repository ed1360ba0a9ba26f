import Facts

/// Keys whose values change how Windows behaves in what articles tell people to set; each is said to have been looked at even
/// where it is not there, because a value's absence is an answer too.
enum SettingKeys {
  /// Of all users, below SOFTWARE; of one user, below the hive's `Software`.
  static let policies = ["Microsoft\\Windows\\CurrentVersion\\Policies\\Explorer"]
  /// Below the control set that Windows starts with.
  static let system = [
    "Control\\CrashControl", "Control\\Session Manager\\Executive", "Control\\Session Manager\\Memory Management",
    "Services\\Dfs\\Parameters", "Services\\LanmanServer\\Parameters", "Services\\LanmanWorkstation\\Parameters",
    "Services\\Mup\\Parameters", "Services\\NetBT\\Parameters", "Services\\Tcpip\\Parameters",
  ]

  /// Values of one key, and characters of one text, that are kept.
  static let maximumValues = 256
  static let maximumText = 512
}

extension Machine {
  /// Reads numbers and texts of the keys below a place in the hive.
  ///
  /// - Parameters:
  ///   - place: the keys from the root to that place.
  ///   - name: how Windows names the place: `HKLM\SYSTEM\CurrentControlSet`.
  mutating func readSettings(_ hive: RegistryHive, _ keys: [String], below place: [String], name: String) {
    for path in keys {
      settingKeys.append(name + "\\" + path)
      guard let key = hive.key(path: place + path.split(separator: "\\").map(String.init)) else { continue }
      var ignored = HiveProblems()
      for value in hive.values(of: key, &ignored).prefix(SettingKeys.maximumValues) where !value.name.isEmpty {
        let place = name + "\\" + path + "\\" + value.name
        if let number = hive.integer(value) {
          settings.append(RegistrySetting(path: place, value: String(number), isNumber: true))
        } else if let text = hive.text(value) {
          let kept = String(text.prefix(SettingKeys.maximumText))
          settings.append(RegistrySetting(path: place, value: kept, isNumber: false))
        }
      }
    }
  }
}
