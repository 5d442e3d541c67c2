"""Connections that were kept, and names whose resolver hangs."""

import asyncio
import threading

from tests.webhooks.receiving import accept, post, serving
from webhooks.sending import HttpSender, Reply

PUBLIC = "93.184.215.14"


def test_connections_are_kept_alive(allow_this_machine, connections):
    with serving(accept) as server:
        post(server.url, times=5)

    assert len(server.received) == 5
    assert connections == [("127.0.0.1", server.port)]


def once_per_connection(answer):
    """Like a receiver that closes a kept connection just as the next message comes."""

    def respond(handler):
        if hasattr(handler, "used"):
            handler.close_connection = True
            return
        handler.used = True
        answer(handler)

    return respond


def test_a_message_into_a_connection_that_was_just_closed_goes_out_over_a_new_one(
    allow_this_machine, connections
):
    with serving(once_per_connection(accept)) as server:
        assert post(server.url, times=3) == Reply(204)

    assert len(connections) == 3


def test_a_receiver_that_hangs_up_on_a_new_connection_is_not_asked_again(
    allow_this_machine, connections
):
    def hang_up(handler):
        handler.close_connection = True

    with serving(hang_up) as server:
        assert post(server.url) == Reply(None, "The receiver hung up without an answer")

    assert len(server.received) == len(connections) == 1


def test_names_that_hang_hold_nobody_else_up(settings):
    settings.WEBHOOK_ALLOWED_HOSTS = ["erp.internal"]
    over, asked = threading.Event(), []

    def resolve(host):
        asked.append(host)
        return ["127.0.0.1"] if host == "erp.internal" else over.wait(10) and [PUBLIC]

    async def send_all(port):
        async with HttpSender(resolve=resolve, deadline_seconds=5.0) as http:
            hanging = [
                asyncio.create_task(http.post(url, headers={}, body=b""))
                for url in ["https://slow.example.com/", "https://slower.example.com/"] * 200
            ]
            await asyncio.sleep(0)
            reply = await http.post(f"http://erp.internal:{port}/", headers={}, body=b"")
            for task in hanging:
                task.cancel()
            await asyncio.gather(*hanging, return_exceptions=True)
            return reply

    with serving() as server:
        reply = asyncio.run(send_all(server.port))
        over.set()

    assert reply == Reply(204)
    assert sorted(asked) == ["erp.internal", "slow.example.com", "slower.example.com"]


def test_a_resolver_that_hangs_does_not_stretch_the_deadline():
    over = threading.Event()

    reply = post(
        "https://slow.example.com/",
        deadline_seconds=0.2,
        resolve=lambda host: over.wait(10) and [PUBLIC],
    )
    over.set()

    assert reply == Reply(None, "No complete answer within 0.2 seconds")
