import ByteReading
import Facts
import Faultline
import Testing

@Suite struct SymptomsTests {
  private func read(_ json: String) throws(ReadError) -> Symptoms { try Symptoms(json: Array(json.utf8)) }

  @Test func observedEventsAreFacts() throws {
    let symptoms = try read(
      #"{"observations": ["event ID 2019, then events 2020 and 2022", "the event of 9 o'clock"]}"#)
    let ids = symptoms.facts(evidence: nil).filter { $0.kind == .event }.compactMap { $0["id"]?.description }
    #expect(ids == ["2019", "2020", "2022"])
  }

  @Test func everyKey() throws {
    let symptoms = try read(
      """
      {"schema": "faultline.symptoms/1", "stopCode": "0x0000000A", "parameters": ["0x10", "2"], "module": "netbt.sys",
       "moduleVersion": "5.2.3790.71", "moduleTimestamp": "2003-07-22", "stackTop": ["netbt!A+0x10", "tcpip.sys"],
       "poolTag": "Mdl", "pool": "NonPaged", "osProduct": "Windows Server 2003", "servicePack": 2, "architecture": "i386",
       "processName": "System", "loadedModules": ["tdpipe.sys"], "observations": ["slow"], "later": {"a": []}}
      """)
    #expect(symptoms.stopCode == StopCode(0xA))
    #expect(symptoms.parameters == ["0x10", "2"])
    #expect(symptoms.modules.map(\.name) == ["netbt.sys"])
    #expect(symptoms.modules.first?.version == FileVersion(5, 2, 3790, 71))
    #expect(symptoms.modules.first?.fileDate == "2003-07-22")
    #expect(symptoms.poolTags == [PoolTag("Mdl")])
    #expect(symptoms.pool == "nonpaged")
    #expect(symptoms.servicePack == ServicePack(2))
    #expect(symptoms.architecture == .x86)
    #expect(symptoms.loadedModules == ["tdpipe.sys"])
    #expect(symptoms.observations == ["slow"])
    #expect(symptoms.notUnderstood.isEmpty)
    let machine = symptoms.machine
    #expect(machine.product == "Windows Server 2003" && machine.servicePack == ServicePack(2))

    let facts = symptoms.facts(evidence: 3)
    #expect(facts.allSatisfy { $0.trust == .stated && $0.evidence == 3 })
    #expect(facts.filter { $0.kind == .frame }.map { $0["symbol"]?.description } == ["netbt!A", nil])
    #expect(facts.filter { $0.kind == .frame }.map { $0["position"]?.description } == ["top", "upper"])
    #expect(facts.first { $0.kind == .stop }?["parameter2"]?.description == VirtualAddress(2).description)
  }

  @Test func everythingIsOptional() throws {
    #expect(try read("{}") == Symptoms())
    #expect(try read(#"{"stopCode": null, "poolTag": null, "parameters": []}"#) == Symptoms())
  }

  @Test(arguments: [("\"6a\"", ServicePack(6, letter: "a")), ("\"SP5\"", ServicePack(5)), ("0", ServicePack(0))])
  func servicePacks(json: String, pack: ServicePack) throws {
    #expect(try read(#"{"servicePack": \#(json)}"#).servicePack == pack)
  }

  /// What was given and not understood is said, not dropped.
  @Test(
    arguments: [
      ("moduleVersion", "5.2"), ("moduleTimestamp", "July 2003"), ("poolTag", "Mdl space"), ("pool", "swimming"),
      ("servicePack", "two"),
      ("architecture", "vax"),
    ])
  func valuesThatAreNotUnderstood(key: String, value: String) throws {
    let symptoms = try read(#"{"stopCode": "0x41", "\#(key)": "\#(value)"}"#)
    #expect(symptoms.notUnderstood.map(\.what) == ["symptoms.\(key)"])
    #expect(symptoms.notUnderstood.first?.detail.contains(value) == true)
    #expect(symptoms.stopCode == StopCode(0x41))
  }

  @Test(
    arguments: [
      (#"{"stopCode": 10}"#, "symptoms > stopCode", "text"),
      (#"{"stopCode": "blue"}"#, "symptoms > stopCode", "a stop code"),
      (#"{"stackTop": "nt!A"}"#, "symptoms > stackTop", "a list of text"),
      (#"{"parameters": ["0", 1]}"#, "symptoms > parameters > [1]", "text"),
      (#"{"module": {}}"#, "symptoms > module", "text"), (#"{"servicePack": []}"#, "symptoms > servicePack", "text"),
      (#"{"schema": "faultline.symptoms/9"}"#, "symptoms > schema", "faultline.symptoms/1"),
      ("[]", "symptoms", "a JSON object"), ("{", "symptoms", "a JSON object"), ("", "symptoms", "a JSON object"),
    ])
  func badTypes(json: String, place: String, expected: String) throws {
    let error = try #require(throws: ReadError.self) { try read(json) }
    #expect(error.reading == place)
    #expect(error.expected.contains(expected), "\(error)")
    #expect(!error.description.contains("DecodingError"))
  }

  @Test(
    arguments: [("0x41", 0x41), ("41", 0x41), ("00000041", 0x41), ("0X0000000A", 0xA), ("IRQL_NOT_LESS_OR_EQUAL", 0xA)]
      as [(String, UInt32)])
  func stopCodes(text: String, code: UInt32) { #expect(Symptoms.stopCode(text) == StopCode(code)) }

  @Test(arguments: ["", "0x", "0x123456789", "NO_SUCH_STOP", "blue"]) func noStopCodes(text: String) {
    #expect(Symptoms.stopCode(text) == nil)
  }
}
