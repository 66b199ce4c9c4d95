"""Order in which files and their segments are sent to the broker."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from backend.rest.flow import Capacity, Flow, FlowLimits, ReadySegment, WaitingFile, gives_way, next_file
from protocol.audio import SAMPLE_RATE

ROOM = Capacity()


def file(name: str, owner: str = "o", number: int = 0) -> WaitingFile:
    return WaitingFile(name, owner, number)


def test_oldest_file_of_key_with_fewest_running_is_next() -> None:
    mine = [file(f"a{n}", "a", n) for n in range(3)]
    b, c = file("b", "b", 7), file("c", "c", 5)
    assert next_file([*reversed(mine), b, c], [], []) == mine[0]
    assert next_file([mine[1], b, c], [], ["c", "a"]) == b
    assert next_file([mine[1], c], [], ["c", "a"]) == c
    assert next_file([mine[2], b], [b], ["a"]) == mine[2]
    assert next_file([], [b], []) is None


def test_key_has_several_places_only_while_no_other_key_waits() -> None:
    mine = [file(f"a{n}", "a", n) for n in range(4)]
    b, c = file("b", "b", 7), file("c", "c", 5)
    assert gives_way([b], [mine[2], mine[1]], 2) == mine[2]
    assert gives_way([mine[0]], [mine[2], mine[1]], 2) is None
    assert gives_way([b], [mine[2], mine[1]], 3) is None
    assert gives_way([c], [mine[0], b], 2) is None
    assert gives_way([c], [mine[0], mine[1], b], 3) == mine[1]
    assert gives_way([], [mine[0], mine[1]], 2) is gives_way([b], [], 0) is None


def test_files_for_absent_model_do_not_block_others() -> None:
    flow = Flow(FlowLimits(audio_s=60.0))
    away, here = WaitingFile("away", "o", 0, "night"), file("here", "p", 1)
    flow.ask(away, 0, 60 * SAMPLE_RATE)
    assert [ask.file for ask in flow.grant(ROOM)] == ["away"]
    flow.ask(away, 1, 60 * SAMPLE_RATE)
    flow.ask(here, 0, 60 * SAMPLE_RATE)
    assert [ask.file for ask in flow.grant(ROOM)] == ["here"]
    flow.left("away")
    flow.left("here")
    assert not list(flow.grant(ROOM))


def test_broker_holds_audio_up_to_the_limit() -> None:
    flow = Flow(FlowLimits(audio_s=60.0))
    for n in range(2):
        flow.ask(file("f"), n, 30 * SAMPLE_RATE)
        assert [*flow.grant(ROOM)] == [ReadySegment("f", n)]
    flow.ask(file("f"), 2, 1)
    assert [*flow.grant(ROOM)] == []
    assert flow.flying("f") == [0, 1]
    assert flow.ended("f", 0) and not flow.ended("f", 0)
    assert [*flow.grant(ROOM)] == [ReadySegment("f", 2)]


def test_fast_workers_get_more_audio_ahead() -> None:
    flow = Flow(FlowLimits(audio_s=60.0))
    for n in range(4):
        flow.ask(file("f"), n, 30 * SAMPLE_RATE)
        assert [*flow.grant(Capacity(speed=60.0))] == [ReadySegment("f", n)]
    flow.ask(file("f"), 4, 1)
    assert [*flow.grant(Capacity(speed=60.0))] == []


def test_segment_longer_than_limit_is_sent_alone() -> None:
    flow = Flow(FlowLimits(audio_s=1.0))
    flow.ask(file("f"), 0, 30 * SAMPLE_RATE)
    assert [*flow.grant(ROOM)] == [ReadySegment("f", 0)]


def test_full_or_absent_broker_gets_no_segment() -> None:
    flow = Flow(FlowLimits(memory=0.5))
    flow.ask(file("f"), 0, 1)
    assert [*flow.grant(Capacity(memory=0.51))] == [*flow.grant(Capacity(up=False))] == []
    assert [*flow.grant(Capacity(memory=0.5))] == [ReadySegment("f", 0)]


def test_file_that_ends_frees_its_share() -> None:
    flow = Flow(FlowLimits(audio_s=1.0))
    flow.ask(file("f"), 0, SAMPLE_RATE)
    assert len([*flow.grant(ROOM)]) == 1
    flow.ask(file("f"), 1, SAMPLE_RATE)
    flow.ask(file("g"), 0, SAMPLE_RATE)
    assert [*flow.grant(ROOM)] == []
    flow.left("f")
    assert [*flow.grant(ROOM)] == [ReadySegment("g", 0)]
    assert flow.flying("f") == []


@given(
    st.lists(st.sampled_from("abc"), min_size=1, max_size=6),
    st.lists(st.integers(0, 5), max_size=60),
    st.integers(30, 120),
)
def test_flow_uses_all_room_and_serves_keys_fairly(owners: list[str], ends: list[int], audio_s: int) -> None:
    """Every file always has a next segment of 10 s; segments end one at a time."""
    flow = Flow(FlowLimits(audio_s=audio_s))
    files = [file(str(n), owner, n) for n, owner in enumerate(owners)]
    asked: Counter[str] = Counter()

    def pump() -> list[str]:
        served: list[str] = []
        for one in files:
            flow.ask(one, asked[one.id], 10 * SAMPLE_RATE)
        while granted := [*flow.grant(ROOM)]:
            for ask in granted:
                assert ask.segment == asked[ask.file]
                asked[ask.file] += 1
                served.append(ask.file)
                flow.ask(files[int(ask.file)], asked[ask.file], 10 * SAMPLE_RATE)
        return served

    def flying(owner: str) -> int:
        return sum(len(flow.flying(one.id)) for one in files if one.owner == owner)

    pump()
    for end in ends:
        one = files[end % len(files)]
        if here := flow.flying(one.id):
            assert flow.ended(one.id, here[0])
            least = min(flying(owner) for owner in set(owners))
            (served,) = pump()
            assert flying(files[int(served)].owner) == least + 1
        assert sum(flying(owner) for owner in set(owners)) == audio_s // 10
