"""A server over standard input and output ends with its input, and by a signal before that."""

import json
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

COMMAND = (str(Path(sys.executable).with_name("kikipounamu")), "mcp", "--gateway", "http://127.0.0.1:9")
HELLO = (
    b'{"jsonrpc":"2.0","id":"hello","method":"initialize","params":{"protocolVersion":"2025-06-18",'
    b'"capabilities":{},"clientInfo":{"name":"test","version":"1"}}}\n'
)
WORDS = ("tools/call", "tools/list", "status", "read_recording", "arguments", "\ud83d\ude00", "", "2.0", "../..")


def invented(randomness: random.Random, depth: int = 0) -> object:
    """Return a value of JSON, mostly of the shape of a request."""
    kind = randomness.randrange(4 if depth > 3 else 7)
    if kind == 0:
        return randomness.choice((None, True, -1, 1e300, 2**70))
    if kind <= 3:
        return randomness.choice(WORDS)
    if kind == 4:
        return [invented(randomness, depth + 1) for _ in range(3)]
    names = ("jsonrpc", "id", "method", "params", "name", "arguments")
    return {name: invented(randomness, depth + 1) for name in randomness.sample(names, 4)} | {"jsonrpc": "2.0"}


def broken_line(randomness: random.Random) -> bytes:
    """Return a line that is no message, or one that means nothing."""
    line = json.dumps(invented(randomness)).encode()
    if randomness.random() < 0.3:
        line = line[: randomness.randrange(len(line))] + randomness.randbytes(3).replace(b"\n", b"")
    return line + b"\n"


@pytest.mark.parametrize("messages", [2_000, pytest.param(50_000, marks=pytest.mark.proof(minutes=4))])
def test_broken_messages_end_nothing(tmp_path: Path, messages: int) -> None:
    randomness = random.Random(68)
    lines = b"".join(broken_line(randomness) for _ in range(messages))
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(tmp_path)}
    ended = subprocess.run(
        COMMAND,
        input=HELLO + lines + HELLO,
        capture_output=True,
        env=environment,
        timeout=100 if messages < 50_000 else 600,
    )
    assert ended.returncode == 0, ended.stderr
    answers = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [answer["id"] for answer in answers].count("hello") == 2
    assert b"Traceback" not in ended.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs Linux or macOS: SIGTERM lets a process clean up")
def test_signal_ends_the_server(tmp_path: Path) -> None:
    environment = os.environ | {"KIKIPOUNAMU_HOME": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, env=environment) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(HELLO)
        process.stdin.flush()
        assert b'"serverInfo"' in process.stdout.readline()
        process.terminate()
        assert process.wait(30) == 128 + signal.SIGTERM
