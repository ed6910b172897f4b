"""A YAML file as an editor has it that checks it by a JSON Schema: YAML 1.2, in which a date is a text."""

from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

__all__ = ["as_editors_read"]


def as_editors_read(path: Path) -> Any:
    """What a file holds."""
    yaml = YAML(typ="safe", pure=True)
    yaml.constructor.add_constructor("tag:yaml.org,2002:timestamp", lambda _, node: node.value)
    return yaml.load(path.read_text(encoding="utf-8"))
