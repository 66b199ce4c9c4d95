"""Run many sessions with the checksum engine: no segment is lost, doubled or moved."""

from pathlib import Path

import redis

from benchmarks.speakers import run_speakers
from protocol.job import Keys
from tests.helpers.chain import running_chain
from tests.helpers.valkey import Broker

SESSIONS = 20
SEGMENTS = 3


async def test_twenty_sessions_get_every_digest_right_and_once(tmp_path: Path, broker: Broker) -> None:
    with running_chain(tmp_path, broker.url) as chain:
        _, endpoint = chain.gateway()
        chain.worker(name="one")
        chain.worker(name="two")
        tally = await run_speakers(endpoint, SESSIONS, SEGMENTS, seconds=1.5, pace=0.2)
        assert (tally.right, tally.wrong, tally.failed, tally.twice) == (SESSIONS * SEGMENTS, 0, 0, 0)
    with redis.Redis.from_url(broker.url) as store:
        keys = Keys()
        assert store.xlen(keys.jobs("interactive")) == 0
        assert not any(int(left) for left in store.hgetall(keys.backlog).values())
        sessions = list(store.scan_iter(keys.session("*")))
        assert len(sessions) == SESSIONS
        for session in sessions:
            fields = store.hkeys(session)
            ended = [name for name in fields if name.startswith(b"end:")]
            assert len(ended) == SEGMENTS
            assert not any(name.startswith((b"job:", b"result:")) for name in fields)
