"""Fetch the index: one plain GET over TLS, which tells nothing about this computer or its user.

There are no parameters, no cookies and no version. Redirects are not followed, and the answer is bounded.
"""

import asyncio
import ssl
from typing import Final

import aiohttp
from aiohttp import hdrs

from app.updates.errors import IndexUnreachable
from app.updates.index import MOST_BYTES

_LIMIT_S: Final = 20.0
_FOUND: Final = 200
_HEADERS: Final = {hdrs.USER_AGENT: "kikipounamu", hdrs.ACCEPT: "*/*", hdrs.ACCEPT_ENCODING: "identity"}


async def fetch_index(url: str) -> bytes:
    """Return the file at an https address. Raises ``IndexUnreachable``."""
    timeout = aiohttp.ClientTimeout(total=_LIMIT_S)
    trusted = await asyncio.to_thread(ssl.create_default_context)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), headers=_HEADERS) as http,
            http.get(url, allow_redirects=False, ssl=trusted) as answer,
        ):
            if answer.status != _FOUND:
                raise IndexUnreachable(f"the server answers {answer.status}")
            content = b""
            async for piece in answer.content.iter_chunked(16 * 1024):
                content += piece
                if len(content) > MOST_BYTES:
                    raise IndexUnreachable("it is too large")
            return content
    except aiohttp.ClientConnectorCertificateError as error:
        raise IndexUnreachable("its certificate is not valid") from error
    except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
        raise IndexUnreachable("no connection") from error
