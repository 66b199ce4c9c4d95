"""Tests of the program as users run it, in processes of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.core import TyperGroup, TyperOption
from typer.main import get_command
from typer.testing import CliRunner, Result

from app.cli import takes_command
from app.cli.main import INSTEAD, app
from app.gateways.store import GatewayStore, PairedGateway
from app.settings import checks
from backend.cli.main import app as gateway_app
from tests.app.local_services.test_stack import processes_of
from tests.app.speech import SPEECH, window_digests
from tests.helpers.chain import running_chain
from tests.helpers.ports import free_port
from tests.helpers.valkey import Broker
from tests.helpers.waiting import wait_until_sync

PROGRAM = str(Path(sys.executable).parent / "kikipounamu")
TALK = SPEECH / "en-01.flac"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "home"
    wait_until_sync(lambda: not processes_of(tmp_path / "home"), "nothing is left behind")


@pytest.fixture
def environment(home: Path, models: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KIKIPOUNAMU_")}
    return kept | {"KIKIPOUNAMU_HOME": str(home), "KIKIPOUNAMU_MODELS": str(models)}


def run(environment: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [PROGRAM, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=100, check=False)


def invoke(environment: dict[str, str], *arguments: str) -> Result:
    """Run the command line in this process, where a process of its own would prove no more."""
    return CliRunner().invoke(app, arguments, env=environment)


def test_damaged_mp3_is_reported_in_our_words_only(environment: dict[str, str], tmp_path: Path) -> None:
    """Without its own stderr, the program would show those of libmpg123, which names places in its sources."""
    file = tmp_path / "a.mp3"
    soundfile.write(file, np.sin(np.arange(32_000) / 6), 16_000, format="MP3")
    file.write_bytes(file.read_bytes()[:300] + bytes(4_000))
    done = run(environment, "transcribe", str(file))
    assert done.returncode == 1
    assert [line.startswith(f"{file} is damaged") for line in done.stderr.splitlines()] == [True]


def test_help_lists_every_command(environment: dict[str, str]) -> None:
    shown = run(environment, "--help")
    assert shown.returncode == 0
    for command in ("transcribe", "listen", "up", "demo", "models", "takes", "microphones", "report", "show"):
        assert command in shown.stdout
    of_app = invoke(environment, "app", "--help").stdout
    assert "--hidden" in of_app and "--worker-argument" not in of_app, "that command is for tests"


def test_transcribe_starts_and_stops_its_own_stack(environment: dict[str, str], models: Path) -> None:
    done = run(environment, "transcribe", str(TALK), "--engine", "checksum")
    assert done.returncode == 0, done.stderr
    assert done.stdout == " ".join(window_digests(TALK, models)) + "\n"
    assert "Traceback" not in done.stderr


def test_error_for_missing_models_names_install_command(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(environment | {"KIKIPOUNAMU_MODELS": str(tmp_path / "none")}, "transcribe", str(TALK))
    assert done.returncode == 1
    assert "kikipounamu models get fsmn-vad whisper-base" in done.stderr
    assert done.stdout == ""


def test_commands_with_gateway_option_accept_key_and_certificate() -> None:
    """Every command that recognises uses the same option and environment names."""
    root, takes = get_command(app), get_command(takes_command.app)
    assert isinstance(root, TyperGroup) and isinstance(takes, TyperGroup)
    found = {
        name: {option.envvar for option in command.params if isinstance(option, TyperOption) and option.envvar}
        for name, command in (*root.commands.items(), *takes.commands.items())
    }
    reached = {"KIKIPOUNAMU_GATEWAY", "KIKIPOUNAMU_KEY", "KIKIPOUNAMU_CERTIFICATE_SHA256"}
    assert {name for name, variables in found.items() if variables} == {
        "transcribe",
        "listen",
        "demo",
        "resend",
        "mcp",
    }
    assert all(variables in (set(), reached) for variables in found.values())


def test_shared_gateway_is_reached_by_certificate_or_by_name(
    environment: dict[str, str], home: Path, models: Path, tmp_path: Path, broker: Broker
) -> None:
    there = tmp_path / "there"
    with running_chain(tmp_path, broker.url) as chain:
        listen = ("--mode", "shared", "--host", "127.0.0.1", "--port", str(free_port()), "--no-announce")
        chain.gateway(*listen, home=there.name)
        chain.worker(home=there.name)
        url = f"https://127.0.0.1:{listen[5]}"
        result = CliRunner().invoke(gateway_app, ["devices", "add", "Anna"], env={"KIKIPOUNAMU_HOME": str(there)})
        key, certificate = result.stdout.strip(), result.stderr.splitlines()[1]
        digest = certificate.removeprefix("certificate: ")
        transcribe = ("transcribe", str(TALK), "--gateway")
        shown = environment | {"KIKIPOUNAMU_KEY": key}
        unnamed = invoke(shown, *transcribe, url)
        named = invoke(shown | {"KIKIPOUNAMU_CERTIFICATE_SHA256": digest}, *transcribe, url)
        GatewayStore(home / "data" / "gateways.json").write(
            (PairedGateway((url,), digest, "Anna", key, "The tower"),)
        )
        paired = invoke(environment, *transcribe, "The tower")
    assert (unnamed.exit_code, unnamed.stdout) == (1, "") and "--certificate-sha256" in unnamed.stderr
    text = " ".join(window_digests(TALK, models)) + "\n"
    assert (named.exit_code, named.stdout) == (paired.exit_code, paired.stdout) == (0, text), named.stderr


@pytest.mark.parametrize(
    ("name", "instead"),
    [("pair", "Settings > Other computers"), ("files", "transcribe"), ("history", "takes list")],
)
def test_name_that_users_expect_leads_to_the_right_place(
    environment: dict[str, str], name: str, instead: str
) -> None:
    unknown = invoke(environment, name, "--help")
    said = " ".join(unknown.stderr.split())
    assert unknown.exit_code == 2 and f"No such command '{name}'. " in said and instead in said


def test_suggested_names_are_no_commands() -> None:
    command = get_command(app)
    assert isinstance(command, TyperGroup) and not command.commands.keys() & INSTEAD.keys()


def test_wrong_usage_exits_with_status_2(environment: dict[str, str]) -> None:
    assert run(environment, "transcribe").returncode == 2
    assert invoke(environment, "transcribe", str(TALK), "--format", "doc").exit_code == 2
    spoken = invoke(environment, "transcribe", str(TALK), "--language", "German")
    said = " ".join(spoken.stderr.replace("│", "").split())
    assert spoken.exit_code == 2 and checks.language("German") in said
    assert invoke(environment, "listen", "--mode", "telepathy").exit_code == 2
    for command in (("listen",), ("dashboard",), ("transcribe", str(TALK))):
        unknown = invoke(environment, *command, "--gateway", "unknown")
        assert unknown.exit_code == 2 and "no server called unknown" in unknown.stderr


@pytest.mark.parametrize("words", [("transcribe", str(TALK)), ("listen",)])
def test_commands_accept_a_language_of_the_settings(environment: dict[str, str], words: tuple[str, ...]) -> None:
    done = invoke(environment, *words, "--language", "de", "--gateway", "http://192.0.2.2:8765", "--key", "k")
    assert done.exit_code == 2 and "https://HOST:PORT" in done.stderr, "only the address without TLS is refused"


def test_transcribe_exits_cleanly_on_ctrl_c(environment: dict[str, str], tmp_path: Path, broker: Broker) -> None:
    log = tmp_path / "log"
    with running_chain(tmp_path, broker.url, quiet=True) as chain:
        chain.gateway()  # without a worker the command waits until it is interrupted
        with log.open("wb") as output:
            command = [PROGRAM, "transcribe", str(TALK), "--engine", "checksum"]
            process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        try:
            wait_until_sync(lambda: b"Recognising" in log.read_bytes(), "it waits for the text")
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 130, log.read_text()
        finally:
            process.kill()
            process.wait()
    assert b"Traceback" not in log.read_bytes()
