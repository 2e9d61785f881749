"""The store: one SQLite file, written by the daemon, read by everybody."""
