import GRDB

/// The tables, by named migrations. A migration that has been released is never changed.
enum StoreSchema {
  /// `PRAGMA application_id`: "FLKB".
  static let applicationID = 0x464C_4B42

  static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("articles") { database in
      try database.execute(
        sql: """
          PRAGMA application_id = \(applicationID);
          CREATE TABLE source (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, imported_at TEXT NOT NULL);
          CREATE TABLE article (
            id INTEGER PRIMARY KEY,
            key TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            title TEXT,
            layout TEXT NOT NULL,
            mechanism TEXT NOT NULL,
            document_date TEXT,
            revision TEXT,
            group_id INTEGER,
            digest BLOB NOT NULL,
            sketch BLOB NOT NULL,
            source INTEGER NOT NULL REFERENCES source(id),
            path TEXT NOT NULL,
            fields BLOB NOT NULL
          );
          CREATE INDEX article_group ON article(group_id) WHERE group_id IS NOT NULL;
          CREATE TABLE article_revision (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL, name TEXT NOT NULL, title TEXT, document_date TEXT, revision TEXT,
            digest BLOB NOT NULL, fields BLOB NOT NULL, body TEXT NOT NULL,
            UNIQUE (key, digest)
          );
          CREATE VIRTUAL TABLE article_text USING fts5(title, body, tokenize = "ascii tokenchars '_'");
          CREATE VIRTUAL TABLE article_word USING fts5vocab(article_text, row);
          CREATE TABLE common_word (word TEXT PRIMARY KEY, documents INTEGER NOT NULL) WITHOUT ROWID;
          CREATE TABLE term (
            id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, documents INTEGER NOT NULL,
            UNIQUE (kind, name)
          );
          CREATE TABLE term_article (
            term INTEGER NOT NULL, article INTEGER NOT NULL, PRIMARY KEY (term, article)
          ) WITHOUT ROWID;
          CREATE TABLE unreadable (path TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
          CREATE TABLE figure (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("updates") { database in
      try database.execute(
        sql: """
          CREATE TABLE product_name (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
          CREATE TABLE security_update (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, published TEXT, severity TEXT, title TEXT
          );
          CREATE TABLE update_product (
            update_id INTEGER NOT NULL, product INTEGER NOT NULL, PRIMARY KEY (update_id, product)
          ) WITHOUT ROWID;
          CREATE TABLE supersedes (
            newer INTEGER NOT NULL, older INTEGER NOT NULL, inferred INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (newer, older)
          ) WITHOUT ROWID;
          CREATE INDEX supersedes_older ON supersedes(older);
          CREATE TABLE tag_owner (
            tag TEXT NOT NULL, binary TEXT NOT NULL, description TEXT NOT NULL, PRIMARY KEY (tag, binary, description)
          ) WITHOUT ROWID;
          """)
    }
    migrator.registerMigration("known tables") { database in
      // By their contents, so that a table that is there already is known without going through its rows.
      try database.execute(sql: "CREATE TABLE imported_table (digest BLOB PRIMARY KEY) WITHOUT ROWID")
    }
    registerAudit(&migrator)
    return migrator
  }
}

/// What a term names. The numbers stand in databases.
enum TermKind: Int, Sendable {
  case stopCode = 1
  case module = 2
  case symbol = 3
  case poolTag = 4
  case product = 5
  /// A name in a file table.
  case file = 6
  /// Another article's number.
  case reference = 7
  case mechanism = 8
  /// The number of an event-log entry.
  case eventID = 9
}
