"""Writes the published schemas anew, and says which of them changed."""

from pathlib import Path

from kzexpert.schemas import DOCUMENTS, generated

for name in DOCUMENTS:
    path = Path(__file__).with_name(f"{name}.json")
    text = generated(name)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
        print(f"rewritten: {path.name}")
