"""What came out of a database, fetched when it is asked for."""
