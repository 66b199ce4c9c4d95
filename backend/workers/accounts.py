"""Broker accounts for workers that use the tunnel. An account exists while its worker is connected.

The gateway makes the password and authenticates for the worker; no other process learns it.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from backend.core.errors import BrokerError
from runtime import loggers
from runtime.event_names import LogEvent

log = loggers.BACKEND_WORKER_ACCOUNTS

Administer = Callable[..., Awaitable[Any]]

COMMANDS: Final = (
    *("ping", "time", "info", "client|id", "client|unblock", "client|setname"),
    *("script|load", "evalsha"),
    *("xread", "exists", "xreadgroup", "xack", "xdel", "xadd", "xtrim", "xlen", "xrange"),
    *("xpending", "xclaim", "xautoclaim", "xinfo|groups", "xinfo|consumers"),
    *("xgroup|create", "xgroup|delconsumer"),
    *("hget", "hmget", "hset", "hdel", "hvals", "hgetall", "hincrby", "pexpire", "set", "del", "spublish"),
)
"""Commands of ``worker/broker/jobs.py`` and its scripts. A script has only the rights of its caller.

All exist since Redis 7.0: a broker creates no account with a command that it does not know.
"""

KEYS: Final = (
    *("~kiki:{*}:jobs:*", "~kiki:{*}:partials:*", "~kiki:{*}:session:*"),
    *("~kiki:{*}:backlog", "~kiki:{*}:sweep", "%W~kiki:{*}:dead", "~kiki:workers", "~kiki:{*}:workers"),
    *("~kiki:{*}:stream:*", "~kiki:{*}:stream-of:*", "~kiki:{*}:streamers"),
    *("%W~kiki:{*}:history", "~kiki:{*}:history:figures"),  # the history is write-only
)
CHANNELS: Final = ("&kiki:{*}:results:*",)


class Account(NamedTuple):
    """Account of a worker at the broker."""

    name: str
    password: str


def rules(account: Account, database: int = 0) -> tuple[str, ...]:
    """Return the command that creates or resets ``account``."""
    allowed = (*COMMANDS, *(("select",) if database else ()))
    secret = ("reset", "on", f">{account.password}")
    return ("ACL", "SETUSER", account.name, *secret, *KEYS, *CHANNELS, "-@all", *(f"+{one}" for one in allowed))


class WorkerAccounts:
    """Accounts of one gateway process. ``administer`` runs a command as the gateway and raises ``BrokerError``."""

    def __init__(self, administer: Administer, gateway: str, database: int = 0) -> None:
        self._administer = administer
        self._gateway = gateway
        self._database = database
        self._passwords: dict[str, str] = {}
        self._used: Counter[str] = Counter()
        self._one_at_a_time = asyncio.Lock()

    @asynccontextmanager
    async def account(self, device: str) -> AsyncIterator[Account]:
        """Yield an account of ``device``; after its last use it is deleted and its connections are killed."""
        password = self._passwords.setdefault(device, secrets.token_urlsafe(32))
        account = Account(f"kiki-worker-{self._gateway}-{device}", password)
        self._used[device] += 1
        try:
            async with self._one_at_a_time:  # for each connection, because the broker may have been restarted
                await self._administer(*rules(account, self._database))
            yield account
        finally:
            self._used[device] -= 1
            if not self._used[device]:
                await self._remove(device, account)

    async def _remove(self, device: str, account: Account) -> None:
        async with self._one_at_a_time:
            if self._used[device]:
                return  # the device has reconnected
            del self._used[device]
            self._passwords.pop(device, None)
            try:
                await self._administer("CLIENT", "KILL", "USER", account.name)
                await self._administer("ACL", "DELUSER", account.name)
            except BrokerError as error:
                log.warning(LogEvent.WORKER_ACCOUNT_NOT_REMOVED, account=account.name, reason=str(error))
