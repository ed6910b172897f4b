"""Rows of tables → facts: read where they lie, checked, resolved."""
