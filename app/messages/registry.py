"""Pass each message to the handlers of its type."""

from collections.abc import Callable
from inspect import signature
from typing import Any, Generic, Never, TypeVar, cast, get_args, get_type_hints

M = TypeVar("M", contravariant=True)
V = TypeVar("V")


class Registry(Generic[M]):
    """Handlers by message type; calling it passes a message to all handlers of its type, in order.

    ``M`` is the union of the registered types. Therefore a type checker finds a type without a handler:

        show: Callable[[News], None] = Registry().add(show_view).add(show_settings)
    """

    def __init__(self: "Registry[Never]") -> None:
        self._handlers: dict[type, list[Callable[[Any], None]]] = {}

    def add(self, handler: Callable[[V], None]) -> "Registry[M | V]":
        """Register a handler for the types that its parameter is annotated with."""
        for kind in message_types(handler):
            self._handlers.setdefault(kind, []).append(handler)
        return cast("Registry[M | V]", self)

    def join(self, other: "Registry[V]") -> "Registry[M | V]":
        """Register all handlers of another registry."""
        for kind, handlers in other._handlers.items():
            self._handlers.setdefault(kind, []).extend(handlers)
        return cast("Registry[M | V]", self)

    def __call__(self, message: M) -> None:
        """Pass a message to its handlers. Raises ``KeyError`` for an unregistered type."""
        for handler in self._handlers[type(message)]:
            handler(message)


def message_types(handler: Callable[[V], None]) -> tuple[type, ...]:
    """Return the types that the handler's parameter is annotated with, of a union each one."""
    hint = get_type_hints(handler)[next(iter(signature(handler).parameters))]
    return get_args(hint) or (hint,)
