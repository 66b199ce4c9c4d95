"""Insertion on Wayland through a helper process, with the parts of ``assembly``."""

import os
import signal
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, Self

from app.insertion.helper.frames import OpenRequest
from app.insertion.helper.inserter import HelperInserter
from app.insertion.paste_watch import READ_DEADLINE_S
from app.insertion.plan import Rules
from runtime.programs import module_command

COMMAND: Final = module_command("app.insertion.wayland.helper_main")


class WaylandInserter(HelperInserter):
    """An ``Inserter`` for Wayland. Texts are inserted one after another."""

    @classmethod
    async def open(
        cls,
        environment: Mapping[str, str],
        rules: Rules | None = None,
        patience_s: float = READ_DEADLINE_S,
        command: Sequence[str] = COMMAND,
    ) -> Self:
        """Connect to the desktop of this environment. Raises ``InsertionUnavailable``.

        ``patience_s``: how long a target may take to answer before it counts as hanging. ``command`` starts a
        helper.
        """
        opening = partial(OpenRequest, None, patience_s, os.getpid())
        return await cls.launch(opening, command, rules, environment, signal.SIGTERM)
