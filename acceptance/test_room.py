"""A client that takes all it can leaves a deployed service alive, and others are answered."""
import http.client, socket, threading, time

from services import machine


def unfinished(port, bytes):
    """A connection that has sent all of a body but its last byte."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    head = f"POST /v1/recommendations HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {bytes}\r\n\r\n"
    try:
        connection.sendall(head.encode() + b" " * (bytes - 1))
    except OSError:
        pass  # it was refused before all was sent
    return connection


def test_500_unfinished_bodies_of_1_mib_leave_a_service_of_256_mb_alive_and_answering(machine):
    service = machine.deploy("films", memory="256MB")
    port = int(service["url"].rsplit(":", 1)[1])
    before = service["pids"]
    statuses, opened = [], []
    stop = threading.Event()

    def ask():
        while not stop.is_set():
            good = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            good.request("POST", "/recommended?param=500")
            statuses.append(good.getresponse().status)
            good.close()
            time.sleep(0.01)
    client = threading.Thread(target=ask)
    client.start()
    try:
        def many():
            for _ in range(63):
                opened.append(unfinished(port, 1 << 20))
        threads = [threading.Thread(target=many) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(1)
    finally:
        stop.set()
        client.join()
        for connection in opened:
            connection.close()
    assert len(opened) == 504
    now = machine.service("films")
    assert (now["pids"], now["restarts"]) == (before, 0), now
    assert len(statuses) > 20 and set(statuses) <= {200, 503} and statuses.count(200) > 0.9 * len(statuses), statuses
