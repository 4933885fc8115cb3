"""A store in a file, for the workers of one machine: the standard library's SQLite, in WAL mode.

store  SQLiteStore: what is asked of it
file   the file: one connection and one thread for each process, one transaction for each operation
clock  the file's time, which no change of the system's clock moves
runs   the records of runs, as SQL
post   workers' mailboxes: a socket beside the file for each, or a poll
"""

from ringback.stores.sqlite.store import SQLiteStore

__all__ = ["SQLiteStore"]
