"""The values of a list as the user last requested them, before the answers arrive. Pure."""


class RequestedValues:
    """The list in effect, and the requests that are not answered yet.

    Each request names the whole list. So the next one adds to the last request, not to the list in effect.
    """

    def __init__(self) -> None:
        self._in_effect: tuple[str, ...] = ()
        self._open: list[tuple[str, ...]] = []

    @property
    def latest(self) -> tuple[str, ...]:
        """The list that was requested last; the list in effect if every request is answered."""
        return self._open[-1] if self._open else self._in_effect

    def request(self, values: tuple[str, ...]) -> None:
        """Note that the user requests this list."""
        self._open.append(values)

    def show(self, values: tuple[str, ...]) -> None:
        """Note the list in effect: it answers requests up to an equal one, or ends all if others changed it."""
        if values == self._in_effect:
            return
        self._in_effect = values
        answered = self._open.index(values) + 1 if values in self._open else len(self._open)
        del self._open[:answered]

    def refuse(self) -> None:
        """Forget the requests, because one was refused."""
        self._open.clear()
