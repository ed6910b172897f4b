"""Measurements with the peer in the same run; `docs/performance.md` shows what they gave."""
