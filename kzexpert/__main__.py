"""``python -m kzexpert``: the same as the command ``kzexpert``."""

from kzexpert.cli import main

if __name__ == "__main__":
    main()
