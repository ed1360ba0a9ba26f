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
  struct FirstTime {
    var client: String
    var path: String
    var place: Place
  }

  private(set) var referrals: [CaptureView.Referral] = []
  /// Each client's first request for each path.
  private(set) var firstTimes: [FirstTime] = []
  private var seen: Set<[String]> = []

  mutating func asked(client: String, path: String, _ place: Place) {
    guard firstTimes.count < CaptureLimits.shares, seen.insert([client, path.lowercased()]).inserted else { return }
    firstTimes.append(FirstTime(client: client, path: path, place: place))
  }

  mutating func referral(_ referral: CaptureView.Referral) -> Int? {
    guard referrals.count < CaptureLimits.referrals else { return nil }
    asked(client: referral.client, path: referral.path, Place(frame: referral.frame, time: referral.time))
    referrals.append(referral)
    return referrals.count - 1
  }

  mutating func answered(_ index: Int, status: UInt32, targets: [String], _ place: Place) {
    guard referrals.indices.contains(index) else { return }
    referrals[index].answerFrame = place.frame
    referrals[index].status = status
    referrals[index].targets = targets
  }
}
