"""What runs the plans: DuckDB and Spark behind one interface."""
