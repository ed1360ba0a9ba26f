/// What a text says that somebody collected about a machine: `systeminfo`, a list of hotfixes, a list of updates on offer.
public struct InventoryView: Hashable, Sendable {
  public enum Form: String, Hashable, Sendable {
    case systemInformation = "systeminfo"
    case installedUpdates = "installed-updates"
    case offeredUpdates = "offered-updates"
    /// Files with their versions, or with sizes and dates.
    case files
  }

  /// The tools whose output was found, in the order of the text.
  public var forms: [Form]
  /// With the installed updates, each once, in the order of the text.
  public var machine: Machine
  /// The product's name as printed (`Microsoft Windows 10 Enterprise`).
  public var productName: String?
  /// Offered to the machine, not installed.
  public var offered: [String]
  /// Entries of the list of installed updates that are no article's number as it is usually printed: `943729`, a GUID.
  public var otherEntries: [String]
  /// How many entries `systeminfo` says its list has.
  public var statedUpdates: Int?
  /// How many it really prints.
  public var listedUpdates: Int

  public init(forms: [Form] = [], machine: Machine = Machine()) {
    self.forms = forms
    self.machine = machine
    offered = []
    otherEntries = []
    listedUpdates = 0
  }
}
