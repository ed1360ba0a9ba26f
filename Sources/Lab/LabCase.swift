/// A founding case as a model and as evidence.
public enum LabCase: String, Hashable, Sendable, CaseIterable {
  case sessionImages = "session-images"
  case shadowing
  case driverLoads = "driver-loads"
  case criticalQueue = "dfs-queue"
  case receivePath = "netbios-receive"

  /// The catalogue's issue.
  public var article: String {
    switch self {
    case .sessionImages: "FL-0001"
    case .shadowing: "Q315817"
    case .driverLoads: "KB950162"
    case .criticalQueue: "FL-0004"
    case .receivePath: "KB961799"
    }
  }

  /// The number by which lists of installed updates name the fix.
  var hotfix: String {
    switch self {
    case .sessionImages: "KB951149"
    case .shadowing: "Q315817"
    case .driverLoads: "KB950162"
    case .criticalQueue: "KB824909"
    case .receivePath: "KB961799"
    }
  }

  public var title: String {
    switch self {
    case .sessionImages: "A session looks up an image's entry while another session deletes it"
    case .shadowing: "A descriptor for each packet, not freed on one path, until nonpaged pool runs out"
    case .driverLoads: "IoSe and Pp grow by a fixed amount with each load and unload of a driver"
    case .criticalQueue: "Requests of the DFS client fill the queue that their own connections need"
    case .receivePath: "A header's length is believed beyond the bytes that were indicated"
    }
  }

  /// What must never be.
  public var property: String {
    switch self {
    case .sessionImages: "no caller uses the NULL of a look-up"
    case .shadowing: "nonpaged pool never runs out"
    case .driverLoads: "with no driver loaded both tags hold what they held at the start"
    case .criticalQueue: "every request is done in the end"
    case .receivePath: "no copy reads beyond the indicated bytes"
    }
  }

  /// What the size of the model counts, and what it is by default.
  public var size: (meaning: String, standard: Int, allowed: ClosedRange<Int>) {
    switch self {
    case .sessionImages: ("sessions that look up", 2, 1...4)
    case .shadowing: ("descriptors that fit the pool", 6, 3...10_000)
    case .driverLoads: ("loads in all", 3, 1...200)
    case .criticalQueue: ("requests for new shares, with two workers and a dynamic one", 3, 1...6)
    case .receivePath: ("bytes of a buffer and of a stated length, at most", 12, 4...40)
    }
  }

  /// - Parameter size: as `size` says; nil for the standard one. What is outside of the allowed is brought to its nearest end.
  public func model(isFixed: Bool, size: Int? = nil) -> Model {
    let allowed = self.size.allowed
    let size = min(max(size ?? self.size.standard, allowed.lowerBound), allowed.upperBound)
    return switch self {
    case .sessionImages: SessionImages.model(isFixed: isFixed, sessions: size)
    case .shadowing: ShadowingPool.model(isFixed: isFixed, limit: size)
    case .driverLoads: DriverLoads.model(isFixed: isFixed, cycles: size)
    case .criticalQueue: CriticalQueue(isFixed: isFixed, requests: size, workers: 2, dynamicWorkers: 1).model
    case .receivePath: ReceivePath(isFixed: isFixed).model(largest: size)
    }
  }
}
