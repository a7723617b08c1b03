"""What a page of another origin can do with a service on this machine, tried in a real Chromium."""
import functools, html, http.server, json, os, re, shutil, subprocess, tempfile, threading
import urllib.error, urllib.request

import pytest

from conftest import Service, run
from notebooks import Notebook, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

# Each try is noted in the page, which is printed when it has settled.
PAGE = """<!doctype html><title>page</title><pre id=out></pre><script>
const tries = %s, found = {};
(async () => {
  for (const [name, url, options] of tries) {
    try {
      const reply = await fetch(url, options);
      found[name] = reply.type == "opaque" ? "sent, not readable" : reply.status + " " + reply.headers.get("x-model-version");
    } catch (error) { found[name] = error.name; }
  }
  document.getElementById("out").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.fixture(scope="module")
def pages():
    """A web server of another origin, and its folder."""
    with tempfile.TemporaryDirectory() as folder:
        class Quiet(http.server.SimpleHTTPRequestHandler):
            def log_message(self, *_):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_port}", folder
        server.shutdown()


def visit(url, *flags):
    """The text of a page when its scripts have run."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                   "--disable-background-networking", "--disable-component-update", "--disable-sync",
                   f"--user-data-dir={profile}", "--virtual-time-budget=20000", *flags, "--dump-dom", url]
        return subprocess.run(command, capture_output=True, text=True, timeout=120).stdout


def tried(pages, tries):
    origin, folder = pages
    with open(os.path.join(folder, "page.html"), "w") as file:
        file.write(PAGE % json.dumps(tries))
    dom = visit(f"{origin}/page.html")
    found = re.search(r"<pre id=\"out\">(.*?)</pre>", dom, re.S)
    assert found and found[1], dom
    return json.loads(html.unescape(found[1]))


def attempts(url):
    json_body = {"method": "POST", "headers": {"content-type": "application/json"}, "body": '{"rank": 3}'}
    return [
        ["refit without reading", f"{url}/recompute_svd?param=3", {"method": "POST", "mode": "no-cors"}],
        ["activate without reading", f"{url}/v1/models/v1/activate", {"method": "POST", "mode": "no-cors"}],
        ["refit", f"{url}/recompute_svd?param=3", {"method": "POST"}],
        ["fit by JSON", f"{url}/v1/models", json_body],
        ["read", f"{url}/v1/popular", {}],
    ]


def test_a_page_of_another_origin_can_neither_refit_nor_read(pages):
    service = Service("demo", "--rank", 5)
    found = tried(pages, attempts(service.url))
    # What is sent without reading leaves the browser; the service has refused it.
    assert found == {"refit without reading": "sent, not readable", "activate without reading": "sent, not readable",
                     "refit": "TypeError", "fit by JSON": "TypeError", "read": "TypeError"}
    assert service.json("/v1/jobs")["jobs"] == []
    assert 'foretaste_http_replies_total{status="403"}' in service.call("/metrics", accept="text/plain;version=0.0.4")[2]
    service.stop()


def test_a_page_of_an_allowed_origin_can_call(pages):
    service = Service("demo", "--rank", 5, "--cors-origin", pages[0])
    found = tried(pages, attempts(service.url))
    assert found["refit"] == "200 v3" and found["read"].startswith("200 v") and found["fit by JSON"].startswith("202 ")
    assert len(service.json("/v1/jobs")["jobs"]) == 3
    service.stop()


def test_a_name_that_was_made_to_point_here_reads_nothing():
    service = Service("demo", "--rank", 5)
    port = service.url.rsplit(":", 1)[1]
    rebound = visit(f"http://evil.example:{port}/v1/popular", "--host-resolver-rules=MAP evil.example 127.0.0.1")
    assert "misdirected_request" in rebound and "items" not in rebound
    assert "items" in visit(f"http://localhost:{port}/v1/popular")
    service.stop()


def test_a_notebook_runs_no_cell_for_a_page_of_another_origin(pages, tmp_path):
    cells = ["n = 0", "# POST /count\nn += 1\nprint(n)", "# GET /count\nprint(n)"]
    for origins, expected in [([], "0"), (["--cors-origin", pages[0]], "2")]:
        service = Notebook(write(tmp_path / "n.ipynb", *cells), *origins)
        post = f"{service.url}/count"
        found = tried(pages, [["blind", post, {"method": "POST", "mode": "no-cors"}], ["read", post, {"method": "POST"}]])
        assert found["read"] == ("200 null" if origins else "TypeError")
        assert service.get("/count").strip() == expected
        service.stop()


def test_options_and_hosts_of_a_notebook(tmp_path):
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /one\nprint(1)"), "--host", "shop.example")
    assert service.call("/one", "OPTIONS")[0] == 204 and service.call("/one", "OPTIONS")[1]["allow"] == "GET, HEAD, OPTIONS"
    for host, status in [("evil.example", 421), ("shop.example:443", 200), ("localhost", 200)]:
        assert service.call("/one", host=host)[0] == status
    assert service.call("/healthz", host="evil.example")[0] == 200
    service.stop()


# Takes over the notebook's own page, with its script, and sends every form.
FORMS = """<!doctype html><title>forms</title><body></body><script>
(async () => {
  const text = await (await fetch("/docs")).text();
  document.body.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const script = document.createElement("script");
  script.src = "/_api/docs.js";
  await new Promise((done) => { script.onload = done; document.head.append(script); });
  const found = {};
  for (const form of document.forms) {
    for (const input of form.querySelectorAll("[data-parameter]")) input.value = "a b/é";
    form.elements.query.value = "q=1";
    if (form.elements.body) form.elements.body.value = '{"x": 1}';
    form.requestSubmit();
    const place = form.nextElementSibling;
    while (!place.lastElementChild) await new Promise((done) => setTimeout(done, 20));
    const shown = place.lastElementChild;
    found[form.dataset.path] = [place.firstChild.textContent, shown.src ? shown.src.slice(0, 22) : shown.textContent];
  }
  const out = document.createElement("pre");
  out.id = "out";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
})();
</script>"""


def test_every_endpoint_of_a_notebook_can_be_tried_on_its_page(tmp_path):
    (tmp_path / "public").mkdir()
    (tmp_path / "public" / "forms.html").write_text(FORMS)
    service = Notebook(write(
        tmp_path / "n.ipynb", "import json\nfrom IPython.display import Image, display",
        "# GET /hello/:name\nrequest = json.loads(REQUEST)\nprint(request['path'], request['args'])",
        "# POST /body\nprint(json.loads(REQUEST)['body'])", "# GET /image\ndisplay(Image(data=b'\\x89PNG', format='png'))"))
    dom = visit(f"{service.url}/public/forms.html")
    found = json.loads(html.unescape(re.search(r"<pre id=\"out\">(.*?)</pre>", dom, re.S)[1]))
    assert found == {"/hello/{name}": ["200 OK, text/plain", "{'name': 'a b/é'} {'q': ['1']}\n"],
                     "/body": ["200 OK, text/plain", "{'x': 1}\n"],
                     "/image": ["200 OK, image/png", "data:image/png;base64,"]}
    # The page itself loads its script under its own policy.
    assert "Send</button>" in visit(f"{service.url}/docs")
    service.stop()


# Sends the page's form without a key, and again with the one that it is given.
KEYED = """<!doctype html><title>forms</title><body></body><script>
(async () => {
  const text = await (await fetch("/docs")).text();
  document.body.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes);
  const script = document.createElement("script");
  script.src = "/_api/docs.js";
  await new Promise((done) => { script.onload = done; document.head.append(script); });
  const form = document.forms[0], field = document.getElementById("key"), found = [];
  for (const key of ["", "KEY"]) {
    field.value = key;
    form.requestSubmit();
    while (!form.nextElementSibling.lastElementChild) await new Promise((done) => setTimeout(done, 20));
    found.push([form.nextElementSibling.firstChild.textContent, field.checkVisibility()]);
    form.nextElementSibling.replaceChildren();
  }
  const out = document.createElement("pre");
  out.id = "out";
  out.textContent = JSON.stringify(found);
  document.body.append(out);
})();
</script>"""


def test_the_page_of_a_notebook_sends_a_key_once_it_was_asked_for_one(tmp_path):
    keys = tmp_path / "keys.json"
    key = run("keys", "add", "me", "--role", "read", "--keys", keys).strip()
    service = Notebook(write(tmp_path / "n.ipynb", "# GET /hello\nprint('hello')"), "--keys", keys)

    class Before(http.server.BaseHTTPRequestHandler):
        """The page of the test, of the same origin as the service behind it."""
        def do_GET(self):
            if self.path == "/keyed.html":
                status, kind, body = 200, "text/html", KEYED.replace("KEY", key).encode()
            else:
                asked = urllib.request.Request(service.url + self.path, headers={
                    name: self.headers[name] for name in ["Authorization"] if name in self.headers})
                try:
                    reply = urllib.request.urlopen(asked, timeout=60)
                except urllib.error.HTTPError as error:
                    reply = error
                status, kind, body = reply.status, reply.headers["Content-Type"], reply.read()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Before)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    dom = visit(f"http://127.0.0.1:{server.server_port}/keyed.html")
    server.shutdown()
    service.stop()
    found = json.loads(html.unescape(re.search(r"<pre id=\"out\">(.*?)</pre>", dom, re.S)[1]))
    assert found == [["401 Unauthorized, application/json", True], ["200 OK, text/plain", True]]
