import ByteReading
import Facts
import Symbols

/// Everything read of a PDB.
struct PDBListing {
  let pdb: PDBFile

  init(_ pdb: PDBFile) { self.pdb = pdb }

  func write() throws {
    line("guid", pdb.guid ?? "-", String(pdb.writes), String(pdb.signature), String(pdb.version))
    line("streams", String(pdb.container.streamCount), String(pdb.container.blockSize))
    for problem in pdb.problems { line("error", "pdb", "\(problem)") }
    if let debug = pdb.debug { line("dbi", String(debug.age), hex(debug.machineType), String(debug.modules.count)) }
    let map = try SectionMap(pdb)
    try pdb.globalSymbols { symbol, bytes in
      line(
        "global", "\(symbol.kind)", String(symbol.section), String(symbol.offset), text(bytes[symbol.name]),
        map.offset(section: symbol.section, offset: symbol.offset).map { hex($0) } ?? "-")
    }
    _ = pdb.moduleSymbols { symbol, bytes in
      line(
        "module", "\(symbol.kind)", String(symbol.section), String(symbol.offset), text(bytes[symbol.name]),
        String(symbol.size))
    }
    for frame in FrameRecords(pdb).all() {
      var program = "-"
      if case .program(let text) = frame.kind { program = text }
      line(
        "frame", hex(frame.start), String(frame.size), String(frame.localBytes), String(frame.parameterBytes),
        String(frame.prologueBytes), String(frame.savedRegisterBytes), frame.savesFramePointer ? "bp" : "-",
        program == "-" ? "\(frame.kind)" : "program", program)
    }
    guard let types = try pdb.types() else { return }
    line("types", String(types.count))
    for index in 0..<types.count {
      let number = types.firstIndex + UInt32(index)
      guard let layout = try? types.layout(of: number) else { continue }
      line("type", hex(number), layout.name, "\(layout.kind)", String(layout.size), String(layout.fields.count))
      for field in layout.fields {
        line(
          "field", field.name, String(field.offset), types.description(of: field.type),
          field.bits.map { "\($0.position):\($0.count)" } ?? "-")
      }
    }
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
}
