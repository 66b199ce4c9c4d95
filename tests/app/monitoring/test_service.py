"""Monitoring follows a gateway only while it is visible."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import msgspec
from aiohttp import web

from app.core.errors import Note
from app.core.segment_observer import SegmentEvent, SegmentStep
from app.core.states import State
from app.core.transcript import TranscriptSegment
from app.monitoring.service import Monitoring
from app.monitoring.view import Link, MonitorView
from client.connection import Address, fixed_locator
from tests.client.test_monitor import AT_ONCE, STANDS, Feed, Say, feeding
from tests.helpers.waiting import wait_until

SESSION = UUID("6f1f7c0e-2a53-4c5e-9d0f-0a4b8f2f9f11")


async def send_snapshot(say: Say) -> None:
    """Send one snapshot and keep the connection open."""
    await say(b"event: snapshot\ndata: " + msgspec.json.encode(STANDS) + b"\n\n")
    await asyncio.sleep(30)


@asynccontextmanager
async def monitoring(feed: Feed, views: list[MonitorView]) -> AsyncIterator[Monitoring]:
    async with Monitoring(fixed_locator(Address(feed.url, "k")), views.append, AT_ONCE) as made:
        yield made


async def test_feed_is_followed_only_while_visible() -> None:
    views: list[MonitorView] = []
    async with feeding(send_snapshot) as feed, monitoring(feed, views) as made:
        assert (feed.keys, views) == ([], [])
        made.follow(True)
        made.follow(True)
        await wait_until(lambda: views and views[-1].link is Link.LIVE, "it is shown")
        assert feed.keys == ["Bearer k"]
        assert views[0].link is Link.CONNECTING
        made.follow(False)
        made.follow(False)
        await wait_until(lambda: all(task.done() for task in made._tasks._tasks), "nothing goes on")
        shown = len(views)
        made.follow(True)
        await wait_until(lambda: len(feed.keys) == 2, "it is asked again")
        assert views[shown].gateway == views[shown - 1].gateway  # earlier figures stay
    await made.close()


async def test_view_is_posted_repeatedly() -> None:
    views: list[MonitorView] = []
    async with feeding(send_snapshot) as feed:
        async with Monitoring(fixed_locator(Address(feed.url)), views.append, AT_ONCE, refresh_s=0.01) as made:
            made.follow(True)
            await wait_until(lambda: len(views) > 20, "time passes")
        shown = len(views)
        await asyncio.sleep(0)
        assert len(views) == shown


async def test_refusal_is_shown_and_reconnect_works() -> None:
    views: list[MonitorView] = []
    async with feeding(send_snapshot, web.Response(status=401)) as feed, monitoring(feed, views) as made:
        made.follow(True)
        await wait_until(lambda: views and views[-1].link is Link.REFUSED, "it is reported")
        assert views[-1].refusal == Note("gateway-unauthorised")
        made.reconnect()
        await wait_until(lambda: views[-1].link is Link.LIVE, "the other key is good")


async def test_again_does_nothing_while_hidden() -> None:
    async with feeding(send_snapshot) as feed, monitoring(feed, []) as made:
        made.reconnect()
        assert made._following == []


async def test_lost_gateway_is_shown_at_once() -> None:
    async def briefly(say: Say) -> None:
        await say(b"event: snapshot\ndata: " + msgspec.json.encode(STANDS) + b"\n\n")

    views: list[MonitorView] = []
    async with feeding(briefly) as feed, monitoring(feed, views) as made:
        made._settings = replace(AT_ONCE, retry=lambda failures, chance, asked: 30.0)
        made.follow(True)
        await wait_until(lambda: views and views[-1].link is Link.LOST, "it is reported")
        assert list(dict.fromkeys(view.link for view in views)) == [Link.CONNECTING, Link.LIVE, Link.LOST]


async def test_own_takes_are_recorded_while_hidden() -> None:
    views: list[MonitorView] = []
    now = 100.0
    async with Monitoring(fixed_locator(Address("http://h")), views.append, AT_ONCE, lambda: now) as made:
        for segment in range(3):
            for step in (SegmentStep.BEGAN, SegmentStep.COMPLETED, SegmentStep.QUEUED):
                made.observe(SegmentEvent(step, SESSION, segment))
            result = TranscriptSegment(segment, 0, 1_000, "kia ora")
            made.observe(SegmentEvent(SegmentStep.RECOGNISED, SESSION, segment, result))
        made.observe(SegmentEvent(SegmentStep.INSERTED, SESSION, 0))
        made.observe(SegmentEvent(SegmentStep.HELD, SESSION, 1))
        made.observe(SegmentEvent(SegmentStep.BEGAN, UUID(int=1), 0))
        made.observe(SegmentEvent(SegmentStep.DISCARDED, UUID(int=1)))
        made.observe(SegmentEvent(SegmentStep.CLOSED, SESSION))
        assert views == []
        made._show()
        states = {row.segment: row.state for row in views[-1].utterances}
        assert states == {0: State.DONE, 1: State.HELD, 2: State.DONE}
        assert all(row.own and row.session == str(SESSION) for row in views[-1].utterances)
