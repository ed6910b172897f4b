"""Packages that are there as if they were not."""

import sys

import pytest

__all__ = ["hide"]

#: What imports packages that need not be installed, and is imported again to look for them again.
_SQL = "kzexpert.engines.sql"


def hide(package: str, patch: pytest.MonkeyPatch, again: str = _SQL) -> None:
    """Make as if a package were not installed, until the test ends.

    Args:
        again: the package which imports it, all modules of which are forgotten.
    """
    if again in sys.modules:
        # To import it again sets it in its parent too, where other tests look for it by its name.
        parent, _, name = again.rpartition(".")
        patch.setattr(sys.modules[parent], name, sys.modules[again])
        for module in [name for name in sys.modules if name == again or name.startswith(f"{again}.")]:
            patch.delitem(sys.modules, module)
    patch.setitem(sys.modules, package, None)
