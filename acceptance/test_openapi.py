"""A schemathesis run over the OpenAPI document: no 5xx, no undocumented status, replies as documented.

Not held: that every request outside of the document's schema is refused. The tutorial's endpoints read their body only
when the address has no `param`, so with one a body may be anything.
"""
import pathlib, subprocess, sys


def test_generated_requests_find_no_fault(demo, tmp_path):
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{demo.url}/openapi.json"]
    command += ["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,"
                "response_schema_conformance,response_headers_conformance"]
    command += ["--max-examples", "60", "--seed", "1", "--no-color"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=600, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-6000:] + result.stderr[-2000:]


def test_generated_requests_can_find_a_fault(demo, tmp_path):
    """The run above is worth something only if it fails on an address that is not in the document."""
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "run", f"{demo.url}/nothing.json"]
    assert subprocess.run(command, capture_output=True, timeout=120, cwd=tmp_path).returncode != 0
