/** Tables of the state database. Names of columns are those of the fields that they hold. */

/** Marks a SQLite file as Millrace's: "MLRC". */
export const APPLICATION_ID = 0x4d4c5243;

/** Format of the whole database; a file of a later one is refused. */
export const FORMAT_VERSION = 1;

/** Format of one row; every row says its own. */
export const ROW_SCHEMA = 1;

/**
 * Times are REAL because they may lie beyond the integers that JavaScript has. Blobs come last, so that a
 * row's other columns are read without them, and carry a checksum, which SQLite's pages do not.
 * `place` of a log row: inline, spilled, or archived when the row has given its payload back.
 */
export const TABLES = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE log (
  run TEXT NOT NULL, vertex TEXT NOT NULL, subtask INTEGER NOT NULL, slot INTEGER NOT NULL,
  schema INTEGER NOT NULL, version INTEGER NOT NULL, writer TEXT NOT NULL,
  kind TEXT NOT NULL, seal TEXT, epoch REAL NOT NULL, sentThrough REAL NOT NULL,
  processingTime REAL NOT NULL, code TEXT NOT NULL, due REAL, inboxPending INTEGER NOT NULL,
  place TEXT NOT NULL, spillKey TEXT, spillLength REAL, spillSha256 TEXT,
  checksum INTEGER NOT NULL, payload BLOB,
  UNIQUE (run, vertex, subtask, slot)
);
CREATE TABLE base (
  run TEXT NOT NULL, vertex TEXT NOT NULL, subtask INTEGER NOT NULL,
  schema INTEGER NOT NULL, version INTEGER NOT NULL, manifest TEXT NOT NULL, archivedThrough INTEGER NOT NULL,
  PRIMARY KEY (run, vertex, subtask)
) WITHOUT ROWID;
CREATE TABLE object (
  name TEXT NOT NULL UNIQUE, schema INTEGER NOT NULL, bytes INTEGER NOT NULL, storedAt REAL NOT NULL,
  checksum INTEGER NOT NULL, data BLOB
);
CREATE TABLE keyed (
  operator TEXT NOT NULL, key BLOB NOT NULL, place BLOB NOT NULL,
  schema INTEGER NOT NULL, checksum INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY (operator, key, place)
) WITHOUT ROWID;
CREATE TABLE record (
  key TEXT PRIMARY KEY, schema INTEGER NOT NULL, revision INTEGER NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID;
`;
