"""Small invented bases that change: what one says, how it is laid out in files, and what an author may do to it."""

import json
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

__all__ = ["Polity", "change", "polity", "write"]

#: What one says: sections of facts, rules and sources, and the manifest.
Polity = dict[str, Any]

VOCABULARY = """
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  suspended: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is suspended in {bloc}"}
  leads: {args: [power: state, bloc: bloc], holds: interval, says: "{power} leads {bloc}"}
  exercise: {args: [state: state, power: state, name: text], holds: event, says: "{state} held {name} with {power}"}
  share: {args: [state: state, power: state, percent: number], holds: interval, says: "{power}: {percent} of {state}"}
  borders: {args: [state: state, other: state], holds: interval, says: "{state} borders {other}"}
  rival: {args: [power: state, other: state], holds: interval, says: "{power} rivals {other}"}
  near: {args: [state: state, other: state], says: "{state} is near {other}"}
  tied: {args: [state: state, power: state], says: "{state} is tied to {power}"}
  aligned: {args: [state: state, power: state], says: "{state} is aligned with {power}"}
entities:
  Arda: {kind: state, aliases: [AR]}
  Boria: {kind: state, aliases: [BO]}
  Cydia: {kind: state}
  Dorne: {kind: state}
  Pact: {kind: bloc, aliases: [the Pact]}
  Union: {kind: bloc}
"""
STATES, BLOCS = ("Arda", "Boria", "Cydia", "Dorne"), ("Pact", "Union")
ALIASES = {"Arda": "AR", "Boria": "BO", "Pact": "the Pact"}
RULES: dict[str, dict[str, Any]] = {
    "led-bloc": {
        "when": ["member(?s, ?b)", "leads(?p, ?b)", "?s != ?p"],
        "unless": ["suspended(?s, ?b)"],
        "then": "tied(?s, ?p)",
        "certainty": 0.6,
        "family": "blocs",
        "because": "{s} is in {b}, which {p} leads",
    },
    "old-member": {
        "when": ["member(?s, ?b) since ?d", "leads(?p, ?b)", "?s != ?p", "?d < as_of() - 12 years"],
        "then": "tied(?s, ?p)",
        "certainty": 0.4,
        "family": "blocs",
    },
    "exercises": {
        "when": [
            "exercise(?s, ?p, _) within 3 years",
            "?n = count(?x for exercise(?s, ?p, ?x) within 3 years)",
            "?n >= 2",
        ],
        "then": "tied(?s, ?p)",
        "certainty": 0.5,
        "because": "{n} exercises",
    },
    "trade": {"when": ["tied(?s, ?p)", "share(?s, ?p, ?n)", "?n >= 30"], "then": "aligned(?s, ?p)", "certainty": 0.7},
    "ties": {"when": ["tied(?s, ?p)"], "then": "aligned(?s, ?p)", "certainty": 0.5},
    "lone": {
        "when": ["borders(?s, ?p)", "not member(?s, _)"],
        "then": "aligned(?s, ?p)",
        "certainty": 0.3,
    },
    "rivals": {"when": ["rival(?p, ?q)", "tied(?s, ?q)"], "then": "aligned(?s, ?p)", "certainty": -0.4},
    "next": {"when": ["borders(?a, ?b)"], "then": "near(?a, ?b)", "certainty": 0.8},
    "next-but-one": {"when": ["near(?a, ?b)", "near(?b, ?c)"], "then": "near(?a, ?c)", "certainty": 0.9},
    "nearness": {"when": ["near(?s, ?p)", "leads(?p, _)"], "then": "aligned(?s, ?p)", "certainty": 0.35},
}
PREDICATES: dict[str, tuple[str, ...]] = {
    "member": ("state", "bloc"),
    "suspended": ("state", "bloc"),
    "leads": ("power", "bloc"),
    "exercise": ("state", "power", "name"),
    "share": ("state", "power", "percent"),
    "borders": ("state", "other"),
    "rival": ("power", "other"),
}
SOURCES = ("atlas", "gazette", "wire", "diary")


def polity(random: Random) -> Polity:
    """A base with some facts."""
    sources = {name: _source(random) for name in SOURCES}
    rows = [_row(random) for _ in range(random.randint(14, 26))]
    found = {"sources": sources, "rows": rows, "rules": deepcopy(RULES), "manifest": {"name": "polity"}, "curve": None}
    for rule in found["rules"].values():
        rule["source"] = random.choice(SOURCES)
    if random.random() < 0.6:
        found["manifest"]["as-of"] = "2010-06-30"
    if random.random() < 0.5:
        found["manifest"]["grades"] = {"A": 1, "B": 1, "C": 0.9, "D": 0.6}
    if random.random() < 0.5:
        found["curve"] = {"0.3": 0.4, "0.9": 0.8}
    return found


def _source(random: Random) -> dict[str, Any]:
    found: dict[str, Any] = {"title": f"Volume {random.randint(1, 99)}", "reliability": random.choice("AABCD")}
    found["date"] = f"{random.randint(2004, 2010)}-{random.randint(1, 12):02}"
    if random.random() < 0.2:
        found["origin"] = "wire"
    return found


def _row(random: Random, predicate: str = "") -> dict[str, Any]:
    predicate = predicate or random.choice([*PREDICATES, "member", "member", "leads", "leads", "borders", "exercise"])
    one, other = random.sample(STATES, 2)
    values: list[Any] = [one, random.choice(BLOCS) if "bloc" in PREDICATES[predicate] else other]
    if len(PREDICATES[predicate]) == 3:
        values.append(
            random.choice(["Dawn", "Dusk", "Noon"]) if predicate == "exercise" else random.choice([10, 30, 65])
        )
    row: dict[str, Any] = {"predicate": predicate, **dict(zip(PREDICATES[predicate], values, strict=True))}
    if predicate == "exercise":
        row["on"] = f"{random.randint(2005, 2010)}-0{random.randint(1, 9)}-15"
    else:
        row.update({"since": f"{random.randint(1990, 2008)}"} if random.random() < 0.7 else {})
        row.update({"until": f"{random.randint(2008, 2014)}"} if random.random() < 0.2 else {})
    row.update({"certainty": random.choice([0.5, 0.8, 0.9])} if random.random() < 0.3 else {})
    row["source"] = random.choice(SOURCES)
    row.update({"at": f"p. {random.randint(1, 9)}"} if random.random() < 0.4 else {})
    return row


# --- in files ---------------------------------------------------------------------------------------------------------


def write(base: Polity, folder: Path, random: Random) -> None:
    """Write a base in one of the many ways in which it can be laid out."""
    for name in ("rules", "facts"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for path in (folder / name).iterdir():
            path.unlink()
    (folder / "rules" / _name(random)).write_text(VOCABULARY, encoding="utf-8")
    rules = [*base["rules"].items()]
    random.shuffle(rules)
    _files(folder / "rules", random, "rules", [{"id": name, **_shuffled(rule, random)} for name, rule in rules])
    rows = [*base["rows"]]
    random.shuffle(rows)
    for part in _parts(rows, random):
        lines = ["facts:"]
        for predicate in dict.fromkeys(row["predicate"] for row in part):
            lines.append(f"  {predicate}:")
            for row in part:
                if row["predicate"] == predicate:
                    lines += _item({key: _alias(row[key], random) for key in row if key != "predicate"}, random, "    ")
        _put(folder / "facts", lines, random)
    sources = [*base["sources"].items()]
    random.shuffle(sources)
    lines = ["sources:", *(f"  {name}: {json.dumps(source)}" for name, source in sources)]
    _put(folder / "rules", lines, random)
    manifest = dict(base["manifest"])
    if base["curve"]:
        manifest["calibration"] = "calibration.json"
        (folder / "calibration.json").write_text(_calibration(base["curve"], base.get("digest", "")), encoding="utf-8")
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in _shuffled(manifest, random).items())
    (folder / "kzexpert.yaml").write_text(f"{text}\n", encoding="utf-8")


def _calibration(curve: dict[str, float], digest: str) -> str:
    points = {"certainties": [*map(float, curve)], "frequencies": [*curve.values()], "n": 40, "base_rate": 0.5}
    known = {
        "predicate": "aligned",
        "yardstick": "so it was",
        "source": "atlas",
        "argument": "",
        "n": 40,
        "by": "state",
    }
    known |= {"arguments": ["state", "power"], "clusters": 9, "folds": 3, "first": None, "last": None, "held_out": ""}
    known |= {"rules": digest, "outcomes": "", "brier": 0.1, "base_brier": 0.2, "curves": [{"value": "", **points}]}
    return json.dumps({"schema": "kzexpert.calibration/1", "calibrations": [known]})


def _parts(items: list[Any], random: Random) -> list[list[Any]]:
    at = random.randint(0, len(items))
    return [part for part in (items[:at], items[at:]) if part]


def _files(folder: Path, random: Random, key: str, items: list[dict[str, Any]]) -> None:
    for part in _parts(items, random):
        _put(folder, [f"{key}:", *(line for item in part for line in _item(item, random, "  "))], random)


def _item(item: dict[str, Any], random: Random, indent: str) -> list[str]:
    if random.random() < 0.5:
        return [f"{indent}- {json.dumps(item)}"]
    first, *rest = (f"{key}: {json.dumps(value)}" for key, value in item.items())
    return [f"{indent}- {first}  # so it is", *(f"{indent}  {line}" for line in rest)]


def _put(folder: Path, lines: list[str], random: Random) -> None:
    blank = ["# a comment", ""] * random.randint(0, 3)
    (folder / _name(random)).write_text("\n".join([*blank, *lines, ""]), encoding="utf-8")


def _name(random: Random) -> str:
    return f"{random.choice('abcdxyz')}{random.randint(0, 10**9)}.yaml"


def _shuffled(item: dict[str, Any], random: Random) -> dict[str, Any]:
    keys = [*item]
    random.shuffle(keys)
    return {key: item[key] for key in keys}


def _alias(value: Any, random: Random) -> Any:
    return ALIASES.get(value, value) if random.random() < 0.3 else value


# --- what an author does ----------------------------------------------------------------------------------------------


def change(base: Polity, random: Random) -> tuple[Polity, str]:
    """The base after one change, and what was changed: a fact, a rule, a source, the manifest, or the layout alone."""
    changed = deepcopy(base)
    what = random.choices(("fact", "rule", "source", "manifest", "layout"), (10, 6, 5, 4, 2))[0]
    if what == "fact":
        _change_fact(changed["rows"], random)
    elif what == "rule":
        _change_rule(changed["rules"], random)
    elif what == "source":
        _change_source(changed["sources"], random)
    elif what == "manifest":
        _change_manifest(changed, random)
    return changed, what


def _change_fact(rows: list[dict[str, Any]], random: Random) -> None:
    if random.random() < 0.25:
        rows.append(_row(random))
        return
    row = random.choice(rows)
    turn = random.choice(("gone", "date", "certainty", "source", "at", "note", "value", "again", "until"))
    if turn == "gone":
        rows.remove(row)
    elif turn == "again":
        rows.append(dict(row))
    elif turn == "value":
        row.update(
            {key: value for key, value in _row(random, row["predicate"]).items() if key in PREDICATES[row["predicate"]]}
        )
    elif turn == "date":
        key = "on" if row["predicate"] == "exercise" else "since"
        row[key] = f"{random.randint(2004, 2010)}-02-01"
    elif turn == "until" and row["predicate"] != "exercise":
        row["until"] = f"{random.randint(2009, 2015)}"
    elif turn in ("certainty", "source", "at", "note"):
        row[turn] = {"certainty": random.choice([0.4, 0.9, 1]), "source": random.choice(SOURCES), "at": "p. 2"}.get(
            turn, "?"
        )


def _change_rule(rules: dict[str, dict[str, Any]], random: Random) -> None:
    name = random.choice([*rules])
    rule = rules[name]
    turn = random.choice(
        ("gone", "certainty", "order", "title", "condition", "family", "source", "because", "new", "id")
    )
    if turn == "gone":
        del rules[name]
    elif turn == "certainty":
        rule["certainty"] = random.choice([0.2, 0.5, 0.7]) * (1 if rule["certainty"] > 0 else -1)
    elif turn == "order":
        random.shuffle(rule["when"])
    elif turn == "condition":
        variable = "?a" if "?a" in str(rule["when"]) else "?p"
        rule["when"] = [*rule["when"], f"{variable} != {random.choice(STATES)}"]
    elif turn == "new":
        rules["idle"] = {"when": ["rival(?s, ?p)", "share(?s, ?p, 99)"], "then": "tied(?s, ?p)", "source": "atlas"}
    elif turn == "id":
        rules[f"{name}-2"] = rules.pop(name)
    else:
        rule[turn] = {"source": random.choice(SOURCES)}.get(turn, f"another {turn}")


def _change_source(sources: dict[str, dict[str, Any]], random: Random) -> None:
    source = sources[random.choice(SOURCES)]
    turn = random.choice(("reliability", "date", "origin", "background", "title", "new"))
    if turn == "new":
        sources["leaflet"] = {"title": "Unread", "date": "2020-01"}
    else:
        values = {"reliability": random.choice("ABCDE"), "date": f"{random.randint(2003, 2014)}-05", "background": True}
        source[turn] = values.get(turn, random.choice(("wire", "elsewhere")))


def _change_manifest(base: Polity, random: Random) -> None:
    manifest = base["manifest"]
    turn = random.choice(("as-of", "grades", "title", "version", "name", "curve", "curve"))
    if turn == "curve":
        base["curve"] = random.choice((None, {"0.3": 0.4, "0.9": 0.8}, {"0.3": 0.1, "0.9": 0.9}))
    elif turn == "as-of":
        manifest["as-of"] = random.choice(("2010-06-30", "2010-07-01", "2013", "2008"))
    elif turn == "grades":
        manifest["grades"] = random.choice(
            ({"A": 1, "B": 1}, {"A": 1, "C": 0.9, "B": 1, "D": 0.6}, {"C": 0.5, "D": 0.2})
        )
    else:
        manifest[turn] = f"another-{turn}"
