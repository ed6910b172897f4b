# ruff: noqa: PTH118
"""The files of ``calibration:`` in manifests → calibrations. Whether they fit the rules is not asked here."""

import os
from itertools import pairwise
from typing import Any

import msgspec

from kzexpert.errors import Issue, KnowledgeBaseError, Location
from kzexpert.language.files import YAML_LIMIT, TextFile, read_file
from kzexpert.language.folders import MANIFEST
from kzexpert.model import KnowledgeBase, Layer
from kzexpert.model.calibration import Calibration, Calibrations

__all__ = ["calibration_files", "decoded", "read_calibrations"]


def calibration_files(kb: KnowledgeBase) -> list[tuple[Location, str]]:
    """The manifest that names it, and the path, of each file of calibrations."""
    found = []
    for layer in kb.layers:
        manifest = Location(os.path.join(layer.folder, MANIFEST))
        found += [(manifest, os.path.join(layer.folder, file)) for file in _named(layer) if isinstance(file, str)]
    return found


def _named(layer: Layer) -> list[Any]:
    """What a manifest gives as files of calibrations."""
    if layer.calibration is None:
        return []
    return layer.calibration if isinstance(layer.calibration, list) else [layer.calibration]


def _nameless(layer: Layer) -> Issue:
    place = Location(os.path.join(layer.folder, MANIFEST))
    return Issue("KZ705", "calibration names no file", place, "write calibration: calibration.json, or a list of files")


def read_calibrations(kb: KnowledgeBase) -> tuple[list[tuple[Location, Calibration]], list[Issue]]:
    """Reads what the manifests of a knowledge base name; of one predicate the last calibration counts.

    Returns:
        The calibrations with their files, and what is wrong: a file that cannot be read (KZ101) or is no calibration
        (KZ705).
    """
    found: list[tuple[Location, Calibration]] = []
    issues = [_nameless(layer) for layer in kb.layers if not all(isinstance(file, str) for file in _named(layer))]
    for manifest, path in calibration_files(kb):
        try:
            file = read_file(path, YAML_LIMIT)
            found += [(Location(file.name), item) for item in decoded(file).calibrations]
        except KnowledgeBaseError as error:
            named = ((manifest, "named here"),)
            issues += [msgspec.structs.replace(issue, related=named) for issue in error.issues]
    return found, issues


def decoded(file: TextFile) -> Calibrations:
    """What a file of calibrations holds.

    Raises:
        KnowledgeBaseError: it holds something else (KZ705).
    """
    try:
        held = msgspec.json.decode(file.text, type=Calibrations)
        for curve in (curve for item in held.calibrations for curve in item.curves):
            if not curve.certainties or len(curve.certainties) != len(curve.frequencies):
                raise msgspec.ValidationError("a curve has a frequency for each certainty, and at least one")
            if any(left >= right for left, right in pairwise(curve.certainties)):
                raise msgspec.ValidationError("the certainties of a curve ascend")
            if not all(0.0 <= frequency <= 1.0 for frequency in curve.frequencies):
                raise msgspec.ValidationError("a frequency is 0 to 1")
    except msgspec.MsgspecError as error:
        message = f"{file.name} is not a calibration: {error}"
        raise KnowledgeBaseError(
            Issue("KZ705", message, Location(file.name), "kzexpert calibrate writes one")
        ) from None
    return held
