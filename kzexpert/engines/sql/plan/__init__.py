"""Rules → query plans as sqlglot expressions; no database is opened here."""
