import json

from hypothesis import given
from hypothesis import strategies as st

from app.journal.events import Begin, Cancelled, End, Event, Opened, Replaced, encode_line, opened_event
from app.replacements.dry_run import ChangeTally, recognised_texts, start_time
from app.replacements.rules import MOST_EXAMPLES, Replacement
from protocol.errors import ErrorCode
from protocol.recognition import Options
from protocol.session import Failed, Final
from tests.app.history.takes import session
from tests.app.journal.files import take_of


def journal(*texts: str, number: int = 1) -> bytes:
    events: list[Event] = [opened_event(session(number), Options(), 1_700_000_000 + number)]
    for segment, text in enumerate(texts):
        events += [Begin(segment, 0), End(segment, 9), Final(segment, text)]
    return b"".join(map(encode_line, events))


OUTCOMES = st.builds(Final, st.integers(0, 3), st.sampled_from(["a", " b ", ""])) | st.builds(
    Failed, st.integers(0, 3), st.just(ErrorCode.ENGINE_DIED), st.just("no")
)
EVENTS = st.lists(
    OUTCOMES | st.builds(Replaced, st.integers(0, 3), st.just("x")) | st.builds(Cancelled, st.integers(0, 3))
)


@given(EVENTS, st.binary(max_size=9))
def test_recognised_agrees_with_take(events: list[Event], torn: bytes) -> None:
    begins: list[Event] = [Begin(number, 0) for number in range(4)]
    take = take_of([*begins, *events])
    wanted = [spoken.recognised for _, spoken in sorted(take.segments.items()) if not spoken.cancelled]
    lines = b"".join(map(encode_line, [*begins, *events]))
    assert recognised_texts(lines + torn.replace(b"\n", b"")) == [text for text in wanted if text]


def test_unreadable_lines_are_skipped() -> None:
    damaged = b'{"type":"final","segment":"x"}\n{"type":"final"\xff\n'
    assert recognised_texts(damaged + journal("one")) == ["one"]
    assert start_time(journal("one", number=3)) == 1_700_000_003
    assert start_time(b"") == start_time(damaged) == start_time(encode_line(Opened(session(1), "never"))) == 0.0
    assert (
        json.loads(journal("one").splitlines()[-1])["type"] == "final"
    )  # the journal writes the prefix that recognised() searches for


def test_tally_counts_takes_per_rule_and_in_total() -> None:
    rules = [Replacement("mean", "Shaun"), Replacement("um"), Replacement("new york"), Replacement("york", "york")]
    tally = ChangeTally(rules)
    tally.add(session(3), journal("I mean it", "Um, mean", number=3))
    tally.add(session(2), journal("meaning york", number=2))
    tally.add(session(1), journal("the mean"))
    tried = tally.result(serial=7, done=3, total=9)
    assert (tried.serial, tried.done, tried.total, tried.takes) == (7, 3, 9, 2)
    assert [rule.takes for rule in tried.rules] == [2, 1, 0, 0], "what is written as it is heard changes nothing"
    newest, older = tried.rules[0].examples
    assert (newest.session, newest.started_s, older.session) == (session(3), 1_700_000_003, session(1))
    assert (newest.before, newest.after) == ("I mean it", "I Shaun it")
    assert newest.before[slice(*newest.before_mark)] == "mean"
    assert newest.after[slice(*newest.after_mark)] == "Shaun"


def test_tally_limits_examples() -> None:
    tally = ChangeTally([Replacement("mean", "two\nlines")])
    for number in range(MOST_EXAMPLES + 5):
        tally.add(session(number), journal("long " * 50 + "mean" + " after" * 50))
    (rule,) = tally.result(1, 1, 1).rules
    assert rule.takes == MOST_EXAMPLES + 5 and len(rule.examples) == MOST_EXAMPLES
    example = rule.examples[0]
    assert example.before.startswith("…") and example.before.endswith("…") and len(example.before) < 80
    assert example.before[slice(*example.before_mark)] == "mean"
    assert example.after[slice(*example.after_mark)] == "two↵lines"
