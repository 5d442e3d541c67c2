"""Send one signed request: `signed_request.py METHOD URL [BODY]`.

The key and its signing secret come from BIZSUITE_KEY and BIZSUITE_SIGNING_SECRET. In a program of
your own, give `Signature` to the client once, and every request is signed:

    httpx.Client(base_url=…, auth=Signature(key, secret))
"""

import hashlib
import hmac
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterator

import httpx


class Signature(httpx.Auth):
    """Adds the key and a fresh signature; sending a request again signs it anew."""

    requires_request_body = True

    def __init__(self, key: str, secret: str, *, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._secret = secret.encode()
        self._clock = clock

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        timestamp, nonce = str(int(self._clock())), uuid.uuid4().hex
        signed = "\n".join(
            [
                timestamp,
                nonce,
                request.method,
                request.url.raw_path.decode(),  # path and query as they are sent
                hashlib.sha256(request.content).hexdigest(),
            ]
        )
        signature = hmac.new(self._secret, signed.encode(), hashlib.sha256).hexdigest()
        request.headers.update(
            {
                "Authorization": f"Bearer {self._key}",
                "X-Timestamp": timestamp,
                "X-Nonce": nonce,
                "X-Signature": f"v1={signature}",
            }
        )
        yield request


def main(method: str, url: str, body: str = "") -> int:
    auth = Signature(os.environ["BIZSUITE_KEY"], os.environ["BIZSUITE_SIGNING_SECRET"])
    headers = {"Content-Type": "application/json"} if body else {}
    answer = httpx.request(method, url, content=body.encode(), headers=headers, auth=auth)
    print(answer.text)
    return 0 if answer.is_success else 1


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
