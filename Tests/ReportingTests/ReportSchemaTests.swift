import Facts
import Foundation
import KnowledgeBase
import Testing

@testable import Reporting

extension JSONValue {
  fileprivate var keys: [String] {
    guard case .object(let members) = self else { return [] }
    return members.map(\.key)
  }

  fileprivate subscript(key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  fileprivate var items: [JSONValue] {
    guard case .array(let items) = self else { return [] }
    return items
  }
}

/// The keys that scripts rely on, with the ones added since, in their order. See Documentation/ReportSchema.md.
@Suite struct ReportSchemaTests {
  @Test func diagnosis() throws {
    let json = try ReportSamples.confirmed().json
    #expect(json.keys == ["schema", "evidence", "machine", "facts", "findings", "nextSteps", "missing"])
    #expect(json["schema"] == .string("faultline.diagnosis/1"))
    let evidence = try #require(json["evidence"]?.items.first)
    #expect(evidence.keys == ["path", "kind", "sha256", "problems"])
    #expect(evidence["problems"]?.items.first?.keys == ["what", "because", "offset", "expected", "found", "text"])
    #expect(json["machine"]?.keys == ["product", "servicePack", "architecture"])
    for fact in json["facts"]?.items ?? [] {
      #expect(fact.keys.starts(with: ["id", "kind", "text", "evidence", "trust"]))
      #expect(Set(fact.keys).isSubset(of: ["id", "kind", "text", "evidence", "trust", "origin", "attributes"]))
    }
    let finding = try #require(json["findings"]?.items.first)
    #expect(finding.keys.starts(with: ["article", "title", "mechanism", "verdict", "confidence", "because"]))
    let optional: Set = ["unmet", "cappedBecause", "obstacles", "unfixed", "notes"]
    #expect(
      finding.keys.filter { !optional.contains($0) } == [
        "article", "title", "mechanism", "verdict", "confidence", "because", "applicability", "plan",
      ])
    #expect(finding["verdict"] == .string("confirmed"))
    #expect(finding["applicability"]?.keys == ["status", "reasons"])
    let because = finding["because"]?.items ?? []
    #expect(!because.isEmpty)
    for reason in because {
      #expect(reason.keys.filter { $0 != "fact" } == ["condition", "effect", "trust"])
      #expect(reason["fact"] == nil || reason.keys.first == "fact")
    }
    let plan = finding["plan"]?.items ?? []
    #expect(!plan.isEmpty)
    for step in plan { #expect(step.keys.filter { $0 != "commands" } == ["step", "text", "restart"]) }
    #expect(json["missing"]?.items.first?.keys == ["what", "because", "detail"])
  }

  @Test func valuesAreOfTheContract() throws {
    let json = try ReportSamples.confirmed().json
    let finding = try #require(json["findings"]?.items.first)
    #expect(json["machine"]?["servicePack"] == .integer(2))
    let steps: Set = [
      "install-service-pack", "install-hotfix", "upgrade", "workaround", "configure", "collect-evidence", "verify",
    ]
    for step in finding["plan"]?.items ?? [] {
      guard case .string(let name)? = step["step"] else { return #expect(Bool(false), "a step without a name") }
      #expect(steps.contains(name))
    }
    let statuses: [JSONValue?] = ["applies", "installed", "superseded", "not-applicable", "unknown"].map { .string($0) }
    #expect(statuses.contains(finding["applicability"]?["status"]))
  }

  @Test func everyDocumentIsJSONAndTheSameEachTime() throws {
    let catalogue = try Catalogue.bundled()
    let documents =
      [
        try ReportSamples.confirmed().json, try ReportSamples.hostileDiagnosis().json, ReportSamples.hostileDump().json,
        SearchReport(catalogue.search("netbt")).json, StatisticsReport(catalogue).json,
      ] + catalogue.issues.map(\.article.json)
    for document in documents {
      for pretty in [true, false] {
        let text = document.text(pretty: pretty)
        #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: Data(text.utf8)) }
        #expect(!text.utf8.contains { $0 < 0x20 && $0 != 0x0A })
      }
      #expect(document.keys.first == "schema")
    }
    #expect(try ReportSamples.confirmed().json.text() == ReportSamples.confirmed().json.text())
  }

  @Test func dump() {
    let json = ReportSamples.hostileDump().json
    #expect(
      json.keys == [
        "schema", "format", "system", "bugcheck", "exception", "culprit", "process", "stack", "topFrame", "modules",
        "unloadedModules",
        "notes", "missing",
      ])
    #expect(json["format"]?.keys == ["kind", "architecture", "bytes", "comment"])
    #expect(json["bugcheck"]?.keys == ["code", "parameters", "meaning", "parameterMeanings"])
    #expect(json["bugcheck"]?["code"] == .string("0x000000d1"))
    #expect(json["bugcheck"]?["parameters"]?.items.first == .string("0x0000000000000001"))
    #expect(json["modules"]?.items.first?.keys == ["name", "base", "size", "timestampMeaning", "path", "inbox"])
    #expect(json["stack"]?.items.first?.keys == ["address", "module", "symbol", "trust"])
    #expect(json["unloadedModules"]?.items.first?.keys == ["name", "start", "end"])
  }

  @Test func absentPagesAndRunningMachines() {
    var view = ReportSamples.hostileDump()
    view.absentPages = 3
    view.absentRanges = [0x10..<0x12, 0x20..<0x21]
    view.hasStop = false
    let json = view.json
    #expect(json["bugcheck"] == nil)
    #expect(json["format"]?["absentPages"] == .integer(3))
    #expect(json["format"]?["absentRanges"]?.items.first?["start"] == .string("0x0000000000010000"))
    #expect(json["format"]?["absentRanges"]?.items.map { $0["pages"] } == [.integer(2), .integer(1)])
  }

  @Test func processes() {
    var view = ProcessListView(pointerDigits: 16)
    view.layoutBuild = 7601
    var row = ProcessListView.Row(
      address: VirtualAddress(0xFFFF_FA80_0000_1230), name: "a\u{1B}.exe", id: 400, isCurrent: true)
    row.parent = 4
    row.created = "2016-08-25T06:40:21Z"
    view.rows = [row]
    let json = view.json
    #expect(json.keys == ["schema", "layout", "processes", "missing"])
    #expect(json["schema"] == .string("faultline.dump-processes/1"))
    #expect(json["layout"]?["exact"] == .bool(true))
    #expect(json["processes"]?.items.first?.keys == ["address", "name", "id", "parent", "created", "current"])
    #expect(json["processes"]?.items.first?["address"] == .string("0xfffffa8000001230"))
    let text = view.text(TextStyle(width: 100) { "\($0)" })
    #expect(!text.unicodeScalars.contains("\u{1B}"))
    #expect(text.contains("400 *"))
  }

  @Test func article() throws {
    let issue = try #require(try Catalogue.bundled()["KB961799"])
    let json = issue.article.json
    let always = [
      "products", "stopCodes", "stopParameters", "bugcheckNames", "poolTags", "drivers", "symbols", "mechanism",
      "fixKind", "requires",
      "replaces", "supersededBy", "workarounds", "files", "references",
    ]
    #expect(json.keys.filter(Set(always).contains) == always)
    #expect(json["id"] == .string("KB961799"))
  }
}
