"""The English that questions are made of: function words, politeness, and the phrases that tell what is wanted.

Nothing here is about any knowledge base: what a base calls its things stands in its vocabulary and its `synonyms`.
"""

from typing import Literal

__all__ = [
    "AUXILIARIES",
    "BE",
    "COMPARED",
    "CONNECTIVES",
    "DECISIVE",
    "FUNCTION_WORDS",
    "INTENTS",
    "INTERROGATIVES",
    "IRREGULAR",
    "MODALS",
    "NUMERALS",
    "POLITENESS",
    "PREPOSITIONS",
    "PRONOUNS",
    "ROUNDABOUT",
    "SIZES",
    "SPEAKERS",
    "SUPERLATIVES",
    "TODAY",
    "Intent",
    "Phrase",
]

Intent = Literal["what", "why", "why-not", "when", "count", "compare", "what-if", "timeline", "linchpins", "about"]
#: Runs of words that a question holds in this order; the first begins it unless it is empty.
Phrase = tuple[tuple[str, ...], ...]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> tuple[Phrase, ...]:
    """Phrases between bars, each with ... where other words may stand."""
    return tuple(
        tuple(tuple(word for word in run.split() if word not in ("a", "an", "the")) for run in phrase.split("..."))
        for phrase in text.split("|")
    )


BE = _words("am are be been being is was were")
AUXILIARIES = BE | _words("do does did has have had")
#: Words without content of their own.
FUNCTION_WORDS = AUXILIARIES | _words(
    "a an the and as done doing having there that itself themselves some any something someone somebody anyone "
    "anybody anything so far really actually"
)
INTERROGATIVES = _words("who whom whose which what")
#: Preposition → the one that it counts as.
PREPOSITIONS = {
    **{word: word for word in ("with", "on", "of", "in", "for", "by", "from", "against", "between", "through", "over")},
    **{"than": "than", "at": "at", "under": "under", "to": "with", "towards": "with", "toward": "with"},
    **{"alongside": "with", "upon": "on", "inside": "in", "into": "in", "within": "in", "among": "between"},
    **{"amongst": "between", "via": "through"},
}
SPEAKERS = _words("i me we us our you your")
PRONOUNS = _words("it its they them their he him his she her this these those")
#: They ask for the order in which answers come anyway, the strongest first.
SUPERLATIVES = _words(
    "most mostly mainly main chiefly chief primarily primary biggest largest greatest closest strongest"
)
#: Of these the ones that ask for size, which no certainty tells.
SIZES = _words("biggest largest greatest")
TODAY = _words("now nowadays today currently still presently")
#: They change what a sentence says, so that only a template that has them itself may read them.
DECISIVE = _words(
    "how many much more less few fewer when where why not no never neither nor or only all every each both either "
    "first last before after until except without"
)
#: They speak of what is possible, wanted or to come, and no template is read as if they were not there.
MODALS = _words("will would shall should can could may might must ought going")
#: They join a question to what was said before, or call for attention; no knowledge base could know of them.
CONNECTIVES = _words(
    "but also if because since already ago just hey plz though although whether yet even too then again still else "
    "instead rather quite very maybe perhaps ever once ok okay well like while whereas unless about own"
)
NUMERALS = _words("one ones two three four five six seven eight nine ten")
#: What is said in a roundabout way → the preposition that says it.
ROUNDABOUT = {
    "in": (
        *("in matters of", "in terms of", "in regard to", "in the field of", "in the area of", "in the sphere of"),
        *("in the domain of", "with respect to", "with regard to", "when it comes to", "as regards", "regarding"),
    ),
    "by": ("by means of",),
}
#: What may be said for the things that a comparison is about.
COMPARED = _words("alternative candidate choice option partner side")
#: Form of a verb → its plain form, where no ending tells.
IRREGULAR = {
    **{"began": "begin", "begun": "begin", "bought": "buy", "gave": "give", "given": "give", "grew": "grow"},
    **{"grown": "grow", "held": "hold", "kept": "keep", "knew": "know", "known": "know", "led": "lead"},
    **{"left": "leave", "lost": "lose", "made": "make", "met": "meet", "paid": "pay", "said": "say", "seen": "see"},
    **{"sold": "sell", "sought": "seek", "taken": "take", "took": "take", "went": "go", "won": "win"},
}
#: What stands before or after a question and says nothing.
POLITENESS = _phrases(
    "please | kindly | hello | hi | thanks | thank you | could you | can you | would you | can i ask | tell me"
    "| tell us | show me | show us | give me | i would like to know | i want to know | i wonder | do you know"
    "| do you think | list | name | say"
)
#: What a question wants → the phrases that tell. The longest that fits counts.
INTENTS: dict[Intent, tuple[Phrase, ...]] = {
    "about": _phrases(
        "about | describe | overview of | an overview of | profile of | everything about | all about"
        "| information about | information on | what about | what do you know about | what do we know about"
        "| what is known about | what is known of | what can you say about"
    ),
    "why": _phrases(
        "why | how come | explain why | explain | for what reason | for which reason | what is the reason that"
        "| what is the reason why | what are the reasons that | what is the evidence that | what is the evidence for"
        "| what evidence is there that | on what evidence | how do you know that | how do we know that"
        "| ... and why | ... and how come"
    ),
    "when": _phrases(
        "when | since when | from when | since what year | since which year | in what year | in which year | how long"
        "| ... and since when | when ... begin to | when ... begin | when ... start to | when ... start"
        "| since when ... been | when ... become"
    ),
    "count": _phrases("how many | what number of | what is the number of | the number of | count"),
    "compare": _phrases(
        "compare | compare ... with | contrast | comparison of | a comparison of | ... versus | ... vs"
        "| ... compared with | ... compared to"
    ),
    "what-if": _phrases(
        "what if | suppose | suppose that | assume | assume that | assuming that | imagine | imagine that"
        "| what would it mean if"
        "| what would change if | what would happen if | what would follow if | what changes if | what happens if"
        "| what follows if | how would things change if | how would it change if | what would be different if"
    ),
    "timeline": _phrases(
        "... ever | ... over the years | ... over time | ... through the years | ... year by year"
        "| timeline of | history of | the history of | how ... changed | how ... change"
        "| how ... developed | how ... develop | how ... evolved"
        "| how ... evolve | how ... changed over the years | how ... changed over time | how ... change over the years"
        "| how ... change over time | how ... developed over the years | how ... developed over time"
        "| how ... evolved over the years | how ... evolved over time"
    ),
    "linchpins": _phrases(
        "what ... hang on | what ... hangs on | what ... rest on | what ... rests on | what ... hinge on"
        "| what ... hinges on | on what ... hang | on what ... rest | on what ... hinge | on which facts ... hang"
        "| on which facts ... rest | linchpins of | what are the linchpins of | what is decisive for"
        "| which facts are decisive for | what facts are decisive for | which evidence is decisive for"
    ),
    "what": _phrases(
        "is it true that | is it the case that | is it right that | is there evidence that | is there any evidence that"
        "| how likely is it that | how probable is it that | how certain is it that | how sure is it that | whether"
        "| how sure are you that | how certain are you that | how sure are we that | how strong is | how strong are"
        "| how strongly | how much | how far | to what extent | in how far"
    ),
}
