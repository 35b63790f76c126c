"""The SQLite file of an index: its tables, and how it is opened. Nothing is in it that can't be had again."""

from __future__ import annotations

import sqlite3

_SCHEMA_VERSION = 3
_BUSY_TIMEOUT_S = 10.0

_SCHEMA = """
CREATE TABLE runs (
    run_id TEXT PRIMARY KEY, workflow TEXT NOT NULL, author TEXT NOT NULL, state TEXT NOT NULL,
    row BLOB NOT NULL, digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX runs_by_workflow ON runs (workflow, run_id);
CREATE INDEX runs_by_state ON runs (state, run_id);
CREATE TABLE searches (
    run_id TEXT PRIMARY KEY, workflow TEXT NOT NULL, version INTEGER NOT NULL, author TEXT NOT NULL,
    state TEXT NOT NULL, backend TEXT NOT NULL, text TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX searches_by_workflow ON searches (workflow, run_id);
CREATE INDEX searches_by_author ON searches (author, run_id);
CREATE INDEX searches_by_state ON searches (state, run_id);
CREATE TABLE tallies (run_id TEXT PRIMARY KEY, ended_at TEXT NOT NULL, counts BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
    run_id TEXT NOT NULL, number INTEGER NOT NULL, row BLOB NOT NULL,
    PRIMARY KEY (run_id, number)
) WITHOUT ROWID;
CREATE TABLE results_of (run_id TEXT PRIMARY KEY, ended_at TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE listings (id INTEGER PRIMARY KEY, full_at REAL NOT NULL);
"""
_TABLES = ("runs", "searches", "tallies", "results", "results_of", "listings")


def prepared(path: str) -> sqlite3.Connection:
    """Return a connection to a file, made if it is not there, with its tables; raise sqlite3.DatabaseError."""
    connection = sqlite3.connect(path, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _make_schema(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_schema(connection: sqlite3.Connection) -> None:
    """Make the tables unless they are there; another schema's go: they can be filled again."""
    if connection.execute("PRAGMA user_version").fetchone()[0] == _SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _SCHEMA_VERSION:
            for table in _TABLES:
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in filter(str.strip, _SCHEMA.split(";")):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
