"""Where a webhook's URL leads, asked before it is stored."""

from concurrent.futures import ThreadPoolExecutor

from webhooks.addresses import Resolver
from webhooks.targets import UrlRefused, parse_target, refused_answer

# A name that takes longer is judged at each send, like one that does not resolve yet.
RESOLVE_SECONDS = 3.0


def refused_destination(url: str, resolve: Resolver) -> str | None:
    """Why the place that a URL's name leads to is refused, or None.

    A URL whose form is wrong is left to the action, and a name that does not resolve (yet) to
    each send.
    """
    try:
        target = parse_target(url)
    except UrlRefused:
        return None
    if target.trusted:
        return None
    threads = ThreadPoolExecutor(1)
    try:
        return refused_answer(threads.submit(resolve, target.host).result(RESOLVE_SECONDS))
    except OSError:  # of which TimeoutError is one
        return None
    finally:
        threads.shutdown(wait=False)
