"""Ways of asking a service, and its answer as status, headers and body."""
import http.client, json as to_json, signal, socket, time

# Long enough for a machine that does four other things.
PATIENCE = 60
# Longer than a request waits in a queue that was just empty, seconds.
PAUSE = 1.2


def read(connection, method="GET"):
    """Status, headers and body of the answer that is next on a connection; without one, that it was closed."""
    reply = http.client.HTTPResponse(connection, method=method)
    try:
        reply.begin()
        body = reply.read().decode(errors="backslashreplace")
    except (http.client.BadStatusLine, ConnectionError) as error:
        return {"status": 0, "headers": {}, "body": f"no answer: {type(error).__name__}"}
    headers = {}
    for name, value in reply.getheaders():
        headers.setdefault(name.lower(), []).append(value)
    # The clock's; and what the body tells, whose masked form has another length.
    kept = sorted(name for name in headers if name not in ("date", "content-length"))
    headers = {name: ", ".join(headers[name]) for name in kept}
    return {"status": reply.status, "headers": headers, "body": body}


def message(method, target, json=None, body=None, made=None, headers=None, **_):
    """The bytes of a request."""
    headers = {"host": "localhost", **(headers or {})}
    if json is not None:
        body = to_json.dumps(json, ensure_ascii=False)
        headers.setdefault("content-type", "application/json")
    if made is not None:
        body = MADE[made]()
    body = body.encode() if isinstance(body, str) else body or b""
    if body and "transfer-encoding" not in headers:
        headers.setdefault("content-length", len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value is not None)
    target = target.replace("<long>", "x" * 9000)
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + body


# Bodies that are too long to be written down.
MADE = {
    "2 MiB of spaces": lambda: b" " * (2 << 20),
    "chunks of 1 MiB and a byte": lambda: b"100000\r\n" + b" " * (1 << 20) + b"\r\n1\r\n \r\n0\r\n\r\n",
    "100,000 brackets": lambda: b"[" * 100_000,
    "10,001 items": lambda: to_json.dumps({"history": [], "exclude": ["x"] * 10_001}).encode(),
    "1,000 histories": lambda: to_json.dumps({"limit": 5, "history": [
        {"item": str(n), "rating": n % 5 + 1} for n in range(1, 1001)]}).encode(),
}


class Shed(Exception):
    """A busy machine let a request wait too long, which says nothing about the service."""


def plain(service, method, target, admin=False, until=None, **how):
    """One request on a connection of its own; with `until`, again until the body holds that."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with service.connect(admin) as connection:
            connection.sendall(message(method, target, **how))
            answer = read(connection, method)
        if answer["status"] == 503 and '"overloaded"' in answer["body"]:
            raise Shed(target)
        if until is None or until in answer["body"] or time.monotonic() > deadline:
            return answer
        time.sleep(0.02)


def raw(service, text, **_):
    """Bytes as they stand, and the answer to them."""
    with service.connect() as connection:
        connection.sendall(text.encode("latin-1"))
        return read(connection)


def many_headers(service, count, **_):
    return plain(service, "GET", "/healthz", headers={f"x-{number}": "1" for number in range(count)})


# The head of a request whose body is never sent to its end.
OPEN_END = {"content-type": "application/json", "content-length": 20}


def slow_body(service, method, target, **_):
    """A body of which only a part is sent: the answer is the time-out's."""
    with service.connect() as connection:
        connection.sendall(message(method, target, headers=OPEN_END) + b"{")
        return read(connection)


def kept_alive(service, target, **_):
    """The second answer of one connection."""
    with service.connect() as connection:
        for _ in range(2):
            connection.sendall(message("GET", target))
            answer = read(connection)
        return answer


def burst(service, target, count, kinds, **_):
    """Refusals of different wording when many ask at once: those of a full queue, and those of a long wait.

    The process is stopped while the requests are sent, so that they are all there when it goes on; it is stopped again
    with requests in the queue, for longer than a pause that they survive, so that these wait too long. The answer is the first of each wording, in order of their
    bodies.
    """
    found, deadline = {}, time.monotonic() + PATIENCE / 2
    while len(found) < kinds and time.monotonic() < deadline:
        service.process.send_signal(signal.SIGSTOP)
        connections = [service.connect() for _ in range(count)]
        for connection in connections:
            connection.sendall(message("GET", target))
        service.process.send_signal(signal.SIGCONT)
        time.sleep(0.01)
        service.process.send_signal(signal.SIGSTOP)
        time.sleep(PAUSE)
        service.process.send_signal(signal.SIGCONT)
        for connection in connections:
            with connection:
                answer = read(connection)
            if answer["status"] != 200:
                found.setdefault(answer["body"], answer)
    answers = [found[body] for body in sorted(found)]
    bodies = "\n".join(answer["body"] for answer in answers)
    return {**(answers[0] if answers else {"status": 200}), "body": bodies}


def one_too_many(service, count, **_):
    """The answer to one connection more than an address may have; nothing is asked on any of them."""
    connections = [service.connect() for _ in range(count)]
    try:
        with service.connect() as last:
            return read(last)
    finally:
        for connection in connections:
            connection.close()
        # Until there is room again.
        deadline = time.monotonic() + PATIENCE
        while plain(service, "GET", "/healthz")["status"] != 200 and time.monotonic() < deadline:
            time.sleep(0.02)


def while_stopping(service, method, target, **_):
    """The answer of the second address while a request without its end keeps the service from ending."""
    with service.connect() as open_end:
        # An answer first, so that the connection is known to be accepted.
        open_end.sendall(message("GET", "/healthz"))
        read(open_end)
        open_end.sendall(message("POST", "/v1/models", headers=OPEN_END) + b"{")
        service.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + 4
        while (answer := plain(service, method, target, admin=True))["status"] == 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        return answer


class Shared:
    """A stream in the place of a socket, which outlives the answer that is read from it."""

    def __init__(self, stream):
        self.stream = stream

    def makefile(self, _):
        return self

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def close(self):
        pass


def pipelined(service, together):
    """Answers to requests that are sent at once on one connection: the service takes them one after the other."""
    with service.connect() as connection:
        connection.sendall(b"".join(request for _, request in together))
        # One reader for all: it may hold the beginning of the next answer.
        with connection.makefile("rb") as stream:
            return {name: read(Shared(stream)) for name, _ in together}


WAYS = {"plain": plain, "raw": raw, "many_headers": many_headers, "slow_body": slow_body, "kept_alive": kept_alive,
        "burst": burst, "one_too_many": one_too_many, "while_stopping": while_stopping}
