"""TLS: with a certificate of openssl, which is replaced while the service runs."""
import pathlib, socket, ssl, subprocess, time

import pytest

from conftest import PROGRAM, Service
from notebooks import Notebook, write


def certificate(folder, name):
    """A certificate of its own signature for 127.0.0.1, and its key."""
    cert, key = folder / "cert.pem", folder / "key.pem"
    fresh = folder / "new"
    fresh.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", fresh / "key.pem", "-out", fresh / "cert.pem"], check=True, capture_output=True)
    (fresh / "key.pem").rename(key)
    (fresh / "cert.pem").rename(cert)
    return cert, key


def subject(service, cert, version=None):
    """Whose certificate the service shows to a client that trusts `cert`, and what it then answers."""
    context = ssl.create_default_context(cafile=cert)
    if version:
        context.minimum_version = context.maximum_version = version
    host, port = service.url.removeprefix("https://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as secured:
            secured.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n")
            reply = b""
            while part := secured.recv(65536):
                reply += part
            return dict(pair for [pair] in secured.getpeercert()["subject"])["commonName"], reply


def test_a_service_speaks_tls_and_takes_a_new_certificate_while_it_runs(tmp_path):
    cert, key = certificate(tmp_path, "first")
    service = Service("demo", "--rank", 5, "--tls-cert", cert, "--tls-key", key)
    try:
        assert service.url.startswith("https://")
        for version in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
            name, reply = subject(service, cert, version)
            assert name == "first" and reply.startswith(b"HTTP/1.1 200 OK"), reply
        with socket.create_connection(("127.0.0.1", int(service.url.rsplit(":", 1)[1]))) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            assert b"call https://" in plain.recv(4096)
        # A client that says nothing, or not what is expected, costs others nothing.
        silent = [socket.create_connection(("127.0.0.1", int(service.url.rsplit(":", 1)[1]))) for _ in range(20)]
        silent[0].sendall(b"\x16\x03\x01\x00\x05hello")
        certificate(tmp_path, "second")
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                if subject(service, cert)[0] == "second":
                    break
            except ssl.SSLError:
                time.sleep(0.1)
        assert subject(service, cert)[0] == "second"
        # What cannot be used leaves what was there.
        key.write_text("nothing")
        time.sleep(1.1)
        assert [subject(service, cert)[0] for _ in range(3)] == ["second"] * 3
        for connection in silent:
            connection.close()
    finally:
        service.stop()
    service.log.seek(0)
    assert service.log.read().count("the certificate that was read before stays") == 1


def test_a_notebook_speaks_tls(tmp_path):
    cert, key = certificate(tmp_path, "notebook")
    file = write(tmp_path / "n.ipynb", "# GET /one\nprint(1)")
    service = Notebook(file, "--tls-cert", cert, "--tls-key", key)
    try:
        assert subject(service, cert)[0] == "notebook"
    finally:
        service.stop()


def test_what_is_no_certificate_is_named(tmp_path):
    cert, key = certificate(tmp_path, "x")
    other = tmp_path / "other"
    other.mkdir()
    foreign = certificate(other, "y")[1]
    for files, status, why in [
        ([cert, tmp_path / "none.pem"], 3, "cannot read"),
        ([key, key], 3, "holds no certificate in PEM"),
        ([cert, cert], 3, "holds no private key in PEM"),
        ([cert, foreign], 3, "cannot be used"),
        ([cert], 2, "--tls-key"),
    ]:
        flags = [word for flag, file in zip(["--tls-cert", "--tls-key"], files) for word in [flag, file]]
        done = subprocess.run([PROGRAM, "serve", "demo", "--rank", "5", "--port", "0", *flags], capture_output=True, text=True, timeout=60)
        assert (done.returncode, why in done.stderr) == (status, True), done.stderr


def test_a_client_that_does_not_read_is_closed_over_tls_too(tmp_path):
    cert, key = certificate(tmp_path, "x")
    service = Service("demo", "--rank", 5, "--tls-cert", cert, "--tls-key", key)
    try:
        context = ssl.create_default_context(cafile=cert)
        plain = socket.socket()
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plain.connect(("127.0.0.1", int(service.url.rsplit(":", 1)[1])))
        secured = context.wrap_socket(plain, server_hostname="127.0.0.1")
        secured.sendall(b"GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
        began, connected = time.monotonic(), 1
        while connected and time.monotonic() - began < 60:
            time.sleep(0.5)
            figures = subprocess.run(["curl", "-sk", "-H", "accept: text/plain;version=0.0.4", f"{service.url}/metrics"],
                                     capture_output=True, text=True, check=True).stdout
            # The one that asks is a connection, too.
            connected = int(next(line.split()[1] for line in figures.splitlines() if line.startswith("foretaste_connections "))) - 1
        # 5 s, and a second for each 16 KiB that were taken.
        assert time.monotonic() - began < 30
        secured.close()
    finally:
        service.stop()
