"""These tests need the extra `bulk`."""

from importlib.util import find_spec

collect_ignore_glob = [] if find_spec("duckdb") and find_spec("sqlglot") else ["test_sql_*.py"]
