"""A schemathesis run over the OpenAPI document: no 5xx, no undocumented status, replies as documented."""
import pathlib, subprocess, sys


def test_generated_requests_find_no_fault(demo):
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{demo.url}/openapi.json"]
    command += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
                "response_schema_conformance,negative_data_rejection,response_headers_conformance"]
    command += ["--max-examples", "60", "--seed", "1", "--no-color"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def test_generated_requests_can_find_a_fault(demo):
    """The run above is worth something only if it fails on an address that is not in the document."""
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{demo.url}/nothing.json"]
    assert subprocess.run(command, capture_output=True, timeout=120).returncode != 0
