"""Answers recorded from foretaste 0.1.0, as it was before its crates were remade: every later difference has a name.

`recorded/cli.yaml` and `recorded/http.yaml` ask; `recorded/answers-*.json` hold what was answered then. An answer may
differ only where `recorded/differences.yaml` names the difference; what is answered instead is in
`recorded/differences.json`. `record.py` records. Where the CPU has other vector instructions than the recording's,
numbers agree to their last digits.

Not provoked from outside: `internal` (a handler would have to panic, and none does; the server's own tests add routes
that do), `shutting_down` as the end of a fit (the service waits 10 s for requests before it gives up fits; here it is
the answer of /readyz), and the silence after a head that takes longer than 5 s (there is no answer to record).
"""
import collections, json, os, re

import pytest

import recording
from conftest import DATA, PROGRAM
from recorded.form import agree, masked, same_vectors

FOLDER = recording.FOLDER

# What differs from run to run or from machine to machine: a pattern, what stands for it, and why.
MASKS = [
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "<time>", "moments of fits and jobs, and of lines in the log"),
    (r"(http://|on )127\.0\.0\.1:(?!1/)\d+", r"\g<1>127.0.0.1:<port>", "a free port; port 1 is asked for"),
    (r"\b[0-9a-f]{8}-[0-9a-f]{8}\b", "<request id>", "begins with the clock, goes on with a count"),
    (r"(fitted rank \d+ in )[\d.,]+ m?s", r"\1<duration>", "how long a fit took"),
    (r'("(?:duration_ms|svd_ms|fit_ms)": ?|duration_ms=)[\d.]+', r"\1<duration>", "how long a fit or a call took"),
    (r'("average":)\d+(,"total_time":)\d+(,"last_calls":\[)[\d,]+\]', r"\1<duration>\2<duration>\3<durations>]",
     "how long the recomputations took"),
    (r"(foretaste_\w+_seconds_(?:bucket|sum)\S*|foretaste_model_age_seconds) [\d.e-]+", r"\1 <duration>", "how long calls took"),
    (r"(foretaste_score_\w+_seconds_count) \d+", r"\1 <scored>", "a list is counted a little after its answer"),
    (r"(foretaste_connections) \d+", r"\1 <connections>", "a connection is closed a little after its answer"),
    (r'"state":"(?:queued|running)"(.*?),"progress":[\d.]+(,"queued_at":"<time>")(,"started_at":"<time>")?',
     r'"state":"<queued or running>"\1,"progress":<progress>\2', "whether a fit has begun when its job is told"),
    (r'("residual": ?)[\d.e-]+', r"\1<residual>", "rounding errors, which depend on the CPU"),
    (r"(residual (?:is )?)[\d.]+e-\d+", r"\1<residual>", "rounding errors, which depend on the CPU"),
    (r'("bytes": ?)\d+(,\s*"fit_ms")', r"\1<bytes>\2", "a model file holds its time, whose last zeros are left out"),
    (r"(wrote \S+\.foretaste, )[\d.,]+ \w+", r"\1<bytes>", "as above"),
    (r"(too many requests are waiting, try again in )\d+ s", r"\1<seconds> s", "how long what waits takes"),
    (r"CPUs: \d+", "CPUs: <CPUs>", "CPUs of this machine"),
    (r"(this machine has )\d+( to give)", r"\1<CPUs>\2", "CPUs of this machine"),
]
# The error table of the service, the refusal before it, and what cannot be provoked.
CODES = set("""missing_parameter invalid_parameter malformed_json unreadable_body unknown_user unknown_history
unknown_item unknown_model unknown_job unknown_route method_not_allowed timeout body_too_large uri_too_long
unsupported_media_type invalid_body invalid_limit invalid_rank invalid_rating not_enough_memory
too_many_entries fit_failed overloaded fit_queue_full shutting_down too_many_connections""".split())
ROUTES = """GET /|GET /docs|GET /docs/|GET /docs/{file}|GET /openapi.json|GET /healthz|GET /readyz|GET /metrics
POST /viewed|POST /recommended|POST /recompute_svd|POST /v1/recommendations|POST /v1/models|POST /v1/models/{}/activate
GET /v1/users/{}/recommendations|GET /v1/users/{}/ratings|GET /v1/items/{}|GET /v1/items/{}/similar
GET /v1/models|GET /v1/jobs|GET /v1/jobs/{}""".replace("\n", "|").split("|")


def stored(name):
    path = FOLDER / name
    return json.loads(path.read_text()) if path.exists() else {}


ORIGINAL = {**stored("answers-cli.json"), **stored("answers-http.json")}
INSTEAD = stored("differences.json")
NAMED = recording.questions("differences") or []


@pytest.fixture(scope="module")
def found():
    """What the binary answers now, masked."""
    answers = recording.answers(PROGRAM, DATA)
    return {name: masked(answer, MASKS) for name, answer in answers.items()}


@pytest.mark.parametrize("name", recording.ids())
def test_the_answer_is_the_recorded_one_or_the_named_one(name, found):
    if name not in found:
        message = f"{name} needs real data, which are not at {DATA}"
        pytest.fail(message) if os.environ.get("CI") == "true" else pytest.skip(message)
    assert name in ORIGINAL, f"{name} was never recorded: record.py with the binary of then"
    expected = INSTEAD.get(name, ORIGINAL[name])
    exact = same_vectors(stored("machine.json"))
    assert agree(expected, found[name], exact), f"{name}\nexpected: {shown(expected)}\nfound: {shown(found[name])}"


def shown(answer):
    return json.dumps(answer, indent=1, ensure_ascii=False)


def test_every_difference_has_a_name_a_reason_and_an_answer_that_differs():
    named = [name for entry in NAMED for name in entry["ids"]]
    assert [name for name, times in collections.Counter(named).items() if times > 1] == [], "named twice"
    assert set(named) == set(INSTEAD), "record.py --differences writes an answer for each id that is named"
    for entry in NAMED:
        assert len(entry["name"]) > 5 and len(entry["reason"]) > 20, entry
        same = [name for name in entry["ids"] if agree(ORIGINAL[name], INSTEAD[name], exact=True)]
        assert not same, f"{same} no longer differ: take them off `{entry['name']}`"


def test_there_are_sixty_command_lines_and_a_hundred_and_forty_requests_and_each_is_recorded():
    lines, requests = stored("answers-cli.json"), stored("answers-http.json")
    assert len(lines) >= 60 and len(requests) >= 140
    assert set(ORIGINAL) == set(recording.ids())


def test_every_error_code_stands_in_the_recording():
    told = {code for answer in stored("answers-http.json").values()
            for code in re.findall(r'"code":"(\w+)"', json.dumps(answer["body"]).replace('\\"', '"'))}
    assert told == CODES


def test_every_route_stands_in_the_recording():
    asked = set()
    for scene in recording.questions("http"):
        for _, method, target, *_ in scene["requests"]:
            path = target.split("?")[0]
            path = re.sub(r"^/docs/.+", "/docs/{file}", path)
            asked.add(f"{method} " + re.sub(r"(/v1/(?:users|items|jobs|models)/)[^/]+", r"\1{}", path))
    assert set(ROUTES) <= asked


def test_every_exit_code_stands_in_the_recording():
    assert {answer["exit"] for answer in stored("answers-cli.json").values()} == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize("mask", MASKS, ids=[mask[0] for mask in MASKS])
def test_every_mask_hides_something_and_says_why(mask):
    pattern, instead, reason = mask
    name = re.search(r"(?<!g)<[^>\\]+>", instead).group()
    assert name in json.dumps(ORIGINAL, ensure_ascii=False) and len(reason) > 5


def test_a_changed_byte_is_seen():
    for name, answer in ORIGINAL.items():
        for part, value in answer.items():
            other = [*value, "x"] if isinstance(value, list) else {**value, "x": "y"} if isinstance(value, dict) else -1
            assert not agree(answer, {**answer, part: other}, exact=False), f"{name}: {part}"
    numbers = {"exit": 0, "stdout": ['{"score":4.25,"rank":5}'], "stderr": [""]}
    for text, exact, same in [("4.250001", False, True), ("4.250001", True, False), ("4.26", False, False)]:
        near = {**numbers, "stdout": [numbers["stdout"][0].replace("4.25", text)]}
        assert agree(numbers, near, exact) is same


def test_the_recording_is_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 512 * 1024
