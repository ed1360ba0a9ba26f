import ByteReading
import Facts

/// How the checksums fare that each host sends.
struct HostTable {
  struct Host {
    var address: NetworkAddress
    var good = 0
    var bad = 0
    /// Of the bad ones, those that are the sum an adapter starts from, or zero.
    var partial = 0
  }

  struct Failure {
    var host: Int
    var isPartial: Bool
    var finding: CaptureView.Finding
  }

  private(set) var hosts: [Host] = []
  private(set) var failures: [Failure] = []
  private(set) var unkept = 0
  private var places: [NetworkAddress: Int] = [:]
  private var last: (address: NetworkAddress, place: Int)?

  mutating func place(_ address: NetworkAddress) -> Int? {
    if let last, last.address == address { return last.place }
    if let known = places[address] {
      last = (address, known)
      return known
    }
    guard hosts.count < CaptureLimits.hosts else { return nil }
    hosts.append(Host(address: address))
    places[address] = hosts.count - 1
    return hosts.count - 1
  }

  mutating func holds(_ place: Int) { hosts[place].good += 1 }

  mutating func fails(_ place: Int, isPartial: Bool, _ finding: @autoclosure () -> CaptureView.Finding) {
    hosts[place].bad += 1
    if isPartial {
      hosts[place].partial += 1
    } else if failures.count < CaptureLimits.checksumFailures {
      failures.append(Failure(host: place, isPartial: isPartial, finding: finding()))
    } else {
      unkept += 1
    }
  }

  /// Whether a host's adapter was to fill in what the capture shows: sums not begun, or more that fail than hold. On a way
  /// that damages every second frame no conversation lives.
  func isOffloading(_ host: Host) -> Bool { host.partial > 0 || host.bad > host.good }
}

extension TrafficReader {
  /// A checksum of TCP or UDP whose bytes are all there, and the IP header's.
  func check(_ bytes: RawSpan, _ number: Int, at offset: Int, _ context: PacketContext, header: RawSpan?) {
    guard let host = hosts.place(context.source) else { return }
    if let header {
      let sum = Checksum.folded(Checksum.sum(header))
      if sum == 0xFFFF {
        hosts.holds(host)
      } else {
        let found = header.big16(10)
        hosts.fails(host, isPartial: found == 0, failure("ip", found, sum, context))
      }
    }
    let found = bytes.big16(offset)
    if number == 17, found == 0 { return }
    let pseudo = Checksum.pseudoHeader(context.source, context.destination, number, bytes.byteCount)
    let sum = Checksum.folded(Checksum.sum(bytes, pseudo))
    if sum == 0xFFFF {
      hosts.holds(host)
      return
    }
    // What adapters are handed: the sum of the pseudo header, with or without the length where they cut segments themselves.
    let begun = Checksum.folded(pseudo)
    let uncut = Checksum.folded(Checksum.pseudoHeader(context.source, context.destination, number, 0))
    let isPartial = found == 0 || found == Int(begun) || found == Int(uncut)
    hosts.fails(host, isPartial: isPartial, failure(number == 6 ? "tcp" : "udp", found, sum, context))
  }

  private func failure(_ layer: String, _ found: Int, _ sum: UInt16, _ context: PacketContext) -> CaptureView.Finding {
    // The sum with the field in it is all ones where it holds; the difference is what the field lacks.
    let right = (UInt32(found) + UInt32(~sum)) % 0xFFFF
    return .init(
      frame: context.frame, time: context.time, layer: layer, field: "checksum", fault: .checksum,
      expected: hexadecimal(UInt64(right), digits: 4), found: hexadecimal(UInt64(found), digits: 4),
      source: context.sourceEndpoint, destination: context.destinationEndpoint)
  }
}
