"""Measurements with the peers in the same run: `python -m benchmarks`; `docs/performance.md` shows what they gave."""
