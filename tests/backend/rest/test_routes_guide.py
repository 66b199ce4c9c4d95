"""Run every curl command of ``docs/rest.md`` in order, and check its status."""

import shlex
from io import BytesIO
from pathlib import Path
from string import Template
from uuid import uuid4

import aiohttp

from tests.backend.rest.world import OWNER_KEY, World, recording

GUIDE = Path(__file__).resolve().parents[3] / "docs" / "rest.md"
CONFLICTS = ("/retry", "/cancel")
"""Expected to conflict: the file is already done."""


def commands() -> list[str]:
    lines = GUIDE.read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.startswith("    curl ")]


class Curl:
    """A parsed curl command, as far as the page uses its options."""

    def __init__(self, words: list[str]) -> None:
        self.method = "GET"
        self.headers: dict[str, str] = {}
        self.query: dict[str, str] = {}
        self.form: dict[str, str] = {}
        rest = iter(words)
        for word in rest:
            match word:
                case "-X":
                    self.method = next(rest)
                case "-H":
                    name, _, value = next(rest).partition(": ")
                    self.headers[name] = value
                case "-F":
                    name, _, self.form[name] = [*next(rest).partition("=")]
                    self.method = "POST"
                case "--data-urlencode":
                    name, _, self.query[name] = [*next(rest).partition("=")]
                case "-G" | "-N":
                    pass
                case _:
                    self.url = word

    def data(self) -> aiohttp.FormData | None:
        """Return the form of the command, if any."""
        if not self.form:
            return None
        data = aiohttp.FormData()
        for name, value in self.form.items():
            if value.startswith("@"):
                data.add_field(name, BytesIO(recording()), filename=value[1:])
            else:
                data.add_field(name, value)
        return data


async def test_every_curl_command_of_the_guide_succeeds(world: World) -> None:
    id = str(uuid4())
    values = {"KEY": OWNER_KEY, "ID": id, "GATEWAY": world.url}
    done: list[str] = []
    async with world.working():
        for command in commands():
            curl = Curl(shlex.split(Template(command).substitute(values))[1:])
            async with world.http.request(
                curl.method, curl.url, headers=curl.headers, params=curl.query, data=curl.data()
            ) as response:
                expected = (409,) if curl.url.endswith(CONFLICTS) else (200, 202, 204)
                assert response.status in expected, (command, await response.text())
                done.append(curl.url.removeprefix(world.url).replace(id, "ID"))
            if curl.form:
                await world.ended(id, "done")
    assert len(done) == 14 and done[0] == "/v1/sessions" and done[-1] == "/v1/sessions/ID"
    assert (await world.call("GET", f"/v1/sessions/{id}"))[0] == 404
