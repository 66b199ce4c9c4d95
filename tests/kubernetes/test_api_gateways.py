"""Test the API gateways in front, real nginx and real Envoy, with a real gateway and worker behind."""

import asyncio
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from protocol.session import STREAM_PATH, SUBPROTOCOL, Hello, encode
from tests.helpers.chain import Chain, running_chain
from tests.helpers.connections import tls_client
from tests.helpers.recordings import SYNTHETIC
from tests.helpers.waiting import wait_until, wait_until_sync
from tests.kubernetes.api_gateways import OTHER, PERSON, Front, in_front
from tests.loadtest.program import run

Scene = tuple[Chain, Front]


@pytest.fixture(scope="module", params=["nginx", "envoy"])
def scene(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Run a gateway with a worker and a history, which trusts the API gateway in front of it."""
    options = ("--trusted-proxy", "127.0.0.1", "--history", "on")
    root = tmp_path_factory.mktemp("scene")
    with running_chain(root) as chain, in_front(request.param, chain, *options) as front:
        chain.worker("--engine", "checksum")
        yield chain, front


@asynccontextmanager
async def http(front: Front) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a client of an API gateway."""
    trust = ssl.create_default_context(cafile=str(front.certificate.certificate))
    trust.check_hostname = False
    async with tls_client(front.url, trust) as client:
        yield client


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def audit(chain: Chain, event: str) -> list[dict[str, Any]]:
    """Return the lines of the gateway's log with this event."""
    file = chain.root / "home" / "logs" / "gateway.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    return [line for line in lines if line["event"] == event]


def test_sessions_of_a_tenant_are_whole_through_it(scene: Scene, tmp_path: Path) -> None:
    chain, front = scene
    before = len(audit(chain, "audit.stream_opened"))
    command = ("sessions", "--count", "3", "--seconds", "4", "--key", PERSON, "--gateway", front.url)
    done = run(tmp_path, *command, "--certificate-sha256", front.certificate.sha256)
    assert done.returncode == 0, done.stdout + done.stderr
    opened = wait_until_sync(
        lambda: len(found := audit(chain, "audit.stream_opened")[before:]) == 3 and found, "the audit"
    )
    assert {(one["tenant"], one["kind"]) for one in opened} == {("acme", "client")}


async def test_file_is_recognised_and_seen_by_its_tenant_alone(scene: Scene) -> None:
    _, front = scene
    async with http(front) as client:
        session = str(uuid4())
        await wait_until(lambda: submitted(client, session), "the file is taken")
        await wait_until(lambda: state(front, session, "done"), "the file is recognised")
        for key, status in ((PERSON, 200), (OTHER, 404)):
            async with client.get(f"/v1/sessions/{session}", params={"api_key": key}) as answer:
                assert answer.status == status
    for log in front.folder.glob("*"):
        written = log.name in {"access.log", "output"}
        assert not written or PERSON not in log.read_text()


async def submitted(client: aiohttp.ClientSession, session: str) -> bool:
    """Submit a file; return ``False`` if the gateway asks to try again, as one on a busy machine may."""
    form = aiohttp.FormData({"session": session})
    form.add_field("file", (SYNTHETIC / "en-01.flac").read_bytes(), filename="en-01.flac")
    async with client.post("/v1/sessions", data=form, headers=bearer(PERSON)) as answer:
        assert answer.status in (202, 429, 503), await answer.text()
        return answer.status == 202


async def state(front: Front, session: str, wanted: str) -> bool:
    """Return whether the session is in a state, as its gateway tells the owner."""
    owner = aiohttp.ClientSession(front.behind.url, headers=bearer(front.behind.key))
    async with owner, owner.get(f"/v1/sessions/{session}") as answer:
        return bool((await answer.json())["state"] == wanted)


async def test_requests_without_a_key_or_elsewhere_are_refused(scene: Scene) -> None:
    async with http(scene[1]) as client:
        for headers in ({}, bearer("the-key-of-nobody"), bearer(PERSON.upper())):
            async with client.get(STREAM_PATH, headers=headers) as answer:
                assert answer.status == 401
        for path in ("/v1/devices", "/metrics", "/v1/broker", "/dashboard", "/v1/pair", "/v1/monitor", "/"):
            async with client.get(path, headers=bearer(PERSON)) as answer:
                assert (path, answer.status) == (path, 404)
        async with client.get("/v1/models", headers=bearer(PERSON)) as answer:
            assert answer.status == 200


async def tenant_of_a_liar(chain: Chain, front: Front) -> str:
    """Return the tenant that the gateway notes for a client that names another one."""
    before = len(audit(chain, "audit.stream_opened"))
    headers = bearer(PERSON) | {"X-Tenant-Id": "somebody-else"}
    async with (
        http(front) as client,
        client.ws_connect(STREAM_PATH, headers=headers, protocols=(SUBPROTOCOL,)) as socket,
    ):
        await socket.send_str(encode(Hello(uuid4(), "test")))
        assert json.loads(await socket.receive_str())["type"] == "welcome"
    (opened,) = await wait_until(lambda: audit(chain, "audit.stream_opened")[before:], "the audit")
    return str(opened["tenant"])


async def test_tenant_is_the_word_of_a_trusted_proxy(scene: Scene) -> None:
    assert await tenant_of_a_liar(*scene) == "acme"


@pytest.mark.parametrize("kind", ["nginx", pytest.param("envoy", marks=pytest.mark.proof(minutes=1))])
async def test_other_proxy_is_not_trusted_and_passes_readiness_on(kind: str, tmp_path: Path) -> None:
    with running_chain(tmp_path) as chain, in_front(kind, chain, "--trusted-proxy", "127.0.0.9") as front:
        assert await tenant_of_a_liar(chain, front) == ""
        async with http(front) as client, client.get("/readyz") as answer:
            assert answer.status == 503 and "no_worker" in await answer.text()


async def test_tenant_above_its_rate_waits_while_others_are_served(scene: Scene) -> None:
    async with http(scene[1]) as client:

        async def ask(key: str) -> tuple[int, bool]:
            async with client.get("/v1/models", headers=bearer(key)) as answer:
                await answer.read()  # otherwise each request needs a separate connection
                return answer.status, "Retry-After" in answer.headers

        answers = Counter(await asyncio.gather(*(ask(PERSON) for _ in range(200))))
        assert set(answers) == {(200, False), (429, True)} and answers[200, False] >= 20
        assert await ask(OTHER) == (200, False)
