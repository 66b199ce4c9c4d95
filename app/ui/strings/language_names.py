"""Names of spoken languages in the language of the windows."""

from collections.abc import Collection, Iterable
from typing import Final

from app.core.sentences import Say

_FEW: Final = 5
_NAMED: Final = 2
_WIDESPREAD: Final = ("zh", "en")


def language_name(say: Say, code: str) -> str:
    """Return the name of a language; an unknown code stands for itself."""
    key = f"spoken.{code}"
    return say(key) if say.knows(key) else code


def by_name(say: Say, codes: Iterable[str]) -> list[tuple[str, str]]:
    """Return codes and names, in the order of the names."""
    return sorted(((code, language_name(say, code)) for code in codes), key=lambda one: one[1].casefold())


def languages_text(say: Say, codes: Collection[str], first: Iterable[str] = ()) -> str:
    """Return all names of a few languages, or two names and the number of the others.

    ``first``: the languages to name first where they are among ``codes``, such as the user's own.
    """
    ordered = list(dict.fromkeys((*(code for code in (*first, *_WIDESPREAD) if code in codes), *codes)))
    if len(ordered) <= _FEW:
        return listed(say, [language_name(say, code) for code in ordered])
    one, two = (language_name(say, code) for code in ordered[:_NAMED])
    names = say("list.next", first=one, second=two)
    return say("list.more", first=names, more=len(ordered) - _NAMED)


def listed(say: Say, names: list[str]) -> str:
    """Return names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    text = names[0]
    for name in names[1:-1]:
        text = say("list.next", first=text, second=name)
    return say("list.last", first=text, second=names[-1])
