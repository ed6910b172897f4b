"""The engine in memory: experta, with our joins and certainties."""
