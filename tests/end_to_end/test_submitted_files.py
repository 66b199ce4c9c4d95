"""Submit files over HTTP to real programs: each sample is recognised once, even after kills."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp

from backend.rest.media_frames import Frame, MediaSegment
from backend.rest.media_process import read_file
from loadtest.core.checksum import checksum
from protocol.endpoint import Endpoint
from speech.vad import open_vad
from tests.backend.rest.world import form, recording
from tests.helpers.chain import Chain, running_chain
from tests.helpers.waiting import wait_until

STRINGS = 8


async def asked(endpoint: Endpoint, method: str, path: str, file: bytes | None = None, **fields: str) -> Any:
    """Send a request, repeated while the gateway is busy, and return the response."""
    headers = {"Authorization": f"Bearer {endpoint.key}"}

    async def answer() -> Any:
        data = None if file is None else form(file, **fields)
        url = endpoint.url + path
        async with aiohttp.ClientSession(headers=headers) as http, http.request(method, url, data=data) as said:
            assert said.status in (200, 202, 503), await said.text()
            return await said.json() if said.status != 503 else None

    return await wait_until(answer, f"{method} {path}")


async def until(endpoint: Endpoint, session: str, what: str, ended: int = 0) -> Any:
    """Wait until the session has this state and this many results, and return it."""

    async def there() -> Any:
        now = await asked(endpoint, "GET", f"/v1/sessions/{session}")
        return now if now["state"] == what and now["progress"]["final"] >= ended else None

    return await wait_until(there, f"the session is {what}")


def digests(path: Path) -> list[str]:
    """Return the engine's text for each segment of the file."""
    frames: list[Frame] = []
    read_file(path, open_vad(None), frames.append)
    return [checksum(frame.pcm) for frame in frames if isinstance(frame, MediaSegment)]


def started(chain: Chain) -> Endpoint:
    return chain.gateway("--history", "on")[1]


async def test_killed_gateway_resumes_the_file(tmp_path: Path) -> None:
    (tmp_path / "digits.wav").write_bytes(recording(STRINGS))
    texts = digests(tmp_path / "digits.wav")
    with running_chain(tmp_path) as chain:
        endpoint = started(chain)
        chain.worker("--engine", "checksum", "--set", "rtf=0.1")
        session = str(uuid4())
        await asked(endpoint, "POST", "/v1/sessions", recording(STRINGS), session=session)
        before = await until(endpoint, session, "working", ended=2)
        chain.programs[0].kill()
        endpoint = started(chain)
        done = await until(endpoint, session, "done")
        result = await asked(endpoint, "GET", f"/v1/sessions/{session}/result")
        assert [segment["text"] for segment in result["segments"]] == texts
        assert done["progress"]["final"] == len(texts) > before["progress"]["final"]
        (hit,) = (await asked(endpoint, "GET", f"/v1/search?q={texts[1]}"))["hits"]
        assert (hit["session"]["id"], hit["segment"]) == (session, 1)
        (used,) = (await asked(endpoint, "GET", "/v1/usage"))["days"]
        assert (used["sessions"], used["segments"]) == (1, len(texts))
        assert used["audio_s"] == done["progress"]["audio_s"]
        folder = tmp_path / "home" / "data" / "submitted"
        await wait_until(lambda: not [*folder.iterdir()], "the file is let go")
