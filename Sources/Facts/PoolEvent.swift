/// Something that happened while pool was watched and that growth may be counted by.
public struct PoolEvent: Hashable, Sendable {
  /// Seconds since 1970, by the same clock as the log's times.
  public var time: Double
  /// `driver-load`, `session`, `mount`, as the list names it.
  public var name: String
  /// How many of them.
  public var count: Double

  public init(time: Double, name: String, count: Double = 1) {
    self.time = time
    self.name = name
    self.count = count
  }
}
