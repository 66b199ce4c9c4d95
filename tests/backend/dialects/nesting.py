"""Values that are nested as deeply as JSON may be, and deeper than they can be written again."""


def nested_list() -> list[object]:
    """Return a list in a list, and so on."""
    value: list[object] = []
    for _ in range(10_000):
        value = [value]
    return value
