"""The OpenAPI document: valid, with a client that can be generated from it, examples that work, and a schemathesis run.

Not held: that every request outside of the document's schema is refused. The tutorial's endpoints read their body only
when the address has no `param`, so with one a body may be anything.
"""
import importlib, inspect, json, pathlib, subprocess, sys, time, urllib.parse

import pytest
from openapi_spec_validator import validate

from conftest import Service

SCRIPTS = pathlib.Path(sys.executable).parent


@pytest.fixture(scope="module")
def document(demo):
    return demo.json("/openapi.json")


def operations(document):
    """Path, method and description of every operation; what names the first version comes before what pushes it out."""
    all_of = [(path, method, operation) for path, item in document["paths"].items() for method, operation in item.items()]
    return sorted(all_of, key=lambda operation: not operation[0].endswith("/activate"))


@pytest.fixture
def fitted(tmp_path):
    """A demo of one's own, with a store, and a job to look at, which examples name; of its versions the last five are kept."""
    demo = Service("demo", "--data-dir", tmp_path / "data")
    job = demo.json("/v1/models", "POST", {"rank": 3})["id"]
    deadline = time.monotonic() + 60
    while demo.json(f"/v1/jobs/{job}")["state"] in ("queued", "running"):
        assert time.monotonic() < deadline, f"{job} does not end"
        time.sleep(0.05)
    yield demo
    demo.stop()


def test_the_document_is_valid(document):
    validate(document)
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(ids)) == len(ids) == 22, ids


def test_what_is_invalid_is_found(document):
    """The check above is worth something only if it fails on two operations of one name."""
    broken = json.loads(json.dumps(document))
    broken["paths"]["/v1/jobs"]["get"]["operationId"] = broken["paths"]["/v1/models"]["get"]["operationId"]
    with pytest.raises(Exception, match="not unique"):
        validate(broken)


def resolved(document, schema):
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def example_of(document, schema):
    """What a viewer fills a form with: the example, the default, or one made of the parts'."""
    schema = resolved(document, schema)
    for key in ("example", "default"):
        if key in schema:
            return schema[key]
    if "properties" in schema:
        parts = {name: example_of(document, part) for name, part in schema["properties"].items()
                 if name in schema.get("required", [])}
        return None if None in parts.values() else parts
    return None


def bodies(document, operation):
    """Every example of a body, or None where there is no body."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is None:
        return [None]
    given = [content["example"]] if "example" in content else []
    given += [example["value"] for example in content.get("examples", {}).values()]
    made = example_of(document, content["schema"])
    return given + ([made] if made is not None and made not in given else [])


def test_every_example_is_answered(document, fitted):
    asked = 0
    for path, method, operation in operations(document):
        parameters = operation.get("parameters", [])
        target = path
        for parameter in (parameter for parameter in parameters if parameter["in"] == "path"):
            assert "example" in parameter, f"{path}: {parameter['name']} has no example"
            target = target.replace("{%s}" % parameter["name"], urllib.parse.quote(parameter["example"], safe=""))
        queries = [(parameter["name"], parameter.get("example", parameter.get("schema", {}).get("example")))
                   for parameter in parameters if parameter["in"] == "query"]
        queries = [""] + ["?" + urllib.parse.urlencode({name: value}) for name, value in queries if value is not None]
        found = bodies(document, operation)
        if "requestBody" in operation:
            assert found, f"{path} has no example of a body"
        for query in queries:
            for body in found:
                status, _, text = fitted.call(target + query, method.upper(), body)
                assert 200 <= status < 300, f"{method} {target}{query} {body}: {status} {text[:300]}"
                asked += 1
    assert asked >= 20, f"only {asked} examples were found"


@pytest.fixture(scope="module")
def client(document, tmp_path_factory):
    """A client made by a generator that knows nothing but the document."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "openapi.json").write_text(json.dumps(document))
    (folder / "config.yaml").write_text("post_hooks: []\n")
    command = [SCRIPTS / "openapi-python-client", "generate", "--path", "openapi.json", "--meta", "none",
               "--output-path", "foretaste_client", "--config", "config.yaml", "--fail-on-warning"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120)
    assert result.returncode == 0, result.stdout + result.stderr
    sys.path.insert(0, str(folder))
    return folder / "foretaste_client"


def test_a_generated_client_calls_every_route_and_gets_the_documented_type(client, document, fitted):
    package = importlib.import_module("foretaste_client")
    models = importlib.import_module("foretaste_client.models")
    caller = package.Client(base_url=fitted.url, headers={"accept": "application/json"}, timeout=60)
    given = {"user": "500", "item": "1", "id": "j1", "version": "v1", "param": "20"}
    called = set()
    for file in sorted(client.glob("api/*/*.py")):
        if file.stem == "__init__":
            continue
        module = importlib.import_module(f"foretaste_client.api.{file.parent.name}.{file.stem}")
        operation = next(found for _, _, found in operations(document) if found["operationId"] == file.stem)
        parameters = inspect.signature(module.sync_detailed).parameters
        arguments = {name: given[name] for name in parameters if name in given}
        if file.stem in ("viewed", "recommended"):
            arguments["param"] = "500"
        if "body" in parameters:
            content = operation["requestBody"]["content"]["application/json"]
            kind = getattr(models, content["schema"]["$ref"].rsplit("/", 1)[1])
            arguments["body"] = kind.from_dict(bodies(document, operation)[0])
        reply = module.sync_detailed(client=caller, **arguments)
        assert 200 <= reply.status_code < 300, f"{file.stem}: {reply}"
        success = next(answer for status, answer in operation["responses"].items() if status.startswith("2"))
        schema = success["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        # The tutorial's replies are documented as text too, and a generator may take that first.
        documented = {schema} | ({"str"} if "text/plain" in success["content"] else set())
        assert type(reply.parsed).__name__ in documented, f"{file.stem}: {reply.parsed!r}"
        # Nothing was answered that the document does not know.
        assert not getattr(reply.parsed, "additional_properties", {}), f"{file.stem}: {reply.parsed!r}"
        called.add(file.stem)
    assert called == {operation["operationId"] for _, _, operation in operations(document)}


def test_generated_requests_find_no_fault(fitted, tmp_path):
    command = [SCRIPTS / "schemathesis", "run", f"{fitted.url}/openapi.json"]
    command += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
                "response_schema_conformance,response_headers_conformance"]
    command += ["--max-examples", "60", "--seed", "1", "--no-color"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def test_generated_requests_can_find_a_fault(demo, tmp_path):
    """The run above is worth something only if it fails on an address that is not in the document."""
    command = [SCRIPTS / "schemathesis", "run", f"{demo.url}/nothing.json"]
    assert subprocess.run(command, capture_output=True, timeout=120, cwd=tmp_path).returncode != 0
