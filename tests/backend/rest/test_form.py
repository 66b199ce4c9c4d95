"""Test the form that submits a file, and malformed forms."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import aiohttp

from tests.backend.rest.world import World, form, recording
from tests.helpers.waiting import wait_until

CONTENT = recording()


NO_FORMS = (
    (b"{}", "application/json", (415, "unsupported")),
    (b"", "multipart/form-data", (400, "malformed")),
    (b"--x\r\nhalf", "multipart/form-data; boundary=x", (400, "malformed")),
    (b"no boundary", "multipart/form-data; boundary=x", (400, "malformed")),
    (
        b"--x\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
        (400, "malformed"),
    ),
)
BAD_FIELDS = (
    {"session": "x"},
    {"itn": "perhaps"},
    {"punctuation": "0"},
    {"model": "../x"},
    {"language": "x" * 17},
    {"script": "latin"},
    {"colour": "blue"},
    {"language": "e\x01n"},
    {"hotwords": "x," + "y" * 65},
)


async def test_malformed_form_is_refused(world: World) -> None:
    for data, kind, wanted in NO_FORMS:
        headers = {"Content-Type": kind}
        assert await world.error("POST", "/v1/sessions", data=data, headers=headers) == wanted, data
    assert world.on_disk() == []


async def test_compressed_form_is_refused(world: World) -> None:
    for encoding, data, wanted in (
        ("gzip", gzip.compress(b"--x--"), (415, "unsupported")),
        ("identity", b"--x--", (400, "malformed")),
    ):
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Content-Encoding": encoding}
        assert await world.error("POST", "/v1/sessions", data=data, headers=headers) == wanted
    assert world.on_disk() == []


async def test_invalid_form_field_is_an_error(world: World) -> None:
    for fields in BAD_FIELDS:
        data = form(CONTENT, **fields)
        assert await world.error("POST", "/v1/sessions", data=data) == (400, "malformed"), fields
    assert world.on_disk() == []


async def test_form_needs_one_file_and_each_field_at_most_once(world: World) -> None:
    no_file = aiohttp.FormData({"name": "x"}, default_to_multipart=True)
    assert await world.error("POST", "/v1/sessions", data=no_file) == (400, "malformed")
    two = form(CONTENT)
    two.add_field("file", CONTENT, filename="again")
    assert await world.error("POST", "/v1/sessions", data=two) == (400, "malformed")
    twice = form(CONTENT, name="a.wav")
    twice.add_field("language", "en")
    twice.add_field("language", "de")
    assert await world.error("POST", "/v1/sessions", data=twice) == (400, "malformed")
    long = form(CONTENT)
    long.add_field("name", "x" * 40_000)
    assert await world.error("POST", "/v1/sessions", data=long) == (413, "too_large")


async def test_file_in_another_field_is_reported_with_the_right_one(world: World) -> None:
    other = aiohttp.FormData()
    other.add_field("audio", bytes(40_000), filename="talk.wav")
    status, body = await world.call("POST", "/v1/sessions", data=other)
    said = "the file is sent in the field file, not in audio"
    assert (status, body["error"]["code"], body["error"]["message"]) == (400, "malformed", said)


async def test_interrupted_upload_leaves_no_file(world: World) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n' + bytes(100_000)
        await wait_until(lambda: world.on_disk(), "it comes")
        gone.set()
        await asyncio.Event().wait()

    gone = asyncio.Event()
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    task = asyncio.create_task(world.call("POST", "/v1/sessions", data=half(), headers=headers))
    await gone.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await wait_until(lambda: not world.on_disk(), "nothing is left")
    assert (await world.call("GET", "/v1/sessions"))[1]["sessions"] == []
