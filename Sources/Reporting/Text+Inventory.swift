import Facts

extension Machine {
  fileprivate var rows: [(key: String, value: String)] {
    var rows: [(key: String, value: String)] = []
    let product = [product, servicePack.map { $0 == ServicePack(0) ? "without a service pack" : "Service Pack \($0)" }]
    if !product.compactMap({ $0 }).isEmpty {
      rows.append(("product", product.compactMap { $0 }.joined(separator: ", ")))
    }
    if let version { rows.append(("version", version)) }
    if let architecture { rows.append(("architecture", architecture.rawValue)) }
    if let language { rows.append(("language", language)) }
    return rows
  }

  fileprivate func updatesRow(_ remark: String = "") -> (key: String, value: String)? {
    guard !updates.isEmpty else { return nil }
    let extent = updatesAreComplete ? "the whole list" : "not known to be the whole list"
    return ("updates", "\(updates.count), \(extent)\(remark): \(updates.joined(separator: " "))")
  }
}

extension InventoryView {
  /// What `inspect` prints of a text about a machine.
  public func text(_ style: TextStyle) -> String {
    var rows = [(key: "text", value: forms.map(\.rawValue).joined(separator: ", "))] + machine.rows
    if let productName { rows.append(("printed name", productName)) }
    let remark = statedUpdates.map { $0 == listedUpdates ? "" : ", \(listedUpdates) of \($0) entries printed" } ?? ""
    if let row = machine.updatesRow(remark) { rows.append(row) }
    if !otherEntries.isEmpty { rows.append(("other entries", otherEntries.joined(separator: " "))) }
    if !offered.isEmpty { rows.append(("offered", offered.joined(separator: " "))) }
    if !machine.files.isEmpty {
      rows.append(("files", machine.files.prefix(40).map(\.inventoryText).joined(separator: ", ")))
    }
    return style.definitions(rows) + "\n"
  }
}

extension HiveView {
  /// What `inspect` prints of a registry hive.
  public func text(_ style: TextStyle) -> String {
    var rows: [(key: String, value: String)] = [
      ("hive", "\(type), format \(format)" + (fileName.isEmpty ? "" : ", loaded as \(fileName)")),
      ("sequence numbers", sequences), ("keys", "\(keys) with \(values) values"),
    ]
    if !rootKeys.isEmpty { rows.append(("root keys", rootKeys.joined(separator: ", "))) }
    if let computerName { rows.append(("computer", computerName)) }
    if let machine {
      rows += machine.rows
      if let edition { rows.append(("edition", edition)) }
      if let row = machine.updatesRow() { rows.append(row) }
    }
    if let controlSet { rows.append(("control set", controlSet)) }
    if let settings = machine?.settings, !settings.isEmpty {
      let more = settings.count > Self.shownSettings ? ", and \(settings.count - Self.shownSettings) more" : ""
      rows.append(
        (
          "settings",
          settings.prefix(Self.shownSettings).map { setting in
            // `NetBT\Parameters\EnableLMHOSTS`: enough to know it by; JSON has the whole path.
            setting.path.split(separator: "\\").suffix(3).joined(separator: "\\") + " = " + setting.value
          }.joined(separator: ", ") + more
        ))
    }
    // Drivers that Windows starts by itself: who reads a hive beside a dump looks for those.
    let started = services.filter { $0.isDriver && $0.start <= 2 }
    if !services.isEmpty {
      rows.append(
        (
          "drivers",
          "\(services.count(where: \.isDriver)), of which \(started.count) start with Windows: "
            + started.map(\.name).joined(separator: " ")
        ))
    }
    return style.definitions(rows) + "\n"
  }

  private static let shownSettings = 24

  private var sequences: String {
    guard primarySequence != secondarySequence else { return "\(primarySequence)" }
    let end =
      appliedTransactions > 0
      ? "\(appliedTransactions) transactions taken from the logs" : "the last write is missing"
    return "\(primarySequence) and \(secondarySequence): \(end)"
  }
}

extension ModuleIdentity {
  /// With what is known of it, for lists.
  var inventoryText: String {
    let known = [version?.description, fileSize.map { "\($0) bytes" }, fileDate].compactMap { $0 }
    return name + (known.isEmpty ? "" : " " + known.joined(separator: " "))
  }
}
