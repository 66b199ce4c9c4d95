"""List a gateway's real routes, for comparison with its OpenAPI document."""

from backend.gateway import Gateway


def routes_of(gateway: Gateway) -> set[tuple[str, str]]:
    """Return method and path of every route. HEAD comes with GET and is not described."""
    assert gateway.app is not None
    found: set[tuple[str, str]] = set()
    for resource in gateway.app.router.resources():
        for route in resource:
            if route.method != "HEAD":
                found.add((route.method, resource.canonical))
    return found
