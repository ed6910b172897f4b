"""Help for those who write a base: scaffolds, additions to files that stay as they are, declarations of tables.

What it writes it has read again before, as the loader reads it. It concludes nothing.
"""
