import ByteReading
import CaptureFormat
import EvidenceSynthesis
import Facts

extension Target {
  /// Captures through container, link layers, streams, session service and SMB, and the copying of frames.
  static let capture = Target(name: "capture") {
    let links: [SynthesizedLink] = [.ethernet, .tagged([(0x8100, 5)]), .linuxCooked2, .rawIP, .snap]
    return links.enumerated().flatMap { index, link -> [[UInt8]] in
      var traffic = SessionTraffic(seed: UInt64(index) + 1)
      traffic.messages = 16
      traffic.conversations = 2
      traffic.malformedShare = 2000
      traffic.largestData = 100
      traffic.link = link
      traffic.isVersion6 = index == 3
      traffic.isDirect = index == 2
      traffic.isSecond = index == 1
      traffic.reordered = 1000
      let frames = traffic.generate().frames
      return [
        SynthesizedCaptureFile.pcap(frames, link: link.number),
        SynthesizedCaptureFile.pcapng(frames, interfaces: [.init(link: link.number)], bigEndian: true),
        SynthesizedCaptureFile.networkMonitor(frames, major: 2),
      ]
    }
  } run: { bytes in
    let file = MappedFile(bytes: bytes, path: "input")
    var problems: [ReadError] = []
    guard let view = try? CaptureReading.view(file, problems: &problems) else { return }
    precondition(view.malformed.allSatisfy { $0.frame >= 1 && $0.frame <= view.frames })
    _ = try? CaptureExtraction.extract(Set(view.malformed.map(\.frame)), from: file)
  }
}
