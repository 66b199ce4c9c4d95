"""``kikipounamu update`` prints the command for this installation, and asks only with --check."""

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from app.cli.installation.update_command import answer, missing_parts_lines
from app.core.child_process import find_program
from app.updates.installation import Installation, InstallKind, installed_version
from app.updates.memory import Memory
from runtime.whole_file import read_kept
from tests.helpers.https_server import https_server
from tests.helpers.signed_index import KEY, PUBLIC, index_of, signed

FOLDER = Installation(InstallKind.FOLDER)
PIPX = Installation(InstallKind.PIPX, "pipx upgrade kikipounamu")


def lines(found: Installation, *, check: bool = False, newer: bool = False) -> list[str]:
    release = index_of("0.2.0").releases[0] if newer else None
    return "\n".join(answer("0.1.0", found, release, check=check)).splitlines()


def test_answer_names_the_way_of_installation_and_its_command() -> None:
    assert lines(PIPX)[0] == "kikipounamu 0.1.0, installed with pipx."
    assert "    pipx upgrade kikipounamu" in lines(PIPX)
    assert lines(Installation(InstallKind.INSTALLER))[-1].endswith(
        "get the new version and install it over this one."
    )
    assert lines(FOLDER)[-1].endswith(
        "get the new file, run `kikipounamu quit`, and unpack it in place of this folder."
    )


def test_answer_reports_the_newer_version() -> None:
    assert "Version 0.2.0 is available. New in 0.2.0" in lines(PIPX, check=True, newer=True)
    assert lines(FOLDER, check=True, newer=True)[-1].startswith(
        "To update, get the new file from https://get.example/, run `kikipounamu quit`"
    )
    assert lines(PIPX, check=True) == ["kikipounamu 0.1.0, installed with pipx: this is the newest version."]


def test_folder_says_where_its_missing_parts_are() -> None:
    (told,) = missing_parts_lines(["whisper", "funasr", "server", "media"], "0.1.0")
    assert told == (
        "Not in it: whisper, media (take the full folder or package); "
        "funasr (get kikipounamu-0.1.0-py3-none-any.whl too, and run "
        "`kikipounamu gpu setup --wheel kikipounamu-0.1.0-py3-none-any.whl` beside it); "
        "server (take the Python package)."
    )
    assert not [*missing_parts_lines([], "0.1.0")]


@pytest.mark.parametrize("kind", list(InstallKind))
def test_answer_exists_for_every_way_of_installation(kind: InstallKind) -> None:
    assert lines(Installation(kind))[0].startswith("kikipounamu 0.1.0, ")


async def run(home: Path, *arguments: str, trusted: str = "") -> "subprocess.CompletedProcess[str]":
    command = [find_program("kikipounamu"), "update", *arguments]
    environment = {"KIKIPOUNAMU_HOME": str(home), "PATH": "/usr/bin:/bin", "SSL_CERT_FILE": trusted}
    return await asyncio.to_thread(
        subprocess.run, command, env=environment, capture_output=True, text=True, timeout=60
    )


async def test_command_asks_the_signed_index_over_tls(tmp_path: Path) -> None:
    home = tmp_path / "home"
    async with https_server(tmp_path) as server:
        (home / "config").mkdir(parents=True)
        settings = f'[updates]\nurl = "{server.url}"\nkey = "{PUBLIC}"\n'
        (home / "config" / "settings.toml").write_text(settings)
        server.content = signed("99.0.0", made_s=2_000_000_000, keys=(KEY,))
        result = await run(home, "--json", trusted=str(server.certificate))
        assert json.loads(result.stdout)["newest"] is None and not server.requests
        result = await run(home, "--check", "--json", trusted=str(server.certificate))
        assert (result.returncode, result.stderr) == (0, "")
        found = json.loads(result.stdout)
        assert found["newest"] == "99.0.0" and found["version"] == installed_version() and found["command"]
        stored = read_kept(home / "data" / "updates.json", Memory, Memory())
        assert stored.made_s == 2_000_000_000 and 0 < stored.answered_s == stored.asked_s
        server.content = server.content.replace(b"99.0.0", b"99.0.1")
        result = await run(home, "--check", trusted=str(server.certificate))
        assert result.returncode == 1 and "not trusted" in result.stderr and not result.stdout


async def test_command_says_that_no_place_is_known(tmp_path: Path) -> None:
    result = await run(tmp_path, "--check")
    assert result.returncode == 1 and "updates.url" in result.stderr


def test_answer_asks_for_the_new_file_where_it_is_needed() -> None:
    found = Installation(InstallKind.DEBIAN, "sudo apt-get install ./new.deb", needs_file=True)
    result = lines(found, check=True, newer=True)
    assert "To update, get the new file from https://get.example/, quit the app, and run beside it:" in result
