import ByteReading
import EvidenceSynthesis
import Facts
import Faultline
import Reporting
import Testing

@Suite struct ImageInspectionTests {
  private func inspect(_ bytes: [UInt8], as name: String) -> (piece: EvidencePiece, json: String) {
    let piece = EvidencePiece(file: MappedFile(bytes: bytes, path: "case/" + name))
    return (piece, piece.json.text())
  }

  @Test func images() throws {
    var image = SynthesizedImage()
    image.debug = ([UInt8](repeating: 7, count: 16), 0x1A, #"d:\obj\acme.pdb"#)
    image.version = ([5, 2, 3790, 71], [5, 2, 3790, 0])
    image.strings = [("FileVersion", "5.2.3790.71 (srv03_qfe.030716-1500)"), ("ProductName", "ACME")]
    image.exports = [("Alpha", 0x1010)]
    let (piece, json) = inspect(image.file(), as: "acme.sys")
    #expect(piece.kind == .image)
    #expect(piece.problems.isEmpty)
    #expect(piece.isRead)
    for part in [
      #""kind":"image""#, #""machine":"x64""#, #""timestamp":"0x4b2a0c10","timestampMeaning":"date""#,
      #""imageSize":28672"#, #""fileVersion":"5.2.3790.71""#, #""branch":"srv03_qfe.030716-1500""#,
      #""pdb":{"name":"acme.pdb","guid":"07070707070707070707070707070707","age":26"#, #""exports":1"#,
      #""sections":[{"name":".text","offset":"0x00001000""#,
    ] { #expect(json.contains(part), "\(part) in \(json)") }
  }

  /// What is damaged behind the headers is a problem beside what was read.
  @Test func damagedImage() {
    var image = SynthesizedImage()
    image.version = ([1, 2, 3, 4], [1, 2, 3, 4])
    let (piece, json) = inspect(Array(image.file().prefix(0x700)), as: "cut.sys")
    #expect(piece.isRead)
    #expect(!piece.problems.isEmpty)
    #expect(json.contains(#""timestamp":"0x4b2a0c10""#))
    let (refused, _) = inspect(Array("MZ".utf8) + [UInt8](repeating: 0, count: 100), as: "dos.exe")
    #expect(!refused.isRead)
    #expect(refused.problems.count == 1)
  }

  @Test func databases() {
    var database = SynthesizedDatabase()
    database.publics = [.init("KeBugCheckEx", section: 1, offset: 0x100)]
    let (piece, json) = inspect(database.encoded(), as: "acme.pdb")
    #expect(piece.kind == .symbols)
    #expect(piece.problems.isEmpty)
    for part in [
      #""pdb":{"form":"PDB 7.00","name":"acme.pdb","guid":"33221100554477668899AABBCCDDEEFF","age":3,"writes":5"#,
      #""machine":"x64","streams":12,"blockSize":1024,"symbols":1,"modules":1"#,
    ] { #expect(json.contains(part), "\(part) in \(json)") }
  }
}
