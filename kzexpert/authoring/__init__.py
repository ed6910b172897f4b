"""Help for those who write a base: scaffolds, additions to files, layout, corrections, mutants of rules, editors.

What it writes it has read again before, as the loader reads it. Only mutants and editors need an engine.
"""
