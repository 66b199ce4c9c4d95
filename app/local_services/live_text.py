"""Run this computer's streaming worker beside its worker, while a model for live text is installed."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from app.core.child_process import Child, find_program
from app.models.engines import live_model
from runtime.folders import folders
from runtime.tasks import cancel_and_wait
from speech.models.catalogue import load_catalogue
from speech.models.store import FolderState, ModelStore

_PROGRAM: Final = "kikipounamu-worker"
_OUTPUT: Final = "kikipounamu-worker-stream.out"
_USELESS: Final = frozenset({2, 3, 4})
_STOP_S: Final = 5.0


def installed_live_model() -> str:
    """Return the model for live text that is installed with its engine, or an empty name."""
    store = ModelStore(folders().models, load_catalogue())
    return live_model(lambda name: store.state(name) is FolderState.INSTALLED)


@asynccontextmanager
async def live_text(find: Callable[[], str] = installed_live_model) -> AsyncIterator[Child | None]:
    """Run a streaming worker during the context, if there is a model. Its failures never concern the worker."""
    model = await asyncio.to_thread(find)
    if not model:
        yield None
        return
    command = [find_program(_PROGRAM), "stream", "--model", model]
    child = Child(f"{_PROGRAM} stream", command, folders().logs / _OUTPUT, _USELESS)
    running = asyncio.create_task(child.keep_trying(), name="local worker/live text")
    try:
        yield child
    finally:
        await child.stop(_STOP_S)
        await cancel_and_wait([running])
