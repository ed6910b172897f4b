"""Conclusions → files of rows for other programs: which, in which columns, and their lines."""
