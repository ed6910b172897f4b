"""``kzexpert schema``: the JSON Schemas of what the commands print, and of the files of a base."""

from pathlib import Path

import click

from kzexpert.cli.options import Options, command
from kzexpert.cli.output import emit
from kzexpert.cli.session import read_knowledge_base
from kzexpert.errors import counted
from kzexpert.model import KnowledgeBase
from kzexpert.render.json import json_text
from kzexpert.schemas import DOCUMENTS, published
from kzexpert.schemas.files import FILES, file_schema

__all__ = ["schema", "schema_texts"]


@command(
    epilog="""\b
Examples:
  kzexpert schema
  kzexpert schema trace > trace.schema.json
  kzexpert schema rules --kb .
  kzexpert schema --write schemas --kb .""",
)
@click.argument("name", required=False)
@click.option("--kb", multiple=True, metavar="NAME|FOLDER", help="Of files: allow the names of this base only.")
@click.option("--write", metavar="FOLDER", help="Write the schemas of all kinds of files into FOLDER, for editors.")
def schema(name: str | None, kb: tuple[str, ...], write: str | None) -> int:
    """Print the JSON Schema of the document or the kind of file NAME, or all names.

    A file names its schema in its first line: # yaml-language-server: $schema=../schemas/rules.json
    """
    if write is not None and name is None:
        told = _write(write, _base(kb))
    elif write is not None or (kb and name not in FILES):
        raise click.UsageError("--write takes no name, and --kb goes with it or with a kind of file")
    elif name is None:
        rows = {**{known: document.made_by for known, document in DOCUMENTS.items()}, **FILES}
        told = "".join(f"{known:<14} {text}\n" for known, text in rows.items())
    elif name in FILES:
        told = json_text(file_schema(name, _base(kb)))
    else:
        told = published(name)
    emit(Options(), lambda _out: told)
    return 0


def _base(kb: tuple[str, ...]) -> KnowledgeBase | None:
    return read_knowledge_base(Options(kb=kb)) if kb else None


def schema_texts(kb: KnowledgeBase | None = None) -> dict[str, str]:
    """Kind of file → its schema, with the names of a base."""
    return {kind: json_text(file_schema(kind, kb)) for kind in FILES}


def _write(folder: str, kb: KnowledgeBase | None) -> str:
    from kzexpert.atomic import replace_file

    for kind, text in schema_texts(kb).items():
        path = Path(folder, f"{kind}.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(str(path), text)
    return f"Wrote {counted(len(FILES), 'schema')} into {folder}: {', '.join(FILES)}\n"
