/// What a case's search tells beyond one verdict, as a table.
public struct LabTable: Sendable {
  public var title: String
  public var columns: [String]
  public var rows: [[String]]
  /// False where a bound was reached on the way.
  public var isComplete: Bool
}

extension LabCase {
  /// nil where the verdict and its schedule are all there is.
  public func table(isFixed: Bool, _ explorer: Explorer = Explorer()) -> LabTable? {
    switch self {
    case .sessionImages, .shadowing: nil
    case .driverLoads: growthTable(isFixed, explorer)
    case .criticalQueue: queueTable(isFixed, explorer)
    case .receivePath: inputTable(isFixed)
    }
  }

  private func growthTable(_ isFixed: Bool, _ explorer: Explorer) -> LabTable {
    let (rows, isComplete) = DriverLoads.growth(isFixed: isFixed, cycles: 5, explorer)
    return LabTable(
      title: "Blocks beyond the start whenever no driver is loaded, in every schedule",
      columns: ["cycles", "IoSe", "Pp"], rows: rows.map { ["\($0.cycles)", "\($0.ioSe)", "\($0.pp)"] },
      isComplete: isComplete)
  }

  static let tableRequests = 1...5

  private func queueTable(_ isFixed: Bool, _ explorer: Explorer) -> LabTable {
    var rows: [[String]] = []
    var isComplete = true
    for workers in 1...3 {
      for dynamic in 0...1 {
        var row = ["\(workers)", "\(dynamic)"]
        for requests in Self.tableRequests {
          let queue = CriticalQueue(
            isFixed: isFixed, requests: requests, workers: workers, dynamicWorkers: dynamic)
          switch explorer.explore(queue.model, reduced: true).outcome {
          case .fails: row.append("deadlock")
          case .holds: row.append("-")
          case .undecided:
            row.append("?")
            isComplete = false
          }
        }
        rows.append(row)
      }
    }
    return LabTable(
      title: "Deadlock is possible, by requests whose referral is not cached",
      columns: ["workers", "dynamic"] + Self.tableRequests.map { $0 == 1 ? "1 request" : "\($0) requests" }, rows: rows,
      isComplete: isComplete)
  }

  private func inputTable(_ isFixed: Bool) -> LabTable {
    let inputs = ReceiveInputs(isFixed: isFixed)
    func text(_ range: ClosedRange<Int>) -> String {
      range.count == 1 ? "\(range.lowerBound)" : "\(range.lowerBound)-\(range.upperBound)"
    }
    func hexadecimal(_ value: Int) -> String { "0x" + (value < 16 ? "0" : "") + String(value, radix: 16) }
    func types(_ range: ClosedRange<Int>) -> String {
      range.count == 1
        ? hexadecimal(range.lowerBound) : hexadecimal(range.lowerBound) + "-" + hexadecimal(range.upperBound)
    }
    return LabTable(
      title: "Inputs that are copied from beyond the indicated bytes: \(inputs.count) of \(inputs.all)",
      columns: ["type", "flags", "indicated", "length"],
      rows: inputs.classes.map { one in
        let least = one.above.map { "indicated \($0 < 0 ? "-" : "+") \(abs($0))" } ?? "\(one.least)"
        return [
          one.types.map(types).joined(separator: ", "), text(one.flags), text(one.indicated), "\(least) to \(one.most)",
        ]
      }, isComplete: true)
  }
}
