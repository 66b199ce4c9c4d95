import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import ErrorCode, MalformedMessage
from protocol.job import (
    Detached,
    Ended,
    EndState,
    Failure,
    Hypothesis,
    Job,
    JobKind,
    Keys,
    Notice,
    Result,
    decode_job,
    decode_notice,
    decode_status,
    encode_job,
    encode_notice,
    encode_status,
    in_shard,
    is_room_for,
    parse_end,
    shard_of,
    shard_of_key,
)
from protocol.monitor import WorkerState, WorkerStatus
from protocol.recognition import Options, Word

JOB = Job("s", 7, b"\x01\x00\xff\x7f", 2, 1, JobKind.SPECULATE, Options("zh", ("蓝莓",), priority="bulk"))


def as_stored(job: Job) -> dict[bytes, bytes]:
    return {name.encode(): value for name, value in encode_job(job).items()}


@given(st.text(max_size=40), st.integers(0, 2**32 - 1), st.binary(max_size=32), st.sampled_from(JobKind))
def test_job_round_trips(session: str, segment: int, pcm: bytes, kind: JobKind) -> None:
    job = Job(session, segment, pcm, len(pcm) // 2, kind=kind, options=JOB.options)
    assert decode_job(as_stored(job)) == job


def test_job_audio_is_stored_unchanged() -> None:
    assert encode_job(JOB)["pcm"] == JOB.pcm


def test_job_with_unknown_field_is_accepted() -> None:
    assert decode_job(as_stored(JOB) | {b"from_the_future": b"?"}) == JOB


@pytest.mark.parametrize(
    "damage",
    [
        {b"segment": b"x"},
        {b"segment": b"-1"},
        {b"kind": b"sing"},
        {b"options": b"[]"},
        {b"options": b"[" * 5_000},
        {b"session": b"\xff"},
    ],
)
def test_damaged_job_entry_is_malformed(damage: dict[bytes, bytes]) -> None:
    with pytest.raises(MalformedMessage, match="not a job"):
        decode_job(as_stored(JOB) | damage)


def test_job_entry_without_audio_is_malformed() -> None:
    fields = as_stored(JOB)
    del fields[b"pcm"]
    with pytest.raises(MalformedMessage, match="pcm"):
        decode_job(fields)


@pytest.mark.parametrize(
    "notice",
    [
        Result("s", 1, "早上好", 2, "zh", (Word("早上", 0, 300),), "m", "w", 5, 6, "happy", "laughter"),
        Failure("s", 1, ErrorCode.ENGINE_DIED, "three times", 2, retryable=True),
        Hypothesis("s", 2, "go home", attempt=1, samples=16_000),
        Detached("s", "other", 3),
    ],
    ids=lambda notice: type(notice).__name__,
)
def test_notice_round_trips(notice: Notice) -> None:
    assert decode_notice(encode_notice(notice)) == notice


UNREADABLE = (
    b"",
    b"{}",
    b'{"type": "result", "session": "s", "segment": 1, "text": null}',
    b'{"type": "result", "worker": "w", "session": "\xff"}',
    b'{"type": "result", "worker": "w", "x": ' + b"[" * 5_000,
)


@pytest.mark.parametrize("data", UNREADABLE)
def test_unreadable_notice_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="not a notice"):
        decode_notice(data)


def test_worker_status_round_trips() -> None:
    status = WorkerStatus(
        "w", "h", "whisper", "whisper-base", "cpu", WorkerState.BUSY, 2, 1, ("zh", "en"), at_ms=9
    )
    assert decode_status(encode_status(status)) == status


@pytest.mark.parametrize("data", UNREADABLE)
def test_unreadable_worker_status_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedMessage, match="status"):
        decode_status(data)


@pytest.mark.parametrize("state", EndState)
def test_segment_end_round_trips(state: EndState) -> None:
    assert parse_end(str(Ended(state, 3)).encode()) == Ended(state, 3)


@pytest.mark.parametrize("value", [b"", b"final", b"final x", b"lost 0", b"final 0 0"])
def test_unreadable_segment_end_is_malformed(value: bytes) -> None:
    with pytest.raises(MalformedMessage, match="not an end"):
        parse_end(value)


def test_keys_of_a_shard_are_distinct_and_share_its_hash_tag() -> None:
    keys = Keys(3)
    names = [keys.jobs("bulk"), keys.jobs("bulk", "m"), keys.partials(), keys.session("s"), keys.results("g")]
    names += [keys.dead, keys.sweep, keys.backlog]
    assert all(name.startswith("kiki:{3}:") for name in names)
    assert len(set(names)) == len(names)
    assert keys.jobs("interactive") == "kiki:{3}:jobs:interactive:any"
    assert keys.results("g") == keys.results_prefix + "g"


def test_shard_uses_checksum_of_redis_cluster() -> None:
    # CRC-16/XMODEM of "123456789" is 0x31C3 (Redis Cluster specification, appendix A).
    assert shard_of("123456789", 2**16) == 0x31C3
    assert shard_of("anything", 1) == 0


def test_result_length_is_limited_to_half_of_its_audio_within_bounds() -> None:
    for audio, most in ((0, 2048), (4_096, 2048), (40_000, 20_000), (1_920_000, 32_768)):
        assert is_room_for(bytes(most), bytes(audio))
        assert not is_room_for(bytes(most + 1), bytes(audio))


def test_workers_of_the_only_shard_are_where_every_version_looks() -> None:
    assert Keys().workers == "kiki:workers"
    assert Keys(0, alone=False).workers == "kiki:{0}:workers"


def test_key_has_a_name_in_each_shard() -> None:
    stream = Keys(3).jobs("bulk", "m")
    assert shard_of_key(stream) == 3
    assert in_shard(stream, 12) == Keys(12).jobs("bulk", "m")
    assert in_shard(Keys(0).partials(), 0) == Keys(0).partials()
