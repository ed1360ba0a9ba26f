import ByteReading
import EvidenceSynthesis
import Facts
import MachineInventory

extension Target {
  /// A hive with a log beside it: the input's first two bytes say how many sectors of it are the log.
  static let hive = Target(name: "hive") {
    var hive = SynthesizedHive(
      .init("ROOT", [.number("a", 1)], [.init("ControlSet001", [.text("b", "text")], [.init("Control")])]))
    let clean = hive.encoded()
    hive.secondarySequence = 6
    let old = hive.encoded()
    hive.root.values = [.number("a", 2)]
    let log = SynthesizedHiveLog.entries([old, hive.encoded()], sequence: 6)
    return [
      [0, 0] + clean, [UInt8(log.count / 512), 0] + log + old,
      [3, 0] + SynthesizedHiveLog.sectors(from: old, to: hive.encoded(), sequence: 7) + old,
    ]
  } run: { bytes in
    guard bytes.count > 2 else { return }
    let cut = min(bytes.count - 2, (Int(bytes[0]) | Int(bytes[1]) << 8) * 512)
    let log = MappedFile(bytes: Array(bytes[2..<2 + cut]), path: "log")
    let file = MappedFile(bytes: Array(bytes[(2 + cut)...]), path: "input")
    guard let hive = try? RegistryHive(parsing: file, logs: [log]) else { return }
    var problems: [ReadError] = []
    _ = HiveView(hive, &problems)
  }

  static let inventory = Target(name: "inventory") {
    [
      "OS Name: Windows 7\r\nOS Version: 6.1.7601 Service Pack 1 Build 7601\r\nHotfix(s): 1\r\n [01]: KB976902\r\n",
      "CSName  HotFixID\r\nPC1     KB976902\r\n", "KB4462930: Update for x64-based Systems (KB4462930)\r\n",
      "C:\\>wmic datafile where name=\"C:\\\\a.sys\" get Version\r\nVersion\r\n5.1.2600.5586\r\n",
      "Name=c:\\a.sys\r\nVersion=5.1.2600.5586\r\n13/01/2002  10:47 AM  10,360 a.sys\r\n",
    ].flatMap { [Array($0.utf8), $0.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }] }
  } run: { bytes in
    _ = InventoryText.mixedText(bytes)
    _ = InventoryText.read(bytes)
  }
}
