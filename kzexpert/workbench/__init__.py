"""The workbench: judgements in a browser, to be read, tried out and reviewed, on this machine alone.

It reads and writes the files of a base as the commands do, and keeps nothing else.
"""
