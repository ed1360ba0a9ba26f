import Facts

/// What hosts announce of themselves, each once.
struct AnnouncementTable {
  private struct Key: Hashable {
    var address: String
    var manager: String?
    var system: String?
  }

  private(set) var entries: [CaptureView.Announcement] = []
  private var places: [Key: Int] = [:]

  mutating func add(_ address: String, _ manager: String?, _ system: String?, _ frame: Int) {
    let key = Key(address: address, manager: manager, system: system)
    if let place = places[key] {
      entries[place].count += 1
      return
    }
    guard entries.count < CaptureLimits.hosts else { return }
    places[key] = entries.count
    entries.append(.init(address: address, nativeLanManager: manager, nativeOS: system, frame: frame, count: 1))
  }
}

/// Change notifications of each client.
struct NotificationTable {
  private(set) var clients: [CaptureView.ChangeNotify] = []
  private var places: [String: Int] = [:]

  mutating func asked(_ client: String?, isRecursive: Bool) {
    guard let place = place(client) else { return }
    clients[place].requests += 1
    if isRecursive { clients[place].recursive += 1 }
  }

  mutating func answered(_ client: String?, bytes: Int) {
    guard let place = place(client) else { return }
    clients[place].responses += 1
    clients[place].bytes += bytes
  }

  private mutating func place(_ client: String?) -> Int? {
    guard let client else { return nil }
    if let known = places[client] { return known }
    guard clients.count < CaptureLimits.hosts else { return nil }
    places[client] = clients.count
    clients.append(.init(client: client))
    return clients.count - 1
  }
}

/// Shares that clients ask for, and DFS referrals.
struct ShareTable {
  /// A client's first request for a path: a referral, or the connection to a share.
  struct FirstTime {
    var client: String
    var path: String
    var place: Place
    var answerFrame: Int?
  }

  private(set) var referrals: [CaptureView.Referral] = []
  private(set) var firstTimes: [FirstTime] = []
  private var seen: Set<[String]> = []
  /// For each referral its place among the first requests, where it is one.
  private var places: [Int: Int] = [:]

  /// Its place among the first requests; nil where the client has asked for the path before.
  mutating func asked(client: String, path: String, _ place: Place) -> Int? {
    guard firstTimes.count < CaptureLimits.shares, seen.insert([client, path.lowercased()]).inserted else { return nil }
    firstTimes.append(FirstTime(client: client, path: path, place: place))
    return firstTimes.count - 1
  }

  mutating func connected(_ index: Int, _ place: Place) {
    if firstTimes.indices.contains(index) { firstTimes[index].answerFrame = place.frame }
  }

  mutating func referral(_ referral: CaptureView.Referral) -> Int? {
    guard referrals.count < CaptureLimits.referrals else { return nil }
    let first = asked(
      client: referral.client, path: referral.path, Place(frame: referral.frame, time: referral.time))
    referrals.append(referral)
    if let first { places[referrals.count - 1] = first }
    return referrals.count - 1
  }

  mutating func answered(_ index: Int, status: UInt32, targets: [String], _ place: Place) {
    guard referrals.indices.contains(index) else { return }
    referrals[index].answerFrame = place.frame
    referrals[index].status = status
    referrals[index].targets = targets
    if let first = places[index] { firstTimes[first].answerFrame = place.frame }
  }
}
