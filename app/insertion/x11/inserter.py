"""Insertion on X11 through a helper process: a process that draws must not grab the server (``helper_main``).

The helper is killed when it grabs the server for too long.
"""

import os
from collections.abc import Sequence
from functools import partial
from typing import Final, Self

from app.insertion.helper.frames import OpenRequest
from app.insertion.helper.inserter import HelperInserter
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Rules
from app.insertion.x11.grab_guard import GRAB_DEADLINE_S
from runtime.programs import module_command

COMMAND: Final = module_command("app.insertion.x11.helper_main")


class X11Inserter(HelperInserter):
    """An ``Inserter`` for X11. Texts are inserted one after another."""

    @classmethod
    async def open(
        cls,
        display: str | None = None,
        rules: Rules | None = None,
        patience_s: float = READ_DEADLINE_S,
        grab_s: float = GRAB_DEADLINE_S,
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Connect to this display, or to that of the environment. Raises ``InsertionUnavailable``.

        ``patience_s``: how long a target may take to answer before it counts as hanging. ``grab_s``: how long
        the server may stay grabbed before the helper is killed. ``command`` starts a helper.
        """
        opening = partial(OpenRequest, display, patience_s, os.getpid())
        return await cls.launch(opening, [*command, str(grab_s)], rules)
