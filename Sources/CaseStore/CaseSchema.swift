import GRDB

/// The tables of the case store.
enum CaseSchema {
  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("cases") { database in
      try database.execute(
        sql: """
          CREATE TABLE case_record (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            state TEXT NOT NULL,
            created INTEGER NOT NULL,
            started INTEGER,
            finished INTEGER,
            runs INTEGER NOT NULL,
            problem TEXT,
            verdict TEXT,
            answer TEXT,
            machine TEXT
          );
          CREATE INDEX case_by_state ON case_record (state, number);
          CREATE TABLE case_file (
            case_id TEXT NOT NULL REFERENCES case_record (id) ON DELETE CASCADE,
            name TEXT NOT NULL,
            sha256 TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (case_id, name)
          ) WITHOUT ROWID;
          CREATE INDEX case_file_by_content ON case_file (sha256);
          CREATE TABLE case_answer (
            case_id TEXT PRIMARY KEY REFERENCES case_record (id) ON DELETE CASCADE,
            diagnosis BLOB NOT NULL,
            text BLOB NOT NULL,
            page BLOB NOT NULL,
            steps TEXT NOT NULL
          );
          CREATE TABLE case_step (
            case_id TEXT NOT NULL REFERENCES case_record (id) ON DELETE CASCADE,
            step TEXT NOT NULL,
            PRIMARY KEY (case_id, step)
          ) WITHOUT ROWID;
          CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
          """)
    }
    return migrator
  }

  static let selection = """
    SELECT id, name, state, created, started, finished, runs, problem, verdict, answer, machine,
      (SELECT count(*) FROM case_file WHERE case_id = case_record.id) AS files,
      (SELECT coalesce(sum(bytes), 0) FROM case_file WHERE case_id = case_record.id) AS bytes
    FROM case_record
    """

  static func record(_ id: String, _ database: Database) throws -> CaseRecord? {
    try Row.fetchOne(database, sql: "\(selection) WHERE id = ?", arguments: [id]).map(record)
  }

  static func record(_ row: Row) -> CaseRecord {
    CaseRecord(
      id: row["id"], name: row["name"], state: CaseState(rawValue: row["state"]) ?? .failed, created: row["created"],
      started: row["started"], finished: row["finished"], runs: row["runs"], problem: row["problem"],
      verdict: row["verdict"], answer: row["answer"], machine: row["machine"], files: row["files"],
      bytes: row["bytes"])
  }
}
