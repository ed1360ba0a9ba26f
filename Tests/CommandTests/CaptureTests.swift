import EvidenceSynthesis
import Foundation
import TestSupport
import Testing

@Suite struct CaptureTests {
  private let folder: TemporaryFolder
  private let path: String
  private let truth: [Int]

  init() throws {
    var traffic = SessionTraffic(seed: 9)
    traffic.messages = 900
    traffic.malformedShare = 150
    let result = traffic.generate()
    truth = result.malformed.map(\.frame)
    folder = try TemporaryFolder()
    path = try folder.write("sessions.pcap", SynthesizedCaptureFile.pcap(result.frames, link: 1))
  }

  private func document(_ arguments: [String]) throws -> [String: Any] {
    let output = try Program.run(arguments)
    #expect(output.status == 0, "\(output.error)")
    return try #require(try JSONSerialization.jsonObject(with: Data(output.text.utf8)) as? [String: Any])
  }

  private func frames(_ document: [String: Any]) -> [Int] {
    (document["malformed"] as? [[String: Any]])?.compactMap { $0["frame"] as? Int } ?? []
  }

  @Test func everyMalformedFrame() throws {
    let found = try document(["capture", path, "--format", "json"])
    #expect(found["schema"] as? String == "faultline.capture/1")
    #expect(frames(found) == truth)
    let inspected = try Program.run(["inspect", path, "--format", "jsonl"]).lines()
    #expect((inspected[0]["capture"] as? [String: Any]).map(frames) == truth)
    #expect(inspected[0]["kind"] as? String == "capture")
  }

  @Test func severalCaptures() throws {
    let second = try folder.write("second.pcap", Array(Data(contentsOf: URL(filePath: path))))
    try folder.write("letter.txt", "no capture")
    let all = try document(["capture", path, second, "--format", "json"])
    #expect(all["schema"] as? String == "faultline.captures/1")
    #expect((all["captures"] as? [Any])?.count == 2)
    // A folder: its captures alone.
    let lines = try Program.run(["capture", folder.path, "--format", "jsonl"]).lines()
    #expect(lines.map { $0["path"] as? String } == [folder.path + "/second.pcap", folder.path + "/sessions.pcap"])
  }

  @Test func extractedFramesAreACapture() throws {
    let target = folder.path + "/bad.pcap"
    let output = try Program.run(["capture", path, "--extract", target, "--format", "json"])
    #expect(output.status == 0)
    let extracted = try document(["capture", target, "--format", "json"])
    #expect(extracted["frames"] as? Int == Set(truth).count)
    #expect(try Program.run(["capture", path, "--extract", path]).status == 64)
  }

  @Test func exitCodes() throws {
    let text = try folder.write("text.txt", "no capture at all")
    #expect(try Program.run(["capture", text]).status == 65)
    #expect(try Program.run(["capture", folder.path + "/missing.pcap"]).status == 66)
    #expect(try Program.run(["capture"]).status == 64)
    #expect(try Program.run(["capture", path, "--format", "csv"]).status == 64)
    let page = try Program.run(["capture", path, "--format", "html"])
    #expect(page.status == 0 && page.text.hasPrefix("<!DOCTYPE html>"))
  }
}
