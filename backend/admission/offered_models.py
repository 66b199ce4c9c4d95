"""Models that workers offer, or offered a short time ago. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from protocol.monitor import WorkerStatus
from protocol.rest import ModelView

NO_WORKER_TRANSLATES: Final = (
    "no worker of this gateway translates: start one with a multilingual Whisper model, or transcribe the audio"
)
_MOST_NAMED = 20


@dataclass(frozen=True)
class Offers:
    """Models on offer. ``ages``: seconds since a worker had each model; ``up_s``: age of the gateway.

    A gateway that just started on a new broker knows no model yet. It accepts any model for as long as a worker
    may be away.
    """

    ages: Mapping[str, float] = field(default_factory=dict)
    up_s: float = 0.0

    def with_models(self, models: Iterable[str]) -> "Offers":
        """Return these offers plus the models that workers have now."""
        return Offers({**self.ages, **dict.fromkeys(models, 0.0)}, self.up_s)

    def names(self, within_s: float) -> tuple[str, ...]:
        """Return the models offered within this time that have a name, in alphabetical order."""
        return tuple(sorted(model for model, age_s in self.ages.items() if model and age_s <= within_s))

    def refuse(self, model: str, within_s: float) -> str | None:
        """Return why a segment for ``model`` (empty: any) is refused, and the remedy; ``None``: it is accepted."""
        if not model or not within_s:
            return None
        offered = self.names(within_s)
        if model in offered or not (offered or self.up_s > within_s):
            return None
        named = ", ".join(offered[:_MOST_NAMED]) or "none: start a worker"
        return (
            f"no worker offers the model {model}: choose one that is on offer, or none in particular. "
            f"On offer: {named}"
        )


def model_views(workers: Iterable[WorkerStatus]) -> tuple[ModelView, ...]:
    """Return the models of these workers, in alphabetical order."""
    languages, needs_context, translates = dict[str, set[str]](), dict[str, bool](), dict[str, bool]()
    for worker in workers:
        languages.setdefault(worker.model, set()).update(worker.languages)
        needs_context[worker.model] = needs_context.get(worker.model, False) or worker.needs_context
        translates[worker.model] = translates.get(worker.model, False) or worker.translates
    return tuple(
        ModelView(name, tuple(sorted(languages[name])), needs_context[name], translates[name])
        for name in sorted(languages)
    )
