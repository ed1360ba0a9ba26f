import Facts
import Reporting
import Testing

@Suite struct CaptureReportTests {
  private static let view: CaptureView = {
    var view = CaptureView()
    view.container = "pcap"
    view.frames = 5000
    view.firstTime = 1_200_000_000_000_000_000
    view.lastTime = 1_200_000_100_500_000_000
    view.framesByProtocol.nbss = 4000
    view.streams = 12
    for index in 0..<60 {
      view.malformed.append(
        .init(
          frame: 10 + index * 80, time: 1_200_000_000_000_000_000 + Int64(index) * 1_500_000_000, layer: "nbss",
          field: "length", fault: .lengthTooLong, expected: "196, where the next message begins", found: "131071",
          source: .init(address: "2001:db8:85a3::8a2e:370:7334", port: 51_000, mac: "00:11:22:33:44:55"),
          destination: .init(address: "10.0.0.7", port: 139, mac: "00:11:22:33:44:66"), stream: 3, isFirst: index == 0,
          follows: "the next valid message begins in frame 11"))
    }
    view.servers = [
      .init(
        address: "10.0.0.7", nativeLanManager: "<script>alert('x')</script> & \"Samba\" 3.0.25b\u{1B}[31m",
        nativeOS: "Unix", frame: 12, count: 3)
    ]
    view.referrals = [
      .init(
        frame: 20, time: nil, client: "10.0.0.9", server: "10.0.0.7",
        path: "\\domain\\" + String(repeating: "x", count: 300))
    ]
    view.changeNotify = [.init(client: "10.0.0.9", requests: 5, recursive: 2, responses: 1, bytes: 99)]
    return view
  }()

  private let plain = TextStyle(width: 80) { CivilTime(unixSeconds: $0).rfc3339 }

  @Test(arguments: [80, 160]) func tablesFitThePage(_ width: Int) {
    let text = Self.view.text(TextStyle(width: width) { CivilTime(unixSeconds: $0).rfc3339 })
    for line in text.split(separator: "\n") { #expect(line.count <= width, "\(line)") }
    #expect(text.contains("length-too-long"))
    #expect(text.contains("20 more: JSON has all."))
    #expect(!text.contains("\u{1B}"))
    #expect(text.contains("expected") == (width == 160))
  }

  @Test func pageStandsAlone() {
    let page = Self.view.html(path: "a<b>.pcap")
    #expect(!page.contains("<script"))
    #expect(page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;Samba&quot;"))
    #expect(page.contains("a&lt;b&gt;.pcap"))
    #expect(!page.contains("http://") && !page.contains("https://") && !page.contains("src="))
    #expect(page.contains("<svg") && page.contains("<circle class=\"bad\""))
    #expect(!page.contains("\u{1B}"))
    #expect(page.contains("default-src 'none'"))
  }

  @Test func keysOfTheContract() throws {
    let text = Self.view.json.text()
    #expect(text.hasPrefix(#"{"schema":"faultline.capture/1""#))
    for key in [
      "frames", "malformed", "servers", "clients", "referrals", "framesByProtocol", "damaged", "changeNotify",
    ] {
      #expect(text.contains("\"\(key)\":"), "\(key)")
    }
    #expect(
      text.contains(
        #"{"frame":10,"time":"2008-01-10T21:20:00Z","protocol":"nbss","field":"length","kind":"length-too-long","expected":"196, where the next message begins","found":"131071","source":{"address":"2001:db8:85a3::8a2e:370:7334","port":51000,"mac":"00:11:22:33:44:55"},"#
      ))
    #expect(text.contains(#""time":"2008-01-10T21:20:01.500Z""#))
  }

  @Test func timesKeepTheirDigits() {
    #expect(CaptureView.timestamp(0) == "1970-01-01T00:00:00Z")
    #expect(CaptureView.timestamp(1_500_000_001) == "1970-01-01T00:00:01.500000001Z")
    #expect(CaptureView.timestamp(1_000_020_000) == "1970-01-01T00:00:01.000020Z")
    #expect(CaptureView.timestamp(-1) == "1969-12-31T23:59:59.999999999Z")
  }
}
