"""Relational engines: rules → query plans (sqlglot expressions), run by a database. Imports neither until asked to."""
