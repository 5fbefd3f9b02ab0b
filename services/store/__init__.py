"""The store of record: PostgreSQL, written by group commit, total order without gaps."""
