"""The frozen values that every layer speaks of. It reads no file and knows no engine.

Surface values (`knowledge`, `conditions`) are as the author wrote them; program values (`program`) are resolved. What
each of these modules lists in its `__all__` can be had from here.
"""

# ruff: noqa: F403
from kzexpert.model.aggregates import *
from kzexpert.model.body import *
from kzexpert.model.conditions import *
from kzexpert.model.established import *
from kzexpert.model.file_shape import *
from kzexpert.model.functions import *
from kzexpert.model.inference import *
from kzexpert.model.knowledge import *
from kzexpert.model.pattern import *
from kzexpert.model.placeholder import *
from kzexpert.model.program import *
from kzexpert.model.terms import *
