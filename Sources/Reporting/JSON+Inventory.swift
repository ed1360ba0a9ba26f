import Facts

extension InventoryView {
  /// The key `machine` of `faultline.inspection/1`.
  public var json: JSONValue {
    .members([
      ("forms", .array(forms.map { .string($0.rawValue) })), ("product", .optional(machine.product)),
      ("productName", .optional(productName)), ("version", .optional(machine.version)),
      ("servicePack", machine.servicePack.map { .servicePack($0) }),
      ("architecture", .optional(machine.architecture?.rawValue)), ("language", .optional(machine.language)),
      ("updates", .strings(machine.updates)), ("updatesAreComplete", .bool(machine.updatesAreComplete)),
      ("statedUpdates", statedUpdates.map { .count($0) }),
      ("listedUpdates", statedUpdates == nil ? nil : .count(listedUpdates)),
      ("otherEntries", otherEntries.isEmpty ? nil : .strings(otherEntries)),
      ("offered", offered.isEmpty ? nil : .strings(offered)), ("name", .optional(machine.computerName)),
      ("files", .some(machine.files.map(\.inventoryJSON))),
    ])
  }
}

extension ModuleIdentity {
  var inventoryJSON: JSONValue {
    .members([
      ("name", .string(name)), ("path", .optional(path)), ("version", .optional(version?.description)),
      ("branch", .optional(branchSuffix)), ("size", fileSize.map { .count($0) }), ("date", .optional(fileDate)),
    ])
  }
}

extension VolumeView {
  /// The key `volume` of `faultline.inspection/1`.
  public var json: JSONValue {
    .members([
      ("root", .path(root)), ("updates", .strings(updates)), ("packages", .count(packages)),
      ("files", .array(files.map(\.inventoryJSON))),
    ])
  }

  public func text(_ style: TextStyle) -> String {
    let rows: [(key: String, value: String)] = [
      ("system", root), ("files", "\(files.count) binaries with their versions"),
      ("packages", "\(packages) catalogues and manifests, which name \(updates.count) updates"),
    ]
    return style.definitions(rows) + "\n"
  }
}

extension HiveView {
  /// The key `hive` of `faultline.inspection/1`.
  public var json: JSONValue {
    .members([
      ("type", .string(type)), ("fileName", .string(fileName)), ("format", .string(format)),
      ("primarySequence", .count(primarySequence)), ("secondarySequence", .count(secondarySequence)),
      ("appliedTransactions", appliedTransactions == 0 ? nil : .count(appliedTransactions)),
      ("rootKeys", .strings(rootKeys)), ("keys", .count(keys)), ("values", .count(values)),
      ("machine", machine?.json), ("edition", .optional(edition)), ("controlSet", .optional(controlSet)),
      ("computerName", .optional(computerName)),
      ("settings", machine.flatMap { $0.settings.isEmpty ? nil : .array($0.settings.map(\.json)) }),
      (
        "services",
        services.isEmpty
          ? nil
          : .array(
            services.map {
              .members([
                ("name", .string($0.name)), ("start", .count($0.start)), ("type", .count($0.type)),
                ("image", .optional($0.image)),
              ])
            })
      ),
    ])
  }
}

extension RegistrySetting {
  var json: JSONValue { .members([("path", .string(path)), ("value", .string(value))]) }
}
