"""How many examples a test of generated input makes: few in the suite, and always the same; thousands by hand.

``KZEXPERT_EXAMPLES=2000`` says how many a test of the usual weight makes; heavier and lighter ones make as many more or
fewer as they do in the suite.
"""

import os

from hypothesis import HealthCheck, settings

__all__ = ["examples", "many"]

_USUAL = 60
_ASKED = int(os.environ.get("KZEXPERT_EXAMPLES", "0"))

# A shared machine pauses now and then: no example fails for having taken long. A run of the suite makes the same
# examples as the last, so that what fails was broken by the change; a run by hand makes new ones.
settings.register_profile(
    "kzexpert", deadline=None, derandomize=not _ASKED, print_blob=True, suppress_health_check=list(HealthCheck)
)
settings.load_profile("kzexpert")


def many(quick: int = _USUAL) -> int:
    """How many examples a test makes that makes ``quick`` of them in the suite."""
    return max(1, quick * _ASKED // _USUAL) if _ASKED else quick


def examples(quick: int = _USUAL) -> settings:
    """A decorator for tests of Hypothesis; see `many`."""
    return settings(max_examples=many(quick))
