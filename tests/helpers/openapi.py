"""What a gateway serves, to be compared with what it says that it serves."""

from backend.gateway import Gateway


def routes_of(gateway: Gateway) -> set[tuple[str, str]]:
    """Method and path of every route. HEAD comes with GET and is not described."""
    assert gateway.app is not None
    found: set[tuple[str, str]] = set()
    for resource in gateway.app.router.resources():
        for route in resource:
            if route.method != "HEAD":
                found.add((route.method, resource.canonical))
    return found
