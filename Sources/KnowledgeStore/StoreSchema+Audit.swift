import Facts
import GRDB

extension StoreSchema {
  /// What an audit asks of imported catalogues: which updates a machine's product has, and what replaces what there.
  static func registerAudit(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("audit") { database in
      try database.execute(
        sql: """
          CREATE TABLE product_target (
            product INTEGER PRIMARY KEY, windows TEXT NOT NULL, build INTEGER, service_pack TEXT, architecture TEXT NOT NULL,
            component TEXT, core INTEGER NOT NULL
          );
          CREATE INDEX product_target_windows ON product_target(windows);
          CREATE INDEX product_target_build ON product_target(build);
          CREATE INDEX update_product_product ON update_product(product);
          CREATE TABLE supersedes_on (
            product INTEGER NOT NULL, older INTEGER NOT NULL, newer INTEGER NOT NULL, PRIMARY KEY (product, older, newer)
          ) WITHOUT ROWID;
          """)
      // Tables that were imported before are read once more, for what is new here.
      try database.execute(sql: "DELETE FROM imported_table")
      let names = try Row.fetchAll(database, sql: "SELECT id, name FROM product_name ORDER BY id")
      for row in names { try UpdateWriter.addTarget(row["name"], product: row["id"], database) }
    }
  }
}
