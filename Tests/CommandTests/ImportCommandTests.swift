import Foundation
import TestSupport
import Testing

/// `kb import` and what is read from the knowledge base that it writes.
@Suite struct ImportCommandTests {
  private let folder: TemporaryFolder
  private let database: String

  init() throws {
    folder = try TemporaryFolder()
    database = folder.path + "/kb.sqlite"
  }

  private static func article(_ number: Int, _ cause: String, date: String = "09-AUG-2001") -> String {
    """
    DOCUMENT:Q\(number)  \(date)  [winnt]
    TITLE   :Gizmo \(number) Stops the Harbor
    PRODUCT :Microsoft Windows NT
    PROD/VER:WinNT:4.0
    OPER/SYS:
    KEYWORDS:

    ======================================================================
    -------------------------------------------------------------------------------
    The information in this article applies to:

     - Microsoft Windows NT Server version 4.0
    -------------------------------------------------------------------------------

    SYMPTOMS
    ========

    The ferry stops at the pier and does not go on, whatever the captain says to
    the crew.

    CAUSE
    =====

    \(cause)

    RESOLUTION
    ==========

    A supported fix is now available from Microsoft:

       Date        Time    Size       File name     Platform
       -----------------------------------------------------
       11/05/98    10:58p  1,437,440  Gizmo.sys     (Intel)

    """
  }

  private func articles() throws -> String {
    try folder.write("articles/Q900001.TXT", Self.article(900_001, "Gizmo.sys leaks pool with the tag Mdup."))
    try folder.write("articles/Q900002.TXT", Self.article(900_002, "Nobody knows the reason."))
    return folder.path + "/articles"
  }

  private func tables() throws -> [String] {
    [
      try folder.write("pooltag.txt", "rem Pooltag.txt\nMdup - gizmo.sys - Ropes of the ferry\n"),
      try folder.write(
        "updates.csv",
        """
        DatePosted,BulletinKB,Title,AffectedProduct,AffectedComponent,Severity,Supersedes
        20100101,800001,Cumulative Security Update for Piers,Windows XP,Pier 6,Low,
        20100201,800002,Cumulative Security Update for Piers,Windows XP,Pier 6,Critical,
        20100301,800003,Other,Windows XP,,Critical,800002
        20100401,900001,Other,Windows XP,,Critical,800003

        """),
    ]
  }

  @Test func aSecondImportSaysThatNothingIsNew() throws {
    let path = try articles()
    let first = try Program.run(["kb", "import", path, "--kb", database])
    #expect(first.status == 0 && first.text.contains("2 articles added."))
    let bytes = try Data(contentsOf: URL(filePath: database))
    let second = try Program.run(["kb", "import", path, "--kb", database])
    #expect(second.status == 0 && second.text.contains("Nothing new: 2 articles are there already, unchanged."))
    #expect(try Data(contentsOf: URL(filePath: database)) == bytes)
  }

  @Test func defaultPlaces() throws {
    let path = try articles()
    let data = folder.path + "/data"
    let environment = ["XDG_DATA_HOME": data, "HOME": folder.path + "/home"]
    #expect(try Program.run(["kb", "import", path], environment: environment).status == 0)
    #expect(FileManager.default.fileExists(atPath: data + "/faultline/knowledge.sqlite"))
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/home"))
    #expect(try Program.run(["kb", "show", "Q900002"], environment: environment).status == 0)
    #expect(try Program.run(["kb", "show", "Q900002"], environment: ["XDG_DATA_HOME": folder.path]).status == 66)
    // Another place named: the default one is left alone.
    #expect(try Program.run(["kb", "show", "Q900002", "--kb", database], environment: environment).status == 66)
    #if os(Linux)
    let home = ["XDG_DATA_HOME": "", "HOME": folder.path + "/home"]
    #expect(try Program.run(["kb", "import", path], environment: home).status == 0)
    #expect(FileManager.default.fileExists(atPath: folder.path + "/home/.local/share/faultline/knowledge.sqlite"))
    #endif
  }

  /// Also for the system's administrator, whom no permission stops: then as somebody else, where that can be done.
  @Test func readOnlyPlaces() throws {
    let path = try articles()
    let new = try folder.write("new.txt", Self.article(900_003, "None."))
    let place = try folder.folder("sealed") + "/kb.sqlite"
    #expect(try Program.run(["kb", "import", path, "--kb", place]).status == 0)
    try FileManager.default.removeItem(atPath: place + ".lock")
    let bytes = try Data(contentsOf: URL(filePath: place))
    for mode in [0o555, 0o755] {
      try FileManager.default.setAttributes([.posixPermissions: 0o444], ofItemAtPath: place)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path + "/sealed")
      let script =
        #"if [ "$(id -u)" = 0 ]; then exec setpriv --reuid 65534 --clear-groups "$FAULTLINE" "$@"; else exec "$FAULTLINE" "$@"; fi"#
      let shown = try Program.shell(script, ["kb", "show", "Q900001", "--kb", place])
      if shown.status == 126 || shown.status == 127 { continue }
      #expect(shown.status == 0, "\(shown.error)")
      #expect(try Program.shell(script, ["kb", "search", "ferry", "--kb", place]).text.contains("Q900001"))
      let second = try Program.shell(script, ["kb", "import", path, "--kb", place])
      #expect(second.status == 0 && second.text.contains("Nothing new"), "\(second.error)")
      let refused = try Program.shell(script, ["kb", "import", new, "--kb", place])
      #expect(refused.status == 74, "\(refused.error)")
      #expect(refused.error.contains("read-only") || refused.error.contains("cannot be written"))
    }
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path + "/sealed")
    #expect(try Data(contentsOf: URL(filePath: place)) == bytes)
  }

  @Test func aLaterTextReplacesAnEarlierOneAndSaysSo() throws {
    #expect(try Program.run(["kb", "import", try articles(), "--kb", database]).status == 0)
    let later = try folder.write("later.txt", Self.article(900_002, "A race.", date: "09-AUG-2002"))
    let report = try Program.run(["kb", "import", later, "--kb", database, "--format", "json"]).json()
    #expect(report["changed"] as? Int == 1)
    let json = try Program.run(["kb", "show", "Q900002", "--kb", database, "--format", "json"]).json()
    #expect(json["documentDate"] as? String == "2002-08-09")
    #expect(json["olderRevisions"] as? [String] == ["2001-08-09"])
    let text = try Program.run(["kb", "show", "Q900002", "--kb", database]).text
    #expect(text.contains("Older revisions kept: 2001-08-09") && text.contains("A race."))
    #expect(!text.contains("Nobody knows"))
  }

  @Test func anUpdateThatNoArticleDescribes() throws {
    #expect(try Program.run(["kb", "import", try articles(), "--kb", database] + tables()).status == 0)
    let json = try Program.run(["kb", "show", "KB800003", "--kb", database, "--format", "json"]).json()
    #expect(json["schema"] as? String == "faultline.update/1")
    #expect(json["products"] as? [String] == ["Windows XP"] && json["published"] as? String == "2010-03-01")
    let all = try #require(json["supersedesAll"] as? [[String: Any]])
    #expect(all.map { $0["id"] as? String } == ["KB800001", "KB800002"])
    #expect(all.map { $0["inferred"] as? Bool } == [true, nil])
    #expect(json["newest"] as? [String] == ["KB900001"])
    let text = try Program.run(["kb", "show", "800002", "--kb", database]).text
    #expect(text.contains("KB800001 (inferred)") && text.contains("KB800003") && text.contains("Critical"))
    // An article of the same number has both.
    let article = try Program.run(["kb", "show", "Q900001", "--kb", database, "--format", "json"]).json()
    #expect(article["schema"] as? String == "faultline.article/1")
    #expect((article["update"] as? [String: Any])?["id"] as? String == "KB900001")
  }

  @Test func ownersOfTags() throws {
    #expect(try Program.run(["kb", "import", try articles(), "--kb", database] + tables()).status == 0)
    let text = try Program.run(["kb", "search", "Mdup", "--kb", database]).text
    #expect(text.contains("pool tag Mdup belongs to gizmo.sys: Ropes of the ferry (imported list"))
    #expect(text.contains("Q900001"))
    let json = try Program.run(["kb", "search", "Mdup", "--kb", database, "--format", "json"]).json()
    let owner = try #require((json["tagOwners"] as? [[String: Any]])?.first)
    #expect(owner["binary"] as? String == "gizmo.sys" && owner["source"] as? String == "imported")
    let answer = try Program.run(["match", "--pool-tag", "Mdup", "--kb", database]).text
    #expect(answer.contains("belongs to gizmo.sys"))
    // The bundled list knows Windows' own, without any import.
    #expect(try Program.run(["kb", "search", "Afd?"]).status == 0)
  }

  /// Files' times are UTC as printed; people see their own, and prose that the archive broke is joined.
  @Test func articlesForPeople() throws {
    #expect(try Program.run(["kb", "import", try articles(), "--kb", database]).status == 0)
    func show(_ zone: String) throws -> String {
      try Program.run(["kb", "show", "Q900001", "--kb", database, "--time-zone", zone]).text
    }
    let utc = try show("UTC")
    #expect(utc.contains("1998-11-05 22:58 UTC") && utc.contains("1,437,440"))
    #expect(try show("Asia/Tokyo").contains("1998-11-06 07:58 JST"))
    #expect(utc.contains("  The ferry stops at the pier and does not go on, whatever the captain says to the crew.\n"))
    #expect(utc.contains("\nSYMPTOMS\n") && utc.contains("(The table of files stands above.)"))
  }

  /// `script` gives the program a terminal.
  @Test(.enabled(if: isLinux && FileManager.default.isExecutableFile(atPath: "/usr/bin/script")))
  func progressIsForTerminals() throws {
    let path = try articles()
    func run(_ options: String) throws -> Program.Output {
      try Program.shell(
        #"rm -f "$2"; script -qec "stty cols 80; \"$FAULTLINE\" kb import '$1' --kb '$2' \#(options)" /dev/null"#,
        [path, database], environment: ["TERM": "xterm"])
    }
    #expect(try run("").text.contains("2 files, "))
    #expect(try run("").text.contains("a second, writing the index"))
    #expect(try !run("--quiet").text.contains("a second"))
    #expect(try Program.run(["kb", "import", path, "--kb", database + "2"]).errorBytes.isEmpty)
  }
}
