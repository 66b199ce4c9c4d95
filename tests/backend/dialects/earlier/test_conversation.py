"""A connection of the earlier server's protocol: acknowledgements, results, errors and limits."""

import numpy as np
import pytest

from backend.core.refusal import Refusal, RefusalReason
from backend.dialects.earlier.conversation import MOST_RECORDINGS
from backend.gateway import Gateway
from protocol.job import Job, Outcome
from speech.audio_file import read_audio
from tests.app.speech import SPEECH
from tests.backend.dialects.earlier.conftest import Connect
from tests.backend.fake_worker import FakeWorker, fail, recognise_length, working
from tests.helpers.earlier_client import HALF_SECOND, chunks_of
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until

SPOKEN = np.concatenate([*read_audio(SPEECH / "en-03.flac"), np.zeros(16_000, np.int16)]).tobytes()
COUNT = len(list(chunks_of(SPOKEN)))


async def test_every_chunk_is_acknowledged_and_gets_one_result(
    connect: Connect, worker: FakeWorker, gateway: Gateway
) -> None:
    async with connect() as client:
        whole = await client.dictate(SPOKEN)
        acknowledged = [message for message in client.messages if message["type"] == "ack"]
        assert [one["status"] for one in acknowledged] == ["session_started"] + ["received"] * COUNT
        assert [one["chunk_index"] for one in acknowledged] == [0, *range(COUNT)]
        assert list(client.texts()) == list(range(COUNT))
        assert "".join(client.texts().values()) == whole["text"] != ""
        assert (whole["chunk_count"], whole["duration"]) == (COUNT, round(len(SPOKEN) / 32_000, 3))
        assert client.messages[-1] == whole
        client.messages.clear()
        assert await client.dictate(SPOKEN) == whole, "a recording of the same name is another one"
    await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_repeated_chunk_is_acknowledged_and_recognised_once(connect: Connect, worker: FakeWorker) -> None:
    async with connect() as client:
        once = await client.dictate(SPOKEN)
    async with connect() as client:
        await client.send(action="start", session_id="r")
        for index, chunk in enumerate(chunks_of(SPOKEN)):
            await client.chunk("r", index, chunk)
            await client.chunk("r", max(0, index - 2), b"\0\0" * 800)
        await client.send(action="finish", session_id="r")
        twice = await client.until("final_result", "error")
        assert sum(message["type"] == "ack" for message in client.messages) == 1 + 2 * COUNT
        client.texts()
    assert (twice["text"], twice["chunk_count"]) == (once["text"], once["chunk_count"])


async def test_client_that_waits_for_each_result_gets_on(connect: Connect, worker: FakeWorker) -> None:
    async with connect() as client:
        await client.send(action="start", session_id="r")
        await client.chunk("r", 0, bytes(HALF_SECOND))
        assert await client.until("chunk_result") == {"type": "chunk_result", "chunk_index": 0, "session_id": "r"}
        await client.send(action="finish", session_id="r")
        assert (await client.until("final_result", "error"))["chunk_count"] == 1


@pytest.mark.parametrize(
    "data",
    [
        "{",
        "null",
        '{"action": "start"}',
        '{"action": "start", "session_id": null}',
        '{"action": "chunk", "session_id": "r"}',
        '{"action": "chunk", "session_id": "r", "chunk_index": 0, "audio_data": null}',
        '{"action": "finish", "session_id": "nobody"}',
    ],
)
async def test_message_that_cannot_be_used_is_an_error_and_not_the_end(connect: Connect, data: str) -> None:
    async with connect() as client:
        await client.send(action="start", session_id="r")
        await client.send_raw(data)
        error = await client.until("error")
        assert (error["chunk_index"], bool(error["message"])) == (0, True)
        await client.send(action="finish", session_id="r")
        assert (await client.until("final_result", "error"))["type"] == "final_result"


async def test_recording_that_begins_twice_continues(connect: Connect) -> None:
    async with connect() as client:
        await client.send(action="start", session_id="r")
        await client.send(action="start", session_id="r")
        assert "begun already" in (await client.until("error"))["message"]
        await client.send(action="finish", session_id="r")
        assert (await client.until("final_result", "error"))["type"] == "final_result"


async def test_recording_that_has_ended_takes_no_chunk_and_no_second_end(connect: Connect) -> None:
    async with connect() as client:  # without a worker, so that its text is still to come
        await client.send(action="start", session_id="r")
        await client.chunk("r", 0, SPOKEN)
        await client.send(action="finish", session_id="r")
        await client.send(action="finish", session_id="r")
        await client.chunk("r", 1, SPOKEN)
        errors = [await client.until("error", "final_result") for _ in range(2)]
    assert ["send start first" in error["message"] for error in errors] == [True, True]


async def test_several_recordings_are_kept_apart(connect: Connect, worker: FakeWorker) -> None:
    async with connect() as client:
        for name in ("a", "b"):
            await client.send(action="start", session_id=name)
        for index, chunk in enumerate(chunks_of(SPOKEN)):
            for name in ("a", "b"):
                await client.chunk(name, index, chunk)
        for name in ("a", "b"):
            await client.send(action="finish", session_id=name)
        wholes = [await client.until("final_result", "error") for _ in range(2)]
    assert {one["session_id"] for one in wholes} == {"a", "b"}
    assert wholes[0]["text"] == wholes[1]["text"] != ""


async def test_oldest_recording_without_end_is_given_up(connect: Connect, gateway: Gateway) -> None:
    async with connect() as client:
        for number in range(MOST_RECORDINGS + 1):
            await client.send(action="start", session_id=f"r{number}")
        error = await client.until("error")
        assert (error["session_id"], "given up" in error["message"]) == ("r0", True)
        await client.until("ack")
        assert len(gateway.hub.connections) == MOST_RECORDINGS


async def test_failed_part_makes_the_whole_an_error(connect: Connect, broker: Broker) -> None:
    async with working(broker.url, recognise=fail), connect() as client:
        assert (await client.dictate(SPOKEN))["type"] == "error"
        assert "final_result" not in {message["type"] for message in client.messages}


async def test_part_that_fails_early_is_reported_at_once(connect: Connect, broker: Broker) -> None:
    def first_fails(job: Job) -> Outcome:
        return fail(job) if job.segment == 0 else recognise_length(job)

    async with working(broker.url, recognise=first_fails), connect() as client:
        await client.send(action="start", session_id="r")
        await client.chunk("r", 0, SPOKEN)
        await client.chunk("r", 1, SPOKEN)
        assert "could not be recognised" in (await client.until("error"))["message"]
        await client.send(action="finish", session_id="r")
        assert (await client.until("final_result", "error"))["type"] == "error"
        assert list(client.texts()) == [0, 1] and client.texts()[1]


async def test_text_that_comes_too_late_is_an_error_and_never_a_part(connect: Connect, gateway: Gateway) -> None:
    async with connect(answer_s=0.2) as client:  # no worker is there
        error = await client.dictate(SPOKEN)
        assert (error["type"], "within" in error["message"]) == ("error", True)
        await wait_until(lambda: not gateway.hub.connections, "the session is left")


async def test_refused_recording_is_an_error_and_not_the_end(connect: Connect) -> None:
    async with connect(refusal=Refusal(503, RefusalReason.LOAD, "try again later", 1.0)) as client:
        for _ in range(2):
            await client.send(action="start", session_id="r")
            error = await client.receive()
            assert (error["type"], error["session_id"], error["message"]) == ("error", "r", "try again later")


async def test_client_that_leaves_is_forgotten(connect: Connect, gateway: Gateway) -> None:
    async with connect() as client:
        await client.send(action="start", session_id="r")
        await client.chunk("r", 0, SPOKEN)
        await wait_until(lambda: gateway.hub.connections, "the session is open")
    await wait_until(lambda: not gateway.hub.connections, "the session is left")
