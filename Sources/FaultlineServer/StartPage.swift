#if Server
import Reporting

/// Where a case begins: files dropped, or symptoms typed.
enum StartPage {
  static func body(uploadBytes: Int64) -> String {
    func field(_ name: String, _ label: String, _ hint: String, _ example: String) -> String {
      "<div class=\"field\"><label for=\"\(name)\">\(label)</label><input id=\"\(name)\" name=\"\(name)\" aria-describedby=\"\(name)-hint\" placeholder=\"\(example)\" autocomplete=\"off\"><p class=\"hint\" id=\"\(name)-hint\">\(hint)</p></div>\n"
    }
    return """
      <h1>What failed?</h1>
      <p>Give what the machine left behind: crash dumps, pool logs, captures, debugger logs, <code>systeminfo</code>, registry hives; single files, folders, or a zip or tar archive of them. Or type what is on the blue screen. Nothing leaves this server.</p>
      <form id="new-case" method="post" action="/cases" enctype="multipart/form-data">
      <div class="field"><label for="name">Name of the case</label><input id="name" name="name" maxlength="100" aria-describedby="name-hint" autocomplete="off"><p class="hint" id="name-hint">May stay empty: the first file's name is taken.</p></div>
      <fieldset class="drop" id="drop"><legend>Evidence</legend>
      <p id="drop-text">Choose files or a folder; where the browser can, drop them here.</p>
      <div class="pair">
      <div class="field"><label for="files">Files</label><input id="files" type="file" name="evidence" multiple></div>
      <div class="field"><label for="folder">A folder</label><input id="folder" type="file" name="evidence" multiple webkitdirectory></div>
      </div>
      <ul id="chosen" class="plain" aria-live="polite"></ul>
      <p class="hint">At most \(Page.bytes(uploadBytes)) at once. Symbol files (PDB) of the machine's drivers may lie beside the dump.</p>
      </fieldset>
      <details class="symptoms"><summary>Type symptoms instead, or besides</summary>
      <div class="grid">
      \(field("stop", "Stop code", "As on the blue screen.", "0x000000D1"))\(field("parameters", "Its parameters", "In their order.", "0x8 0x2 0x0 0xf7a3"))\(field("module", "Driver named", "The file the screen or log blames.", "netbt.sys"))\(field("version", "Its version", "Where it is known.", "5.2.3790.3959"))\(field("symbol", "Routine on the stack", "With the module before it.", "netbt!NbtCopyToStartOfIndicate"))\(field("tag", "Pool tag", "That grows, or is named; the case of its letters counts.", "Mdl"))\(field("pool", "Pool", "paged or nonpaged.", "nonpaged"))\(field("product", "Product", "As people write it.", "Windows Server 2003"))\(field("pack", "Service pack", "Its number.", "2"))\(field("architecture", "Architecture", "x86, x64, arm64, ia64 or alpha.", "x86"))\(field("process", "Process", "That was current.", "System"))
      </div>
      <div class="field"><label for="observed">What was seen</label><textarea id="observed" name="observed" rows="3" aria-describedby="observed-hint"></textarea><p class="hint" id="observed-hint">In sentences, one a line.</p></div>
      </details>
      <p><button type="submit" class="primary">Diagnose</button> <progress id="sent" max="100" value="0" hidden aria-label="Sent"></progress> <span id="status" role="status"></span></p>
      </form>

      """
  }
}
#endif
