"""A notebook's cells as HTTP endpoints, on real kernels: what is compatible with services that do the same.

What is better than compatible is in test_notebook_better.py.
"""
import json, urllib.parse
from concurrent.futures import ThreadPoolExecutor
from time import monotonic

import pytest

from notebooks import Notebook, write

CELLS = [
    "import json, os, sys\npeople = {}",
    "# GET /hello\nprint('hello world')",
    "# GET /hello/:name\nprint('hello ' + json.loads(REQUEST)['path']['name'])",
    "# GET /braces/{name}\nprint('hello ' + json.loads(REQUEST)['path']['name'])",
    "# GET /hello/world\nprint('a literal')",
    "# GET /query\nprint(json.dumps(json.loads(REQUEST)['args']))",
    "# PUT /people/:id\nrequest = json.loads(REQUEST)\npeople[request['path']['id']] = request['body']",
    "# POST /people\nperson = json.loads(REQUEST)['body']\npeople[person['id']] = person['name']\nprint(person['id'])",
    "# GET /people/:id\nprint(people[json.loads(REQUEST)['path']['id']])",
    "# DELETE /people/:id\ndel people[json.loads(REQUEST)['path']['id']]",
    "# GET /error\nprint('before')\n1 / 0",
    "# GET /stderr\nprint('out')\nprint('err', file=sys.stderr)",
    "# GET /stderr-only\nprint('err', file=sys.stderr)",
    "# POST /echo\nrequest = json.loads(REQUEST)\n"
    "print(json.dumps([request['body'], request['headers'].get('X-Word')]), end='')",
    "# GET /result\n1 + 1",
    "# GET /printed-and-result\nprint('printed')\n1 + 1",
    "# GET /nothing\nx = 1",
    "# GET /joined\njoined = 'one'",
    "# GET /joined\njoined += ' two'",
    "# GET /joined\nprint(joined)",
    "# GET /environment\nprint(os.environ.get('KERNEL_GATEWAY'), os.environ.get('KG_AUTH_TOKEN'))",
    "# GET /json\nprint(json.dumps({'hello': 'world'}))",
    "# ResponseInfo GET /json\nprint(json.dumps({'headers': {'Content-Type': 'application/json'}}))",
    "# PUT /etag\nprint('made')",
    "# ResponseInfo PUT /etag\nprint(json.dumps({'headers': {'ETag': '1234567890'}, 'status': 201}))",
    "# DELETE /etag\npass",
    "# ResponseInfo DELETE /etag\nprint(json.dumps({'status': 204}))",
]


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    file = write(tmp_path_factory.mktemp("notebook") / "all.ipynb", *CELLS)
    service = Notebook(file, KG_AUTH_TOKEN="secret")
    yield service
    service.stop()


def test_get(served):
    status, headers, text = served.call("/hello")
    assert (status, text, headers["content-type"]) == (200, "hello world\n", "text/plain")


def test_path_parameter(served):
    assert served.get("/hello/Ann") == "hello Ann\n"
    assert served.get("/hello/" + urllib.parse.quote("Ann é/b", safe="")) == "hello Ann é/b\n"
    assert served.get("/braces/Ann") == "hello Ann\n"


def test_literal_path_wins_over_parameter(served):
    assert served.get("/hello/world") == "a literal\n"


def test_query_parameter(served):
    assert json.loads(served.get("/query?q=a%20b")) == {"q": ["a b"]}


def test_several_values_of_one_query_parameter(served):
    assert json.loads(served.get("/query?q=1&r=x&q=2")) == {"q": ["1", "2"], "r": ["x"]}


def test_put_post_and_delete_change_state(served):
    assert served.call("/people/7", "PUT", b"Ann", content_type="text/plain")[::2] == (200, "")
    assert served.get("/people/7") == "Ann\n"
    assert served.call("/people", "POST", {"id": "8", "name": "Bob"})[2] == "8\n"
    assert served.get("/people/8") == "Bob\n"
    assert served.call("/people/8", "DELETE")[0] == 200
    assert served.call("/people/8")[::2] == (500, "Error KeyError: '8'")


def test_error_is_500(served):
    status, headers, text = served.call("/error")
    assert (status, headers["content-type"], text) == (500, "text/plain", "Error ZeroDivisionError: division by zero")


def test_stderr_is_dropped(served):
    assert served.get("/stderr") == "out\n"
    assert served.call("/stderr-only")[::2] == (200, "")


def test_undeclared_verb_is_405_without_a_body(served):
    status, headers, text = served.call("/hello", "POST", b"x")
    assert (status, text, headers["allow"]) == (405, "", "GET, HEAD")


def test_unknown_path_is_404_as_json(served):
    status, headers, text = served.call("/no/such/path")
    assert (status, text) == (404, '{"reason": "Not Found", "message": ""}')
    assert headers["content-type"] == "application/json"


def test_header_access(served):
    assert json.loads(served.call("/echo", "POST", b"", x_word="a")[2]) == ["", "a"]


@pytest.mark.parametrize("text", ['a "quoted" word', "it's", "back\\slash \\n \\u0041", "new\nline", "é 日本 😀",
                                  "{'a': \"b\"}", '"""', "%s {} $x `y`"])
def test_quotes_are_escaped_in_headers_and_bodies(served, text):
    header = text.replace("\n", " ").encode("ascii", "ignore").decode()
    reply = served.call("/echo", "POST", text.encode(), x_word=header, content_type="text/plain")[2]
    assert json.loads(reply) == [text, header.strip()]
    reply = served.call("/echo", "POST", {"text": text}, x_word=header)[2]
    assert json.loads(reply) == [{"text": text}, header.strip()]


def test_source_is_blocked_unless_allowed(served, tmp_path):
    assert served.call("/_api/source")[::2] == (404, '{"reason": "Not Found", "message": ""}')
    file = write(tmp_path / "n.ipynb", "# GET /a\nprint(1)")
    allowed = Notebook(file, "--source")
    assert allowed.get("/_api/source") == file.read_text()
    allowed.stop()


def test_execute_result_is_its_mime_bundle(served):
    assert served.get("/result") == '{"text/plain": "2"}'
    assert served.get("/printed-and-result") == "printed\n"
    assert served.call("/nothing")[::2] == (200, "")


def test_cells_of_one_path_are_joined(served):
    assert served.get("/joined") == "one two\n"


def test_environment_is_set_and_holds_no_token(served):
    assert served.get("/environment") == "1 None\n"


def test_response_info_sets_the_content_type(served):
    status, headers, text = served.call("/json")
    assert (status, headers["content-type"], json.loads(text)) == (200, "application/json", {"hello": "world"})


def test_response_info_sets_status_and_etag(served):
    status, headers, text = served.call("/etag", "PUT", b"")
    assert (status, headers["etag"], text) == (201, "1234567890", "made\n")


def test_response_info_can_say_204_without_a_body(served):
    status, headers, text = served.call("/etag", "DELETE")
    assert (status, text, headers["content-length"]) == (204, "", None)


def test_pool_of_kernels_cycles(tmp_path):
    service = Notebook(write(tmp_path / "n.ipynb", "import os", "# GET /pid\nprint(os.getpid())"), "--kernels", 3)
    seen = [service.get("/pid") for _ in range(9)]
    assert len(set(seen[:3])) == 3 and seen == seen[:3] * 3
    service.stop()


def test_three_kernels_answer_three_slow_requests_at_once(tmp_path):
    file = write(tmp_path / "n.ipynb", "import os, time", "# GET /slow\ntime.sleep(2)\nprint(os.getpid())")
    service = Notebook(file, "--kernels", 3)
    begun = monotonic()
    with ThreadPoolExecutor(3) as threads:
        seen = list(threads.map(service.get, ["/slow"] * 3))
    assert len(set(seen)) == 3 and monotonic() - begun < 4, seen
    service.stop()


def test_api_document_lists_every_endpoint(served):
    document = json.loads(served.get("/_api/spec/swagger.json"))
    assert document["swagger"] == "2.0"
    assert {verb for verb in document["paths"]["/people/{id}"]} == {"get", "put", "delete"}
    assert set(document["paths"]) >= {"/hello", "/hello/{name}", "/braces/{name}", "/people", "/etag"}
    assert document["paths"]["/people/{id}"]["get"]["responses"]["200"] == {"description": "Success"}
