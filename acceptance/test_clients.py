"""Slow, large and hostile clients against the running program with its real limits."""
import socket, threading, time


def open_socket(service):
    host, port = service.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def seconds_until_closed(service, first, drip):
    """Sends `first`, then `drip` every second, until the service closes the connection."""
    begun = time.monotonic()
    with open_socket(service) as client:
        client.sendall(first)
        client.settimeout(1)
        while time.monotonic() - begun < 20:
            try:
                if drip:
                    client.sendall(drip)
                if client.recv(4096) == b"":
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    return time.monotonic() - begun


def test_slow_clients_are_closed_in_six_seconds_and_a_good_one_is_unharmed(demo):
    head = b"POST /recommended HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n"
    kinds = {"silent": (b"", b""), "slow head": (b"GET / HTTP/1.1\r\nx: ", b"y"), "slow body": (head, b" ")}
    took = {}

    def run(name):
        took[name] = seconds_until_closed(demo, *kinds[name])

    threads = [threading.Thread(target=run, args=(name,)) for name in kinds for _ in range(10)]
    for thread in threads:
        thread.start()
    worst, asked = 0.0, 0
    while any(thread.is_alive() for thread in threads):
        begun = time.monotonic()
        assert demo.call("/recommended?param=3", "POST")[0] == 200
        worst, asked = max(worst, time.monotonic() - begun), asked + 1
        time.sleep(0.01)
    assert took.keys() == kinds.keys() and all(4 < seconds <= 6 for seconds in took.values()), took
    assert asked > 100 and worst < 1, f"{asked} good requests, the slowest took {worst:.2f} s"


def test_what_is_wrong_gets_its_documented_status_and_code(demo):
    import json

    big = b"x" * 10_000_000
    cases = [
        ("POST", "/recommended?param=nobody", None, 404, "unknown_user"),
        ("POST", "/viewed?param=nobody", None, 404, "unknown_user"),
        ("POST", "/recommended", None, 400, "missing_parameter"),
        ("POST", "/recompute_svd?param=ten", None, 400, "invalid_parameter"),
        ("POST", "/recompute_svd?param=0", None, 422, "invalid_rank"),
        ("POST", "/recompute_svd?param=501", None, 422, "invalid_rank"),
        ("GET", "/v1/items/nothing", None, 404, "unknown_item"),
        ("GET", "/v1/items/nothing/similar", None, 404, "unknown_item"),
        ("POST", "/v1/recommendations", b"{", 400, "malformed_json"),
        ("POST", "/v1/recommendations", b'[["1", 5]]', 422, "invalid_body"),
        ("POST", "/v1/recommendations", b'{"history": [["1", 5]]}', 422, "invalid_body"),
        ("POST", "/v1/recommendations", b'{"history": [], "fallback": {}}', 422, "invalid_body"),
        ("POST", "/v1/models", b"[20]", 422, "invalid_body"),
        ("POST", "/v1/models", big, 413, "body_too_large"),
        ("GET", "/recommended?param=3", None, 405, "method_not_allowed"),
        ("GET", "/nowhere", None, 404, "unknown_route"),
    ]
    for method, path, body, status, code in cases:
        found, _, text = demo.call(path, method, body, content_type="application/json")
        assert (found, json.loads(text)["code"]) == (status, code), f"{method} {path}: {found} {text[:200]}"


def test_numbers_as_ids_and_a_byte_order_mark_are_taken(demo):
    text = demo.call("/v1/recommendations", "POST", {"history": [{"item": "317", "rating": 5}]})
    number = demo.call("/v1/recommendations", "POST", {"history": [{"item": 317, "rating": 5}]})
    marked = b"\xef\xbb\xbf" + b'{"history": [{"item": "317", "rating": 5}]}'
    marked = demo.call("/v1/recommendations", "POST", marked, content_type="application/json")
    assert text[0] == 200 and [number[2], marked[2]] == [text[2]] * 2
    assert demo.call("/recommended", "POST", {"args": {"param": [3]}})[0] == 200
