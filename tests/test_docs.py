"""The documentation is true: sessions print what it shows, links lead somewhere, the list of commands is whole."""

import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

import kzexpert
from kzexpert.language import cases_file, facts_file, rules_file
from kzexpert.language.loader import SECTIONS

CHECKOUT = Path(__file__).parents[1]
_LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
_CODE = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def _refresh() -> ModuleType:
    spec = spec_from_file_location("refresh", CHECKOUT / "docs" / "refresh.py")
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


refresh = _refresh()
ALL_PAGES = [
    *refresh.pages(),
    CHECKOUT / "docs" / "commands.md",
    CHECKOUT / "CONTRIBUTING.md",
    CHECKOUT / "CHANGELOG.md",
]


def _name(page: Path) -> str:
    return page.relative_to(CHECKOUT).as_posix()


@pytest.mark.slow
@pytest.mark.parametrize("page", refresh.pages(), ids=_name)
def test_sessions_print_what_the_page_shows(page: Path) -> None:
    assert refresh.replayed(page) == page.read_text(encoding="utf-8"), "run python docs/refresh.py"


@pytest.mark.slow
def test_pictures_are_what_their_commands_draw() -> None:
    shown = {path: path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs" / "pictures").iterdir()}
    assert shown == refresh.pictures(), "run python docs/refresh.py"


def test_the_page_of_commands_is_what_the_commands_say() -> None:
    shown = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert shown == refresh.commands_page(), "run python docs/refresh.py"


def test_every_command_has_its_section() -> None:
    from kzexpert.cli.group import COMMANDS

    shown = (CHECKOUT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"\n## kzexpert {name}" not in shown] == []


@pytest.mark.parametrize("page", ALL_PAGES, ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = _CODE.sub("", page.read_text(encoding="utf-8"))
    targets = [target for target in _LINK.findall(text) if not target.startswith("http")]
    broken = [target for target in targets if not _leads_somewhere(page, target)]
    assert broken == []


def _leads_somewhere(page: Path, target: str) -> bool:
    name, _, anchor = target.partition("#")
    found = (page.parent / name).resolve() if name else page
    if not found.exists():
        return False
    return not anchor or anchor in _anchors(found.read_text(encoding="utf-8"))


def _anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_the_pictures_are_those_of_the_imports() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert refresh.house.filled(text) == text, "run python docs/refresh.py"


def test_what_the_architecture_names_is_there() -> None:
    text = (CHECKOUT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:kzexpert|tests|docs|rules|facts)/[^`*]*)`", text)
    assert len(named) > 20
    assert [path for path in named if not (CHECKOUT / path).exists()] == []


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    waiting = [CHECKOUT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        text = page.read_text(encoding="utf-8")
        waiting += [(page.parent / target.partition("#")[0]).resolve() for target in _LINK.findall(text)]
    assert [_name(page) for page in ALL_PAGES if page not in reached] == []


# --- the language reference ------------------------------------------------------------------------------------

LANGUAGE = CHECKOUT / "docs" / "language.md"


def test_every_example_of_the_language_is_run() -> None:
    lines = LANGUAGE.read_text(encoding="utf-8").split("\n")
    written = [block for block in refresh.blocks(lines) if block.language in ("yaml", "csv")]
    assert [lines[block.start] for block in written if not block.file] == []


@pytest.mark.parametrize(
    "keys",
    [
        SECTIONS,
        rules_file.RULE_KEYS,
        rules_file.PREDICATE_KEYS,
        rules_file.ROW_KEYS,
        facts_file.SOURCE_KEYS,
        cases_file.CASE_KEYS,
        ("count", "sum", "min", "max", "within", "not", "@", "_"),
    ],
)
def test_the_reference_names_every_word_of_the_language(keys: tuple[str, ...]) -> None:
    text = LANGUAGE.read_text(encoding="utf-8")
    assert [key for key in keys if f"`{key}" not in text] == []


def test_the_version_is_that_of_the_package() -> None:
    text = (CHECKOUT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## {kzexpert.__version__}" in text
    assert f'version = "{kzexpert.__version__}"' in (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8")
