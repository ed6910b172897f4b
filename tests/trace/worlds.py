"""Invented knowledge bases for the tests of traces: one with every feature of the language, and random ones."""

import json
from random import Random

__all__ = ["EVERYTHING", "random_world", "with_payload"]

_VOCABULARY = """\
kinds: [state, bloc]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [state: state, bloc: bloc], holds: interval, says: "{state} leads {bloc}"}
  exercise: {args: [state: state, partner: state], holds: event, says: "{state} exercised with {partner}"}
  trade: {args: [state: state, partner: state, worth: number], holds: interval}
  borders: {args: [state: state, other: state]}
  tied: {args: [state: state, other: state], says: "{state} is tied to {other}"}
  weight: {args: [state: state, number: number]}
  aligned: {args: [state: state, power: state], says: "{state} is aligned with {power}"}
  free: {args: [state: state]}
  close: {args: [state: state]}
entities:
  Ruritania: {kind: state, aliases: [RUR, Strelsau]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Graustark: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
sources:
  atlas: {title: An Atlas of Invented States, authors: Hope, publisher: Zenda Press, date: 2011-04-07, reliability: B}
  herald: {title: The Strelsau Herald, date: 2010, url: "https://herald.example/2010"}
"""

#: Every feature of the language: windows, named arguments, aliases, arithmetic, all aggregates, certainties that are
#: read, evidence against, certain evidence on both sides, recursion in circles, a rule that counts each firing.
EVERYTHING = (
    _VOCABULARY
    + """\
rules:
  - id: bloc-led
    title: Membership of a bloc that a state leads
    when:
      - member(?state, ?bloc)
      - leads(?power, ?bloc)
      - ?state != ?power
    then: aligned(?state, ?power)
    certainty: 0.6
    because: "{state} is in {bloc}, which {power} leads"
    source: {id: atlas, at: page 3}
  - id: exercises
    when:
      - exercise(?state, ?power) within 1 year
      - ?n = count(?other for exercise(?state, ?other) within 2 years)
      - ?n >= 2
    then: aligned(?state, ?power)
    certainty: 0.5
    because: "{state} exercises with {power}, one of {n} partners"
    source: herald
  - id: trade-share
    each: true
    when:
      - trade(?state, ?power, ?worth)
      - ?all = sum(?one for trade(?state, ?partner, ?one))
      - ?most = max(?any for trade(?state, _, ?any))
      - ?least = min(?some for trade(state=?state, worth=?some))
      - ?share = ?worth / (?all + 0)
      - ?share > 0.25
      - ?most >= ?least
    then: aligned(?state, ?power)
    certainty: 0.4
    because: "{share} of the trade of {state} is with {power}"
  - id: rival-bloc
    when:
      - member(?state, ?bloc)
      - leads(?power, ?other)
      - ?bloc != ?other
      - not member(?power, ?bloc)
    then: aligned(?state, ?power)
    certainty: -0.3
    because: "{power} leads {other}, and {state} is in {bloc}"
    source: {id: atlas, at: page 4}
  - id: neighbours
    when:
      - borders(?state, ?other)
    then: tied(?state, ?other)
    certainty: 0.9
    because: "{state} and {other} share a border"
  - id: neighbours-of-neighbours
    when:
      - tied(?state, ?middle)
      - tied(?middle, ?other)
    then: tied(?state, ?other)
    because: "through {middle}"
  - id: isolated
    title: A state that is aligned with nobody
    when:
      - weight(?state, ?number)
      - not aligned(?state, _)
      - ?number < 10
    then: free(?state)
  - id: firmly
    when:
      - aligned(?state, ?power) @ ?c
      - ?c >= 0.5
      - tied(?state, _)
      - ?state != RUR
    then: close(?state)
    because: "{state} is aligned with {power} at {c}"
  - id: certainly
    when:
      - weight(?state, ?number)
      - ?number > 50
    then: close(?state)
  - id: certainly-not
    when:
      - weight(?state, ?number)
      - ?number > 80
    then: close(?state)
    certainty: -1
source: atlas
at: page 1
facts:
  member:
    - {state: Ruritania, bloc: Pact, since: 1994}
    - {state: Ruritania, bloc: Pact, since: 1990, until: 2015, certainty: 0.7, source: herald}
    - {state: Syldavia, bloc: League, since: 2000-05, until: 2012-06}
    - {state: Borduria, bloc: Pact}
    - {state: Graustark, bloc: League, certainty: 0.2}
  leads:
    - {state: Borduria, bloc: Pact}
    - {state: Graustark, bloc: League, certainty: 0.9, note: "By weight, <not> by treaty."}
  exercise:
    - {state: Ruritania, partner: Borduria, on: 2010-09}
    - {state: Ruritania, partner: Syldavia, on: 2009-10-03, certainty: 0.8}
    - {state: Ruritania, partner: Borduria, on: 2009}
  trade:
    - {state: Ruritania, partner: Borduria, worth: 30}
    - {state: Ruritania, partner: Syldavia, worth: 12.5}
    - {state: Ruritania, partner: Graustark, worth: 60, certainty: 0.75}
  borders:
    - {state: Ruritania, other: Borduria}
    - {state: Borduria, other: Ruritania}
    - {state: Borduria, other: Syldavia, certainty: 0.8}
    - {state: Syldavia, other: Graustark, certainty: 0.4}
  tied:
    - {state: Ruritania, other: Graustark, certainty: 0.5}
  aligned:
    - {state: Syldavia, power: Graustark, certainty: 0.3}
  weight:
    - {state: Graustark, number: 7}
    - {state: Syldavia, number: 60}
    - {state: Borduria, number: 90}
"""
)

_SOURCE = "title: {0}, authors: {0}, publisher: {0}, url: {0}"
_STATES = ("Ruritania", "Borduria", "Syldavia", "Graustark")
_BLOCS = ("Pact", "League")
_RECORDED = ("member", "member", "leads", "exercise", "trade", "borders", "borders", "tied", "aligned")
_CERTAINTIES = ("0.2", "0.3", "0.5", "0.55", "0.8", "1")
_DATES = ("", "", ", since: 2005", ", since: 2011-02", ", until: 2008", ", since: 1999, until: 2011-04")
_EVENTS = ("2008", "2009-05", "2010-04-07", "2010-04-08", "2011-01-31", "2012")
_CONDITIONS = (
    ("member(?x, ?b)", "leads(?y, ?b)"),
    ("member(?x, ?b)", "member(?y, ?b)", "?x != ?y"),
    ("member(?x, ?b)", "member(?y, _)", "not leads(?y, ?b)"),
    ("borders(?x, ?y)",),
    ("tied(?x, ?y)",),
    ("tied(?x, ?z)", "borders(?z, ?y)"),
    ("exercise(?x, ?y) within 1 year",),
    ("exercise(?x, ?y)", "not exercise(?x, ?y) within 6 months"),
    ("borders(?x, ?y)", "exercise(?x, _)"),
    ("trade(?x, ?y, ?w)", "?s = sum(?v for trade(?x, ?p, ?v))", "?w * 2 >= ?s"),
    ("trade(?x, ?y, ?w)", "?s = count(?p for trade(?x, ?p, _) and borders(?x, ?p))", "?s < ?w"),
    ("trade(?x, _, ?w)", "?w = max(?v for trade(?y, _, ?v))", "borders(?y, ?x)"),
    ("borders(?x, ?y) @ ?c", "?d = ?c + 0.1", "?d > 0.6"),
)
_ON_CONCLUSIONS = (("aligned(?x, ?y) @ ?c", "?c > 0.3"), ("tied(?x, ?y)", "not aligned(?x, _)"))
_RECURSIVE = (("tied(?x, ?z)", "tied(?z, ?y)"), ("borders(?x, ?z)", "tied(?z, ?y)"), ("tied(?y, ?x)",))


def with_payload(payload: str) -> str:
    """The invented world with a payload in all its texts: titles, sentences, sources, notes, the name of a state."""
    quoted = json.dumps(payload, ensure_ascii=False)
    template = quoted[1:-1].replace("{", "").replace("}", "")  # braces name variables
    return (
        EVERYTHING.replace('says: "', f'says: "{template} ')
        .replace('because: "', f'because: "{template} ')
        .replace("Syldavia", json.dumps(f"Syldavia {payload}", ensure_ascii=False))
        .replace("title: Membership of a bloc that a state leads", f"title: {quoted}")
        .replace("at: page 3", f"at: {quoted}")
        .replace("at: page 1", f"at: {quoted}")
        .replace("title: An Atlas of Invented States, authors: Hope, publisher: Zenda Press", _SOURCE.format(quoted))
        .replace('note: "', f'note: "{quoted[1:-1]} ')
    )


def random_world(seed: int) -> str:
    """A knowledge base: up to forty facts with certainties and dates, up to ten rules, some of them recursive."""
    random = Random(seed)
    facts: dict[str, list[str]] = {}
    for _ in range(random.randint(5, 40)):
        predicate, row = _fact(random)
        facts.setdefault(predicate, []).append(row)
    rules = [
        *_rules(random, "tied", _RECURSIVE, negative=False),
        *_rules(random, "tied", _CONDITIONS[:4], negative=False),
        *_rules(random, "aligned", _CONDITIONS, negative=True),
        *_rules(random, "free", _ON_CONCLUSIONS, negative=True),
    ]
    written = "".join(f"  - {rule}\n" for rule in rules)
    rows = "".join(f"  {predicate}: [{', '.join(rows)}]\n" for predicate, rows in facts.items())
    return f"{_VOCABULARY}rules:\n{written}source: atlas\nfacts:\n{rows}"


def _fact(random: Random) -> tuple[str, str]:
    predicate = random.choice(_RECORDED)
    one, other = random.choice(_STATES), random.choice(_STATES)
    certainty = f", certainty: {random.choice(_CERTAINTIES)}"
    if predicate in ("member", "leads"):
        row = f"state: {one}, bloc: {random.choice(_BLOCS)}{random.choice(_DATES)}"
    elif predicate == "exercise":
        row = f"state: {one}, partner: {other}, on: {random.choice(_EVENTS)}"
    elif predicate == "trade":
        row = f"state: {one}, partner: {other}, worth: {random.randint(1, 5)}{random.choice(_DATES)}"
    else:
        row = f"state: {one}, {'power' if predicate == 'aligned' else 'other'}: {other}"
    return predicate, f"{{{row}{certainty}}}"


def _rules(random: Random, head: str, bodies: tuple[tuple[str, ...], ...], negative: bool) -> list[str]:
    found = []
    for _ in range(random.randint(1, 3)):
        number = random.randrange(10**9)
        sign = "-" if negative and random.random() < 0.3 else ""
        certainty = sign + random.choice(_CERTAINTIES)
        when = "".join(f"\n      - {condition}" for condition in random.choice(bodies))
        then = "free(?x)" if head == "free" else f"{head}(?x, ?y)"
        each = "\n    each: true" if random.random() < 0.3 else ""
        found.append(f"id: r{number}\n    when:{when}\n    then: {then}\n    certainty: {certainty}{each}")
    return found
