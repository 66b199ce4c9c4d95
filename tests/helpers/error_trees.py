"""Errors of a package, whose module shows them as a tree."""

import inspect
from types import ModuleType


def documented_errors(module: ModuleType) -> list[type[Exception]]:
    """Return the errors that a module defines. Each must have a docstring and stand in the tree of its module."""
    kinds = [kind for _, kind in inspect.getmembers(module, inspect.isclass) if kind.__module__ == module.__name__]
    found = [kind for kind in kinds if issubclass(kind, Exception)]
    assert len(found) > 1
    assert [kind for kind in found if not kind.__doc__ or kind.__name__ not in (module.__doc__ or "")] == []
    return found
