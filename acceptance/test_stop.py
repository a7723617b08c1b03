"""A service that is told to stop answers every connection that the system had accepted for it."""
import socket, threading, time

from conftest import Service


def clients(address, count):
    """Clients that connect anew for each request, until the service refuses; returns threads, answers, and what was lost."""
    answered, lost = [], []

    def client():
        while True:
            try:
                connection = socket.create_connection(address, timeout=10)
            except ConnectionRefusedError:
                return
            except OSError as error:
                lost.append(f"connecting: {error!r}")
                continue
            with connection:
                try:
                    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
                    reply = b""
                    while part := connection.recv(65536):
                        reply += part
                    (answered if reply.startswith(b"HTTP/1.1 200") else lost).append(reply)
                except OSError as error:
                    lost.append(f"asking: {error!r}")
    threads = [threading.Thread(target=client) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads, answered, lost


def test_eight_stops_under_load_lose_no_connection():
    for _ in range(8):
        service = Service("demo", "--rank", 5, "--threads", 1)
        host, port = service.url.removeprefix("http://").split(":")
        threads, answered, lost = clients((host, int(port)), 6)
        time.sleep(0.1)
        service.stop()
        for thread in threads:
            thread.join()
        assert lost == [] and len(answered) > 10, (len(answered), lost[:3])
