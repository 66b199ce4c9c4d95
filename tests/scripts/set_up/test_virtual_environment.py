"""Test what set-up adds to an environment. ``make fresh`` makes environments."""

from pathlib import Path

import pytest

from scripts.set_up.environments import Environment
from scripts.set_up.virtual_environment import link_redis


def test_redis_server_is_linked_from_redis_check_rdb(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    (tools / "redis-check-rdb").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tools))
    link_redis(environment)
    link_redis(environment)
    assert (environment.path / "bin" / "redis-server").resolve() == Path("/bin/true").resolve()
