"""Requests are refused by time and not by count: a burst that is done in a moment loses none, an overload is told when to come back."""
import re, socket, time

from conftest import Service


def connections(service, count):
    host, port = service.url.removeprefix("http://").split(":")
    return [socket.create_connection((host, int(port)), timeout=30) for _ in range(count)]


def asked(sockets, target):
    """The statuses and headers of the answers to one request on each connection, all sent before one is read."""
    for connection in sockets:
        connection.sendall(f"GET {target} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    heads = []
    for connection in sockets:
        reply = b""
        while b"\r\n\r\n" not in reply:
            reply += connection.recv(65536)
        head, body = reply.split(b"\r\n\r\n", 1)
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        while len(body) < length:
            body += connection.recv(65536)
        heads.append(head.decode())
    return heads


def test_bursts_of_two_hundred_at_a_tenth_of_the_load_lose_none():
    service = Service("demo", "--rank", 10, "--threads", 1)
    sockets = connections(service, 200)
    asked(sockets[:1], "/v1/users/3/recommendations")
    for _ in range(20):
        begun = time.monotonic()
        heads = asked(sockets, "/v1/users/3/recommendations")
        assert {head.split()[1] for head in heads} == {"200"}
        time.sleep(9 * (time.monotonic() - begun))
    figures = service.call("/metrics", accept="text/plain;version=0.0.4")[2]
    assert "foretaste_score_refused_total 0\n" in figures and "foretaste_score_dropped_total 0\n" in figures
    service.stop()


def test_what_would_be_late_is_refused_at_once_and_the_wait_can_be_set():
    refused = {}
    for wait in ["1ms", "10s"]:
        service = Service("demo", "--rank", 10, "--threads", 1, "--wait", wait)
        sockets = connections(service, 400)
        target = "/v1/users/3/recommendations?limit=1000"
        asked(sockets[:1], target)
        heads = [head for _ in range(5) for head in asked(sockets, target)]
        refused[wait] = [head for head in heads if " 503 " in head.splitlines()[0]]
        assert all("retry-after: 1" in head for head in refused[wait])
        service.stop()
    # A list of a thousand takes more than 5 us, so that 400 of them take more than 1 ms.
    assert refused["1ms"] and not refused["10s"], {wait: len(heads) for wait, heads in refused.items()}
