"""An invented knowledge base with one rule for each of the newer parts of the language, and a question to each."""

__all__ = ["NEWER", "QUESTIONS"]

#: Part of the language → a question whose proof shows it.
QUESTIONS = {
    "either": "partner(Ruritania, ?other)",
    "unless": "obliged(Ruritania)",
    "not": "unrivalled(?power)",
    "list": "named(?state)",
    "text operator": "treaty(?text)",
    "functions": "rounded(?state, ?number)",
    "sum of products": "exposed(Ruritania, ?number)",
    "average": "mean(Ruritania, ?number)",
    "since": "veteran(?state)",
    "until": "leaving(?state)",
    "on": "met_on(Ruritania, ?other, ?day)",
    "two conclusions": "neighbour(Borduria, ?other)",
    "monotone sum": "blocked(B)",
    "monotone minimum": "near(?place)",
}

NEWER = """\
kinds: [state, bloc, firm]
predicates:
  member: {args: [state: state, bloc: bloc], holds: interval, says: "{state} is in {bloc}"}
  leads: {args: [state: state, bloc: bloc], says: "{state} leads {bloc}"}
  exercise: {args: [state: state, other: state], holds: event, says: "{state} exercised with {other}"}
  share: {args: [state: state, good: text, amount: number, price: number]}
  border: {args: [state: state, other: state]}
  owns: {args: [owner: firm, asset: firm, percent: number], says: "{owner} owns {percent} percent of {asset}"}
  listed: {args: [firm: firm], says: "{firm} is listed"}
  road: {args: [start: state, end: state, length: number]}
  partner: {args: [state: state, other: state], says: "{state} is a partner of {other}"}
  obliged: {args: [state: state], says: "{state} is obliged to help"}
  unrivalled: {args: [power: state], says: "every member of a bloc of {power} borders it"}
  named: {args: [state: state]}
  treaty: {args: [text: text]}
  rounded: {args: [state: state, number: number]}
  exposed: {args: [state: state, number: number]}
  mean: {args: [state: state, number: number]}
  veteran: {args: [state: state]}
  leaving: {args: [state: state]}
  met_on: {args: [state: state, other: state, day: date]}
  neighbour: {args: [state: state, other: state]}
  blocked: {args: [firm: firm], says: "{firm} is blocked"}
  near: {args: [place: state]}
entities:
  Ruritania: {kind: state, aliases: [RUR]}
  Borduria: {kind: state}
  Syldavia: {kind: state}
  Graustark: {kind: state}
  Pact: {kind: bloc}
  League: {kind: bloc}
  X: {kind: firm}
  Y: {kind: firm}
  A: {kind: firm}
  B: {kind: firm}
sources:
  atlas: {title: An Atlas of Invented States, date: 2011-04-07, reliability: B}
source: atlas
rules:
  - id: partners
    title: Partners in one way or another
    when:
      - border(?state, ?other)
      - either:
          - exercise(?state, ?other)
          - - member(?state, ?bloc)
            - either: ["leads(?other, ?bloc)", "member(?other, ?bloc)"]
          - not border(?other, ?state)
    then: partner(?state, ?other)
    certainty: 0.8
    because: "{state} and {other} work together"
  - id: obliged-by-bloc
    when: ["member(?state, ?bloc)"]
    unless:
      - leads(?state, ?bloc)
      - - exercise(?state, ?other)
        - member(?other, League)
        - ?other != ?state
    then: obliged(?state)
    because: "{state} is in {bloc}"
  - id: unrivalled-power
    when:
      - leads(?power, ?bloc)
      - not:
          - member(?state, ?bloc)
          - ?state != ?power
          - not: ["border(?power, ?state)"]
    then: unrivalled(?power)
  - id: named-states
    when: ["member(?state, ?bloc)", "?state in (RUR, Graustark)", "?bloc not in (League)"]
    then: named(?state)
  - id: treaties
    when: ["share(_, ?text, _, _)", "?text starts with grain", "upper(?text) contains TREATY", "length(?text) > 5"]
    then: treaty(?text)
  - id: rounded-amounts
    when: ["share(?state, _, ?amount, _)", "?number = round(?amount / 3, 2)", "mod(?amount, 2) = 0"]
    then: rounded(?state, ?number)
  - id: exposure
    when:
      - member(?state, _)
      - ?number = sum(?amount * ?price / 100 for share(?state, _, ?amount, ?price) and ?price > 1)
      - ?n = count(?good for share(?state, ?good, _, _))
      - ?n >= 2
    then: exposed(?state, ?number)
  - id: means
    when: ["member(?state, _)", "?number = avg(?amount for share(?state, _, ?amount, _))"]
    then: mean(?state, ?number)
  - id: veterans
    when: ["member(?state, Pact) since ?day", "years(?day, as_of()) >= 10"]
    then: veteran(?state)
    because: "{state} is a member since {day}"
  - id: leavers
    when: ["member(?state, _) until ?end", "?end <= as_of() + 2 years"]
    then: leaving(?state)
  - id: meetings
    when: ["exercise(?state, ?other) within 3 years on ?day", "?day + 1 month < as_of()"]
    then: met_on(?state, ?other, ?day)
  - id: borders-both-ways
    when: ["border(?state, ?other)"]
    then: ["neighbour(?state, ?other)", "neighbour(?other, ?state)"]
  - id: listed-is-blocked
    when: ["listed(?firm)"]
    then: blocked(?firm)
    because: "{firm} is listed"
  - id: fifty-percent
    title: Half or more of it belongs to blocked firms
    when:
      - owns(_, ?firm, _)
      - ?total = sum(?part for owns(?owner, ?firm, ?part) and blocked(?owner))
      - ?total >= 50
    then: blocked(?firm)
    because: "blocked firms own {total} percent of {firm}"
  - id: near-places
    when:
      - road(_, ?place, _)
      - ?least = min(?length for road(?before, ?place, ?length) and near(?before))
      - ?least < 10
    then: near(?place)
    because: "a road of {least} leads to {place}"
facts:
  member:
    - {state: Ruritania, bloc: Pact, since: 1994}
    - {state: Ruritania, bloc: Pact, since: 1990, until: 2015, certainty: 0.7}
    - {state: Syldavia, bloc: League, since: 2000-05, until: 2012-06}
    - {state: Borduria, bloc: Pact, since: 2005}
  leads: [{state: Borduria, bloc: Pact}, {state: Graustark, bloc: League, certainty: 0.9}]
  exercise:
    - {state: Ruritania, other: Borduria, on: 2010-09}
    - {state: Ruritania, other: Borduria, on: 2009-10-03, certainty: 0.8}
    - {state: Borduria, other: Syldavia, on: 2009}
  share:
    - {state: Ruritania, good: grain, amount: 12, price: 2.5}
    - {state: Ruritania, good: grain treaty, amount: 12, price: 4}
    - {state: Ruritania, good: coal, amount: 7, price: 1}
    - {state: Borduria, good: coal, amount: 10, price: 3, certainty: 0.6}
  border:
    - {state: Ruritania, other: Borduria}
    - {state: Borduria, other: Ruritania}
    - {state: Borduria, other: Syldavia, certainty: 0.8}
    - {state: Ruritania, other: Syldavia}
  listed: [{firm: X}, {firm: Y}]
  owns:
    - {owner: X, asset: A, percent: 25}
    - {owner: Y, asset: A, percent: 35}
    - {owner: B, asset: A, percent: 40}
    - {owner: A, asset: B, percent: 50}
  road:
    - {start: Ruritania, end: Borduria, length: 4}
    - {start: Borduria, end: Syldavia, length: 9}
    - {start: Syldavia, end: Borduria, length: 1}
    - {start: Syldavia, end: Graustark, length: 20}
  near: [{place: Ruritania}]
"""
