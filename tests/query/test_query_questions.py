"""What people type, and the pattern it is read as, or the error that helps them on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kzexpert.errors import CODES, Issue, UsageError
from kzexpert.model import ArgumentSpec, Entity, KnowledgeBase, Predicate
from kzexpert.questions.question import Kind, read_question


def pattern(kb: KnowledgeBase, text: str) -> str:
    return str(read_question(kb, text).pattern)


def issues(kb: KnowledgeBase, text: str) -> tuple[Issue, ...]:
    with pytest.raises(UsageError) as caught:
        read_question(kb, text)
    return caught.value.issues


def issue(kb: KnowledgeBase, text: str) -> Issue:
    (found,) = issues(kb, text)
    return found


def small(*predicates: Predicate, entities: tuple[Entity, ...] = ()) -> KnowledgeBase:
    return KnowledgeBase(kinds=("state", "bloc"), predicates=predicates, entities=entities)


STATE, BLOC = ArgumentSpec("state", "state"), ArgumentSpec("bloc", "bloc")


# --- plain words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "who is Ruritania aligned with in security",
        "Who is Ruritania aligned with in security?",
        "WHO IS RURITANIA ALIGNED WITH IN SECURITY???",
        "  who   is\tRuritania aligned with\nin security  ",
        "Who is Strelsau aligned with in defence?",
        "Whom is RU aligned with, in security?",
        "Who is the Kingdom of Ruritania aligned with in security?",
        "Who is 'Ruritania' aligned with in \"security\"?",
        "Who’s Ruritania aligned with in security",
        "which power is Ruritania aligned with in security",
        "which state is Ruritania aligned with in security",
        "what powers are Ruritania aligned with in security",
        "who is the Ruritania aligned with in a security",
        "\uff57\uff48\uff4f is Ruritania aligned with in security",
    ],
)
def test_ways_to_ask_one_thing(kb: KnowledgeBase, text: str) -> None:
    assert pattern(kb, text) == "alignment(Ruritania, ?power, security)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("who is Ruritania aligned with", "alignment(Ruritania, ?power, ?sphere)"),
        ("which states are aligned with Borduria", "alignment(?state, Borduria, ?sphere)"),
        ("is Grand Fenwick a member of the Pact", 'member("Grand Fenwick", Pact)'),
        ("is G.F. a member of the Szohod Pact", 'member("Grand Fenwick", Pact)'),
        ("who belongs to the Ring?", "member(?state, Ring)"),
        ("who is the Pact's leader", "leads(?power, Pact)"),
        ("who is the Pact’s leader", "leads(?power, Pact)"),
        ("does Grand Fenwick have 2000 soldiers", 'soldiers("Grand Fenwick", 2000)'),
        ("does Ruritania have -1.5 soldiers?", "soldiers(Ruritania, -1.5)"),
        ("was the Pact founded on 1990-01-31?", "founded(Pact, 1990-01-31)"),
        ('did Ruritania hold "Calm Sea" with Borduria', 'exercise(Ruritania, Borduria, "Calm Sea")'),
        ("did Ruritania hold “Calm Sea” with Borduria", 'exercise(Ruritania, Borduria, "Calm Sea")'),
        ("whom does Ruritania train with", "exercise(Ruritania, ?power, ?name)"),
    ],
)
def test_words_become_patterns(kb: KnowledgeBase, text: str, expected: str) -> None:
    assert pattern(kb, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ruritania is aligned with Borduria in security", "alignment(Ruritania, Borduria, security)"),
        ("the Pact serves security", "purpose(Pact, security)"),
        ("does the Pact serve security?", "purpose(Pact, security)"),
        ("does Ruritania keep to itself", "independent(Ruritania)"),
    ],
)
def test_the_sentence_of_a_predicate_can_be_asked_too(kb: KnowledgeBase, text: str, expected: str) -> None:
    assert pattern(kb, text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("is Ruritania aligned with Borduria in security", "what"),
        ("why is Ruritania aligned with Borduria in security?", "why"),
        ("Why Ruritania is aligned with Borduria in security", "why"),
        ("why is Ruritania not aligned with Borduria in security", "why-not"),
        ("why isn't Ruritania aligned with Borduria in security?", "why-not"),
        ("why isn’t Ruritania aligned with Borduria in security", "why-not"),
        ("why isnt Ruritania aligned with Borduria in security", "why-not"),
        ("why not is Ruritania aligned with Borduria in security", "why-not"),
        ("alignment(Ruritania, Borduria, security)", "what"),
        ("why alignment(Ruritania, Borduria, security)", "why"),
        ("WHY NOT alignment(RU, Szohod, defence)?", "why-not"),
    ],
)
def test_a_leading_why_and_a_not(kb: KnowledgeBase, text: str, kind: Kind) -> None:
    question = read_question(kb, text)
    assert (str(question.pattern), question.kind) == ("alignment(Ruritania, Borduria, security)", kind)


def test_why_with_do(kb: KnowledgeBase) -> None:
    for text, kind in (("why does Ruritania hedge", "why"), ("why doesn't Ruritania hedge?", "why-not")):
        question = read_question(kb, text)
        assert (str(question.pattern), question.kind) == ("hedges(Ruritania)", kind)


def test_not_without_why_is_not_swallowed(kb: KnowledgeBase) -> None:
    assert issue(kb, "which states are not aligned with Borduria").code == "KZ301"


def test_a_not_that_a_template_has_itself_is_no_negation() -> None:
    kb = small(Predicate("apart", (STATE,), asks=("is {state} not in a bloc",)), entities=(Entity("Utopia", "state"),))
    assert read_question(kb, "why is Utopia not in a bloc").kind == "why"


def test_the_longest_name_wins() -> None:
    names = (Entity("Sea", "state"), Entity("Sea Peoples", "state"), Entity("Sea Peoples of the North", "state"))
    kb = small(Predicate("strong", (STATE,), asks=("are {state} strong",)), entities=names)
    assert pattern(kb, "are the Sea Peoples of the North strong") == 'strong("Sea Peoples of the North")'
    assert pattern(kb, "are Sea Peoples strong?") == 'strong("Sea Peoples")'


def test_names_of_one_letter_that_look_like_articles() -> None:
    kb = small(
        Predicate("member", (STATE, BLOC), asks=("is {state} a member of the {bloc}",)),
        entities=(Entity("A", "state"), Entity("B", "state"), Entity("The Bloc", "bloc")),
    )
    assert pattern(kb, "is A a member of the bloc") == 'member(A, "The Bloc")'
    assert pattern(kb, "is B a member of the Bloc?") == 'member(B, "The Bloc")'


def test_a_placeholder_that_stands_twice_takes_one_value() -> None:
    kb = small(
        Predicate("itself", (STATE,), asks=("is {state} as good as {state}",)),
        entities=(Entity("Utopia", "state"), Entity("Erewhon", "state")),
    )
    assert pattern(kb, "is Utopia as good as Utopia") == "itself(Utopia)"
    assert issue(kb, "is Utopia as good as Erewhon").code == "KZ301"


def test_the_kind_of_a_name_decides_between_predicates() -> None:
    kb = small(
        Predicate("strong_state", (STATE,), asks=("is {state} strong",)),
        Predicate("strong_bloc", (BLOC,), asks=("is {bloc} strong",)),
        entities=(Entity("Utopia", "state"), Entity("Axis", "bloc")),
    )
    assert pattern(kb, "is Utopia strong") == "strong_state(Utopia)"
    assert pattern(kb, "is the Axis strong") == "strong_bloc(Axis)"


# --- patterns --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("member(?s, Pact)", "member(?s, Pact)"),
        ("member (?s, Pact)?", "member(?s, Pact)"),
        (" member(state=Strelsau) ", "member(Ruritania, _)"),
        ('exercise(Ruritania, _, "Calm Sea").', 'exercise(Ruritania, _, "Calm Sea")'),
        ("exercise(Ruritania, ?who, _) within 2 years", "exercise(Ruritania, ?who, _) within 2 years"),
    ],
)
def test_patterns(kb: KnowledgeBase, text: str, expected: str) -> None:
    assert pattern(kb, text) == expected


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [
        ("membr(Ruritania, Pact)", "KZ202", 1),
        ("member(Ruritania)", "KZ203", 1),
        ("member(Ruritania, Pakt)", "KZ204", 19),
        ("why member(Ruritania, Pakt)", "KZ204", 23),
        ("member(Pact, Ruritania)", "KZ205", 8),
        ("member(Ruritania, Pact", "KZ201", 23),
        ("member(Ruritania, Pact) within 2 years", "KZ217", 1),
        ("founded(Pact, 2011-02-30)", "KZ112", 15),
    ],
)
def test_mistakes_in_patterns_have_their_column(kb: KnowledgeBase, text: str, code: str, column: int) -> None:
    found = issues(kb, text)[0]
    assert found.location is not None
    assert (found.code, found.location.file, found.location.column) == (code, "question", column)


# --- what is not understood ------------------------------------------------------------------------------------------


def test_an_unknown_question_gets_the_nearest_ones_with_its_names_in_them(kb: KnowledgeBase) -> None:
    found = issue(kb, "who would Ruritania be alligned to in trade")
    assert found.code == "KZ301"
    first, *nearest = found.hint.splitlines()
    assert first == "questions it would understand:"
    assert nearest[0] == "who is Ruritania aligned with in trade"
    assert 1 <= len(nearest) <= 5


def test_open_placeholders_show_their_kind(kb: KnowledgeBase) -> None:
    assert "who belongs to <bloc>" in issue(kb, "who belongs, and where").hint


@pytest.mark.parametrize("text", ["", "   ", "?", "why", "why not", "...", "the", "\udcff", "\0"])
def test_questions_that_say_nothing(kb: KnowledgeBase, text: str) -> None:
    assert issue(kb, text).code == "KZ301"


def test_a_question_of_a_thousand_words_is_refused(kb: KnowledgeBase) -> None:
    assert issue(kb, "who is Ruritania aligned with " * 1000).code == "KZ301"


def test_an_unknown_name_gets_the_nearest(kb: KnowledgeBase) -> None:
    found = issue(kb, "Who is Ruritanistan aligned with in security?")
    assert (found.code, found.message, found.hint) == (
        "KZ204",
        "unknown state Ruritanistan",
        "did you mean Ruritania?",
    )
    assert found.location is not None
    assert found.location.column == 8


def test_all_unknown_names_are_told(kb: KnowledgeBase) -> None:
    found = issues(kb, "is Rurilonka aligned with Borduuura in security")
    assert [item.message for item in found] == ["unknown state Rurilonka", "unknown state Borduuura"]


def test_a_name_of_another_kind(kb: KnowledgeBase) -> None:
    found = issue(kb, "is Ruritania a member of Borduria")
    assert (found.code, found.message) == ("KZ205", "Borduria is a state, and a bloc is needed here")


def test_a_word_for_a_number(kb: KnowledgeBase) -> None:
    found = issue(kb, "does Ruritania have many soldiers")
    assert (found.code, found.hint) == ("KZ205", "write a number in digits")


def test_a_pronoun_stands_for_nothing(kb: KnowledgeBase) -> None:
    found = issue(kb, "is it a member of the Pact")
    assert (found.message, found.hint) == (
        "'it' does not stand for anything here",
        "each question stands alone; name the state",
    )
    assert "instead of 'they'" in issue(kb, "and what do they want").hint


def test_one_question_for_two_predicates_lists_both() -> None:
    kb = small(
        Predicate("member", (STATE, BLOC), asks=("is {state} in {bloc}",)),
        Predicate("guest", (STATE, BLOC), asks=("is {state} in {bloc}",)),
        entities=(Entity("Utopia", "state"), Entity("Axis", "bloc")),
    )
    found = issue(kb, "is Utopia in the Axis?")
    assert found.code == "KZ302"
    assert found.hint.splitlines()[1:] == ["guest(Utopia, Axis)", "member(Utopia, Axis)"]


def test_the_more_specific_template_wins() -> None:
    kb = small(
        Predicate("leads", (STATE, BLOC), asks=("who leads the union {bloc}",)),
        Predicate("chairs", (STATE, BLOC), asks=("who leads {bloc}",)),
        entities=(Entity("Axis", "bloc", ("Union Axis",)),),
    )
    assert pattern(kb, "who leads the Union Axis") == "leads(?state, Axis)"


def test_an_ask_goes_before_a_sentence_that_reads_the_same() -> None:
    kb = small(
        Predicate("member", (STATE, BLOC), says="{state} is in {bloc}"),
        Predicate("guest", (STATE, BLOC), asks=("is {state} in {bloc}",)),
        entities=(Entity("Utopia", "state"), Entity("Axis", "bloc")),
    )
    assert pattern(kb, "is Utopia in Axis") == "guest(Utopia, Axis)"


def test_templates_that_the_checks_refuse_are_passed_over() -> None:
    kb = small(
        Predicate("odd", (STATE,), asks=("is {ghost} odd", "", "{state}")), entities=(Entity("Utopia", "state"),)
    )
    assert pattern(kb, "Utopia") == "odd(Utopia)"


# --- any text --------------------------------------------------------------------------------------------------------

_WORDS = ["who", "is", "why", "not", "Ruritania", "Pact", "the", "aligned", "with", "in", "security", "it", "(", ")"]


@given(
    text=st.one_of(
        st.text(),
        st.text(st.characters()),
        st.lists(st.sampled_from(_WORDS), max_size=12).map(" ".join),
        st.from_regex(r"(why )?member\(.{0,20}\)?"),
    )
)
def test_any_text_is_read_or_refused(kb: KnowledgeBase, text: str) -> None:
    try:
        question = read_question(kb, text)
    except UsageError as error:
        assert error.issues
        assert all(item.code in CODES for item in error.issues)
    else:
        assert question.pattern.predicate in kb.predicate
        assert read_question(kb, str(question.pattern)).pattern == question.pattern


def test_questions_know_the_forms_of_names() -> None:
    names = (
        Entity("Isles", "state", in_text="the Isles", adjective="Islander", possessive="Islefolk's", plural=True),
        Entity("Axis", "bloc"),
    )
    joined = Predicate(
        "joined",
        (STATE, BLOC),
        says="{state.adjective} ships {state:sails|sail} for {bloc}",
        asks=("whose are the {state.possessive} ships", "is {state} in {bloc}"),
    )
    kb = small(joined, entities=names)
    for asked in (
        "are the Isles in Axis",
        "is Islander in Axis",
        "Islander ships sail for Axis",
        "Isles ships sails for Axis",
    ):
        assert pattern(kb, asked) == "joined(Isles, Axis)"
    assert "whose are the Isles's ships" in issue(kb, "whose are the Isles' boats").hint
