import Facts
import Foundation
import Testing

@testable import Reporting

@Suite struct JSONValueTests {
  @Test func membersKeepTheirOrderAndNilIsAbsent() {
    let value = JSONValue.members([
      ("z", .integer(1)), ("a", nil), ("m", .null), ("b", .bool(true)), ("b2", .bool(false)),
    ])
    #expect(value.text() == #"{"z":1,"m":null,"b":true,"b2":false}"#)
  }

  @Test func empty() {
    #expect(JSONValue.array([]).text() == "[]" && JSONValue.array([]).text(pretty: true) == "[]")
    #expect(JSONValue.object([]).text() == "{}" && JSONValue.object([]).text(pretty: true) == "{}")
    #expect(JSONValue.some([]) == nil && JSONValue.some([.null]) == .array([.null]))
  }

  @Test func pretty() {
    let value = JSONValue.members([("a", .array([.integer(1), .members([("b", .string("c"))])])), ("d", .array([]))])
    #expect(
      value.text(pretty: true) == """
        {
          "a": [
            1,
            {
              "b": "c"
            }
          ],
          "d": []
        }
        """)
  }

  @Test(
    arguments: [
      ("plain", #""plain""#), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t", #""\n\r\t""#),
      ("\u{0}\u{1B}\u{7F}", #""\u0000\u001b\u007f""#),
      ("\u{E9}\u{1F4A5}", "\"\u{E9}\u{1F4A5}\""), ("/", #""/""#),
    ])
  func escapes(text: String, json: String) throws {
    #expect(JSONValue.string(text).text() == json)
    #expect(try JSONDecoder().decode([String].self, from: Data("[\(json)]".utf8)) == [text])
    #expect(JSONValue.members([(text, .null)]).text() == "{\(json):null}")
  }

  @Test func everyScalarOfTheFirstPlanesSurvives() throws {
    var text = String.UnicodeScalarView()
    for value in (0...0x2FF as ClosedRange<UInt32>) { if let scalar = Unicode.Scalar(value) { text.append(scalar) } }
    let json = JSONValue.array([.string(String(text))]).text()
    let back = try JSONDecoder().decode([String].self, from: Data(json.utf8))
    #expect(back.first?.unicodeScalars.elementsEqual(text) == true)
    #expect(!json.utf8.contains { $0 < 0x20 || $0 == 0x7F })
  }

  @Test(
    arguments: [
      (0, "0.0"), (0.5, "0.5"), (0.05, "0.05"), (0.994, "0.99"), (0.995, "1.0"), (1, "1.0"), (-0.25, "-0.25"),
      (-0.001, "0.0"),
      (123.456, "123.46"), (.infinity, "null"), (-.infinity, "null"), (.nan, "null"), (1e20, "1e+20"),
    ] as [(Double, String)])
  func numbers(value: Double, json: String) { #expect(JSONValue.number(value).text() == json) }

  @Test func integers() {
    #expect(JSONValue.integer(.min).text() == "-9223372036854775808")
    #expect(JSONValue.count(UInt64.max).text() == "9223372036854775807")
  }

  /// A path's bytes that are no UTF-8 become lone surrogates, as Python's `os.fsencode` takes them back.
  @Test func paths() {
    let path = PathText.text([0x61, 0x22, 0xFF, 0x0A, 0xC3, 0xA9, 0x80])
    #expect(JSONValue.path(path).text() == "\"a\\\"\\udcff\\n\u{E9}\\udc80\"")
    #expect(JSONValue.path("plain/\u{E9}").text() == "\"plain/\u{E9}\"")
  }

  @Test func terms() {
    #expect(JSONValue.servicePack(ServicePack(2)).text() == "2")
    #expect(JSONValue.servicePack(ServicePack(6, letter: "a")).text() == #""6a""#)
    #expect(JSONValue.hex(VirtualAddress(0xF80A), digits: 8).text() == #""0x0000f80a""#)
  }
}
