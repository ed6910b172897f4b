"""What an evaluation says: coverage first, then how well certainties rank cases, and what they are worth as forecasts.

Only the document stands here: `kzexpert.analysis.measure.assessment` fills it.
"""

from datetime import date

import msgspec

__all__ = [
    "Band",
    "CurvePoint",
    "Estimate",
    "Evaluation",
    "Evaluations",
    "Forecast",
    "Group",
    "Inputs",
    "Lean",
    "Murphy",
    "Reliability",
    "RuleWorth",
]


class Estimate(msgspec.Struct, frozen=True):
    """A number with its interval.

    Attributes:
        low, high: the 2.5th and 97.5th percentile over resamples of whole clusters; null where too few can be drawn.
    """

    value: float
    low: float | None
    high: float | None


class Murphy(msgspec.Struct, frozen=True):
    """The Brier score in parts: reliability - resolution + uncertainty (Murphy, *A new vector partition of the
    probability score*, 1973), over groups of equal forecasts, in which it is exact.
    """

    reliability: float
    resolution: float
    uncertainty: float


class Inputs(msgspec.Struct, frozen=True):
    """SHA-256, in hex, of what was judged and by what.

    Attributes:
        rules: all rules that can bear on the predicate.
        facts: the files of the knowledge base, and its tables.
    """

    rules: str
    facts: str
    outcomes: str


class Group(msgspec.Struct, frozen=True):
    """The cases of one value of the rival argument.

    Attributes:
        concluded: how many have any conclusion.
        established: how many have an established one.
        base_rate: the share of all that were right.
    """

    value: str
    cases: int
    concluded: int
    established: int
    base_rate: float


class Forecast(msgspec.Struct, frozen=True):
    """How good one way to forecast is.

    Attributes:
        name: certainty, the certainty c read as (1 + c) / 2; concluded, the same of the cases with a conclusion alone;
            calibrated, by curves fitted on other clusters; on file, by the calibration of the base; lines, the plain
            count of lines for minus those against, by curves fitted on other clusters; base rate, that of the group,
            taken from other clusters.
        brier_skill: against the base rate of each group.
    """

    name: str
    auc: Estimate | None
    spearman: Estimate | None
    brier: Estimate | None
    brier_skill: Estimate | None
    murphy: Murphy


class Band(msgspec.Struct, frozen=True):
    """The cases for which one word is printed.

    Attributes:
        said: the mean of what is forecast for them.
        right: the share of them that were right.
    """

    word: str
    cases: int
    said: float
    right: Estimate | None


class CurvePoint(msgspec.Struct, frozen=True):
    """A forecast, how often such cases were right by isotonic regression, and how many there are."""

    forecast: float
    right: float
    cases: int


class Reliability(msgspec.Struct, frozen=True):
    """Reliability by isotonic regression (CORP: Dimitriadis, Gneiting and Jordan, PNAS 2021).

    The Brier score is miscalibration - discrimination + uncertainty.
    """

    forecast: str
    miscalibration: float
    discrimination: float
    uncertainty: float
    steps: tuple[CurvePoint, ...]


class Lean(msgspec.Struct, frozen=True):
    """Two rivals: the certainty for the one minus that for the other, against the difference of their scores.

    Attributes:
        cases: with a score for both.
        leaning: how many of them have a difference of certainty.
        auc: of the top quartile of the difference of scores against the bottom one.
        lines_auc: the same by the plain count of lines.
    """

    one: str
    other: str
    cases: int
    leaning: int
    auc: Estimate | None
    spearman: Estimate | None
    lines_auc: Estimate | None


class RuleWorth(msgspec.Struct, frozen=True):
    """What a rule is worth.

    Attributes:
        direct: whether it concludes the predicate itself.
        cases: how many certainties change where it is left out.
        fired: how many cases it bears on directly; null for other rules.
        right: the share of these that were right.
        expected: the share that would be by the base rate of their groups.
        auc, brier_skill: of the certainty, with the rule minus without it; positive where the rule helps.
        against: whether it says the opposite of what turned out: it speaks for cases that were right less often than
            expected, or against cases that were right more often, and the AUC is no lower without it.
    """

    id: str
    certainty: float
    direct: bool
    cases: int
    fired: int | None
    right: float | None
    expected: float | None
    auc: float | None
    brier_skill: float | None
    against: bool


class Evaluation(msgspec.Struct, frozen=True):
    """How the conclusions of one predicate fared.

    Attributes:
        yardstick: when a case is right.
        arguments: those that the outcomes bear.
        by: the argument by which cases are clustered.
        first, last: the days of the earliest and the latest case.
        held_out: which cases alone are judged; empty where all are.
        alone: rows of outcomes that were left out, with nothing to compare them with.
        coverage: the share of cases with any conclusion.
        established: the share of cases with an established one.
        rival: the argument whose values are compared, and by which cases are grouped.
        words: by the words that are printed for the evidence.
        likelihoods: by the words of ICD 203, of the calibration on file, else of calibrated forecasts.
        roc: points of the curve: the share of wrong and of right cases at or above each certainty.
        rules: what each rule is worth.
        silent: rules that never fired.
    """

    predicate: str
    yardstick: str
    source: str
    arguments: tuple[str, ...]
    by: str
    clusters: int
    first: date | None
    last: date | None
    held_out: str
    digests: Inputs
    cases: int
    alone: int
    coverage: float
    established: float
    base_rate: float
    rival: str
    groups: tuple[Group, ...]
    forecasts: tuple[Forecast, ...]
    leans: tuple[Lean, ...]
    words: tuple[Band, ...]
    likelihoods: tuple[Band, ...]
    reliability: tuple[Reliability, ...]
    roc: tuple[tuple[float, float], ...]
    rules: tuple[RuleWorth, ...]
    silent: tuple[str, ...]
    notes: tuple[str, ...]

    def forecast(self, name: str) -> Forecast | None:
        """A way to forecast by its name."""
        return next((item for item in self.forecasts if item.name == name), None)


class Evaluations(msgspec.Struct, frozen=True, tag_field="schema", tag="kzexpert.evaluation/1"):
    """How the conclusions of a knowledge base fared against what turned out."""

    evaluations: tuple[Evaluation, ...]
