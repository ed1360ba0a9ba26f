import Facts

extension CaptureView {
  /// Malformed frames that become facts of their own; more of the same sender and field say nothing new.
  static let statedFindings = 12

  /// What a capture proves by itself.
  public var facts: [Fact] { malformedFacts + damagedFacts + announcedFacts + referralFacts + notificationFacts }

  /// What it cannot say.
  public var missing: [Missing] {
    guard losses > 0 else { return [] }
    return [
      Missing(
        "capture.streams", because: .notPresent,
        detail:
          "The capture lacks \(lostBytes) bytes in \(losses) places: a malformed header in them would not be seen.")
    ]
  }

  private var malformedFacts: [Fact] {
    var groups: [[String]: [Finding]] = [:]
    var order: [[String]] = []
    for finding in malformed {
      let key = [
        finding.layer, finding.field, finding.fault.rawValue, finding.source.address ?? finding.source.mac ?? "",
      ]
      if groups[key] == nil { order.append(key) }
      groups[key, default: []].append(finding)
    }
    return order.prefix(Self.statedFindings).compactMap { key in
      guard let group = groups[key], let first = group.first else { return nil }
      let more = group.count > 1 ? " \(group.count) frames of this sender are so." : ""
      return Fact(
        .malformedFrame,
        "Frame \(first.frame) from \(first.source.description) to \(first.destination.description) is malformed: "
          + "\(first.layer) \(first.field) is \(first.found), expected \(first.expected).\(more)",
        attributes: [
          "protocol": .text(first.layer), "field": .text(first.field),
          "source": .text(first.source.address ?? first.source.mac ?? ""),
        ], origin: "frame \(first.frame)")
    }
  }

  private var damagedFacts: [Fact] {
    guard let first = damaged.first else { return [] }
    let common = patterns.first { $0.kind == .path }?.value ?? first.source.mac ?? first.source.address ?? ""
    return [
      Fact(
        .damagedFrame,
        "\(damaged.count) frames were damaged on their way, the first is frame \(first.frame) from \(first.source.description): "
          + "its \(first.layer) checksum is \(first.found), expected \(first.expected).",
        attributes: ["path": .text(common)], trust: .inferred, origin: "frame \(first.frame)")
    ]
  }

  private var announcedFacts: [Fact] {
    servers.compactMap { server in
      let names = [server.nativeLanManager, server.nativeOS].compactMap { $0 }
      guard let text = names.first(where: { $0.lowercased().contains("samba") }) ?? names.first else { return nil }
      let isSamba = text.lowercased().contains("samba")
      var attributes: [FactAttribute: FactValue] = [
        "software": .text(isSamba ? "samba" : text), "address": .text(server.address),
      ]
      if let version = Self.version(in: text) { attributes["version"] = .version(version) }
      return Fact(
        .announcedServer, "The server \(server.address) announces itself as \(text).", attributes: attributes,
        trust: .stated, origin: "frame \(server.frame)")
    }
  }

  /// `Samba 3.0.25b` → 3.0.25; nil where no number with a point stands.
  static func version(in text: String) -> FileVersion? {
    for word in text.split(separator: " ") {
      let digits = word.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
      let parts = digits.split(separator: ".").compactMap { UInt16($0) }
      guard parts.count >= 2 else { continue }
      let padded = parts + [0, 0, 0]
      return FileVersion(padded.prefix(4).map { "\($0)" }.joined(separator: "."))
    }
    return nil
  }

  /// Requests to be told of changes that make a client worth naming: Explorer asks for a few folders when it shows them.
  static let manyNotifications = 64
  static let statedClients = 3

  private var notificationFacts: [Fact] {
    changeNotify.filter { $0.requests >= Self.manyNotifications }
      .sorted { ($1.requests, $0.client) < ($0.requests, $1.client) }.prefix(Self.statedClients).map { client in
        Fact(
          .changeNotification,
          "\(client.client) asks \(client.requests) times to be told of changes, \(client.recursive) times of those in whole "
            + "trees; \(client.responses) answers and all requests together take \(client.bytes) bytes.",
          attributes: [
            "address": .text(client.client), "requests": .integer(Int64(client.requests)),
            "recursive": .integer(Int64(client.recursive)),
          ], origin: "capture")
      }
  }

  private var referralFacts: [Fact] {
    answeredFacts
      + bursts.filter { $0.unanswered > 0 }.map { burst in
        Fact(
          .referralsUnanswered,
          "\(burst.client) asks for \(burst.shares) shares for the first time from frame \(burst.frame) on, and "
            + "\(burst.unanswered) of these requests stay unanswered"
            + (burst.silence.map { "; then it sends nothing for the \($0 / 1_000_000_000) seconds to the end." } ?? "."),
          attributes: [
            "shares": .integer(Int64(burst.shares)), "unanswered": .integer(Int64(burst.unanswered)),
          ], trust: .inferred, origin: "frame \(burst.frame)")
      }
  }

  /// A load that did no harm says something only where no other did.
  private var answeredFacts: [Fact] {
    guard bursts.allSatisfy({ $0.unanswered == 0 }), let largest = bursts.max(by: { $0.shares < $1.shares }) else {
      return []
    }
    return [
      Fact(
        .referralsAnswered,
        "\(largest.client) asks for \(largest.shares) shares for the first time from frame \(largest.frame) on, and every one of these requests is answered.",
        attributes: ["shares": .integer(Int64(largest.shares))], origin: "frame \(largest.frame)")
    ]
  }
}
