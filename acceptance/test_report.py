"""The HTML report of `evaluate`, read in a real Chromium: light and dark, wide and as narrow as at a zoom of 400 %."""
import functools, html, http.server, json, re, shutil, subprocess, tempfile, threading

import pytest

from conftest import PROGRAM, ROOT, real_data, run
from picture import picture

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
MODELS = ["--model", "ease", "--set", "lambda=200", "--model", "ease", "--set", "lambda=50", "--model", "svd", "--set", "rank=20",
          "--model", "item_knn", "--model", "user_knn", "--model", "random_walk", "--model", "ials", "--set", "factors=16",
          "--set", "epochs=3", "--model", "bias", "--model", "scaled_svd", "--model", "slim"]

# Opens the report in frames of some widths and notes whatever a reader could trip over.
PAGE = """<!doctype html><title>page</title><pre id=out></pre><script>
const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
const light = (colour) => {
  const [r, g, b] = rgb(colour).slice(0, 3).map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a, b) => { const [x, y] = [light(a), light(b)]; return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05); };
const look = (frame, width) => {
  const page = frame.contentDocument, window = frame.contentWindow, faults = [];
  const behind = (element) => {
    for (; element; element = element.parentElement) {
      const colour = window.getComputedStyle(element).backgroundColor, parts = rgb(colour);
      if (parts.length < 4 || parts[3] > 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const root = page.documentElement;
  if (root.scrollWidth > root.clientWidth) faults.push(`the page scrolls sideways: ${root.scrollWidth} > ${root.clientWidth}`);
  let texts = 0, least = 21;
  for (const element of page.querySelectorAll("body *")) {
    const style = window.getComputedStyle(element), told = element.textContent.trim().slice(0, 40);
    const own = [...element.childNodes].some((node) => node.nodeType == 3 && node.textContent.trim());
    if (!own || ["TITLE", "DESC", "STYLE"].includes(element.tagName.toUpperCase())) continue;
    texts += 1;
    const ratio = contrast(element.ownerSVGElement ? style.fill : style.color, behind(element));
    least = Math.min(least, ratio);
    if (ratio < 4.5) faults.push(`contrast ${ratio} of ${told}`);
    const box = element.getBoundingClientRect();
    if (!element.closest(".scroll") && (box.left < -0.5 || box.right > root.clientWidth + 0.5)) faults.push(`clipped: ${told}`);
    if (["hidden", "clip"].includes(style.overflowX) && !element.ownerSVGElement) faults.push(`hidden: ${told}`);
    if (element.ownerSVGElement) {
      const outer = element.ownerSVGElement.getBoundingClientRect();
      if (box.left < outer.left - 0.5 || box.right > outer.right + 0.5 || box.top < outer.top - 0.5 || box.bottom > outer.bottom + 0.5)
        faults.push(`outside of its plot: ${told}`);
      const size = parseFloat(style.fontSize) * outer.width / element.ownerSVGElement.viewBox.baseVal.width;
      if (size < 9) faults.push(`letters of ${size} px: ${told}`);
    }
  }
  for (const box of page.querySelectorAll(".scroll")) if (!["auto", "scroll"].includes(window.getComputedStyle(box).overflowX)) faults.push("a table cannot scroll");
  const names = {};
  for (const plot of page.querySelectorAll("figure > svg")) {
    const [title, text] = plot.getAttribute("aria-labelledby").split(" ").map((id) => page.getElementById(id).textContent);
    if (!title || !text || plot.getAttribute("role") != "img") faults.push("a plot without a title");
    const labels = [...plot.querySelectorAll(".label")].map((label) => [label.textContent, label.getBoundingClientRect()]);
    names[title] = labels.map(([name]) => name);
    labels.forEach(([a, one], at) => labels.slice(0, at).forEach(([b, other]) => {
      if (one.left < other.right && other.left < one.right && one.top < other.bottom - 1 && other.top < one.bottom - 1) faults.push(`${a} over ${b} in ${title}`);
    }));
    for (const mark of plot.querySelectorAll(".mark")) {
      const style = window.getComputedStyle(mark);
      const ratio = Math.max(contrast(style.fill, behind(plot)), contrast(style.stroke, behind(plot)));
      if (ratio < 3) faults.push(`a mark of contrast ${ratio}`);
    }
  }
  for (const table of page.querySelectorAll("table")) {
    if (!table.caption?.textContent) faults.push("a table without a caption");
    if ([...table.querySelectorAll("th")].some((head) => !head.scope)) faults.push("a head without a scope");
    const columns = new Set([...table.rows].map((row) => row.cells.length));
    if (columns.size != 1) faults.push(`rows of ${[...columns]} cells`);
  }
  const tables = [...page.querySelectorAll("table")].map((table) => [table.caption.textContent, [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()))]);
  return { width, faults, texts, least, names, tables, paper: window.getComputedStyle(page.body).backgroundColor, scripts: page.scripts.length, text: page.body.innerText };
};
(async () => {
  const found = [];
  for (const width of [320, 768, 1280]) {
    const frame = document.createElement("iframe");
    frame.style = `width:${width}px;height:900px;border:0`;
    frame.src = "report.html";
    document.body.append(frame);
    await new Promise((done) => { frame.onload = done; });
    found.push(look(frame, width));
    frame.remove();
  }
  document.getElementById("out").textContent = JSON.stringify(found);
})();
</script>"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A report of models of every kind over five folds, with lists that another program made; its folder and its JSON."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    folder = tmp_path_factory.mktemp("report")
    (folder / "others' <lists>.csv").write_text("fold,user,item,rank\n" + "".join(f"{fold},3,122,1\n" for fold in range(1, 6)))
    report = run("evaluate", "demo", "--split", "folds=5", "--at", "5,10", "--lists", "others' <lists>.csv", *MODELS,
                 "--curve", "--html", "report.html", "--json", cwd=folder)
    (folder / "page.html").write_text(PAGE)
    return folder, json.loads(report)


def looked_at(folder, *flags):
    """What is found on the page in frames of each width, what was asked of the server, and what the console says."""
    asked = []

    class Noting(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Noting, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                   "--disable-component-update", "--disable-sync", f"--user-data-dir={profile}", "--virtual-time-budget=30000",
                   "--enable-logging=stderr", "--window-size=1400,1000", *flags, "--dump-dom",
                   f"http://127.0.0.1:{server.server_port}/page.html"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    server.shutdown()
    found = re.search(r"<pre id=\"out\">(.*?)</pre>", done.stdout, re.S)
    assert found and found[1], done.stdout[-2000:] + done.stderr[-2000:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return json.loads(html.unescape(found[1])), asked, console


@pytest.fixture(scope="module")
def light(made):
    return looked_at(made[0])


@pytest.fixture(scope="module")
def dark(made):
    return looked_at(made[0], "--blink-settings=preferredColorScheme=0")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_at_every_width_and_asks_for_nothing(made, scheme, request):
    is_dark, report = scheme == "dark", made[1]
    frames, asked, console = request.getfixturevalue(scheme)
    assert [frame["width"] for frame in frames] == [320, 768, 1280]
    for frame in frames:
        assert frame["faults"] == [], frame["width"]
        assert frame["scripts"] == 0 and frame["texts"] > 200 and frame["least"] >= 4.5
        assert (sum(map(int, re.findall(r"\d+", frame["paper"])[:3])) < 200) is is_dark, frame["paper"]
    assert set(asked) <= {"/page.html", "/report.html", "/favicon.ico"} and console == []
    everyone = {f"{nth} {model['model']}" for nth, model in enumerate(report["models"], 1)}
    for title, names in frames[0]["names"].items():
        missing = everyone - set(names)
        if "cost" in title:
            missing -= {f"{nth} {model['model']}" for nth, model in enumerate(report["models"], 1) if model["fit_cpu_seconds"] is None}
        if "share" in title:
            missing -= {f"{nth} {model['model']}" for nth, model in enumerate(report["models"], 1) if "curve" not in model}
        if "RMSE" not in title:
            assert missing == set(), title
    assert len(frames[0]["names"]) == 7


def test_the_tables_have_the_figures_of_the_report(made, light):
    report, (frames, _, _) = made[1], light
    tables = dict(frames[0]["tables"])
    for k in (5, 10):
        head, *rows = tables[f"Lists of {k}"]
        assert len(rows) == len(report["models"])
        for row, model in zip(rows, report["models"]):
            shown = dict(zip(head, row))
            assert shown["recall"] == f"{model['metrics'][f'recall@{k}']:.4f}"
            ndcg = f"{model['metrics'][f'ndcg@{k}']:.4f}"
            if k == 5:
                ndcg += f"{model['interval']['low']:.4f} to {model['interval']['high']:.4f}"
            assert shown["nDCG"] == ndcg
    head, *rows = tables["nDCG@5 by rows of the user in the training data"]
    assert [re.findall(r"\d[\d,]*", text)[-1] for text in head[1:]] == [f"{group['users']:,}" for group in report["activity"]]
    for row, model in zip(rows, report["models"]):
        assert row[1:] == [f"{figure:.4f}" for figure in model["by_activity"]]
    _, *rows = tables["nDCG@5 by fold"]
    for row, model in zip(rows, report["models"]):
        assert row[1:] == [f"{fold['ndcg@5']:.4f}" for fold in model["by_fold"]]
    head, *rows = tables["nDCG@5 by share of each user's training rows"]
    assert head == ["model", "10 %", "30 %", "100 %"]
    fitted = [model for model in report["models"] if model["model"] != "lists"]
    for row, model in zip(rows, fitted, strict=True):
        assert row[1:] == [f"{point['metrics']['ndcg@5']:.4f}" for point in model["curve"]]
    text = frames[0]["text"]
    assert report["data_hash"] in text and report["command"] in text and report["foretaste_version"] in text
    assert "lists of others' <lists>.csv" in text


def test_groups_of_activity_and_intervals_are_those_of_the_users(made):
    _, report = made
    groups = report["activity"]
    assert sum(group["users"] for group in groups) == report["users"]
    assert all(low["most"] < high["least"] for low, high in zip(groups, groups[1:]))
    for model in report["models"]:
        # Of folds with nearly as many users each, the mean over all is nearly the mean of the folds.
        mean = sum(group["users"] * figure for group, figure in zip(groups, model["by_activity"])) / report["users"]
        assert mean == pytest.approx(model["metrics"]["ndcg@5"], abs=2e-3)
        interval = model["interval"]
        assert interval["metric"] == "ndcg@5" and interval["low"] <= model["metrics"]["ndcg@5"] <= interval["high"]


def test_a_learning_curve_ends_at_the_figures_of_all_data_and_is_the_same_again(made):
    folder, report = made
    for model in report["models"]:
        if model["model"] == "lists":
            assert "curve" not in model
            continue
        assert [point["share"] for point in model["curve"]] == [0.1, 0.3, 1.0]
        assert model["curve"][-1]["metrics"] == model["metrics"]
        assert len({point["metrics"]["ndcg@5"] for point in model["curve"]}) == 3
    (folder / "report.json").write_text(json.dumps(report))
    again = json.loads(run("evaluate", "--repeat", "report.json", cwd=folder))
    assert again == report
    told = run("evaluate", "demo", "--model", "svd", "--set", "rank=5", "--curve").split("ndcg@10 by share of each user's training rows\n")
    alone = json.loads(run("evaluate", "demo", "--model", "svd", "--set", "rank=5", "--curve", "--json", "--threads", 1))
    figures = [f"{point['metrics']['ndcg@10']:.4f}" for point in alone["models"][0]["curve"]]
    assert told[1].splitlines()[1].split() == ["1", *figures]


@pytest.mark.parametrize("protocol", ["p1", "p2", "p15", "p16"])
def test_a_protocol_states_its_definition_everywhere(protocol, tmp_path):
    data = real_data("ml-100k")
    model = "bias" if protocol in ("p1", "p2") else "content" if protocol == "p16" else "popularity"
    asked = ["evaluate", data, "--protocol", protocol, "--time-column", 4, "--model", model, "--html", tmp_path / "report.html"]
    definition = json.loads(run(*asked, "--json"))["definition"]
    assert len(definition) > 80 and f"{protocol}: {definition}\n" in run(*asked)
    page = html.unescape((tmp_path / "report.html").read_text())
    assert f"<strong>{protocol}</strong>: {definition}\n" in page and "<h1>Evaluation by protocol" in page


def test_the_picture_in_the_readme_is_of_a_report():
    words = [re.sub(r"(0\.\d\d)\d\d$", r"\1", word) for word in re.findall(r"<text[^>]*>([^<]*)</text>", picture(PROGRAM))]
    kept = (ROOT / "docs" / "report.svg").read_text()
    told = [re.sub(r"(0\.\d\d)\d\d$", r"\1", word) for word in re.findall(r"<text[^>]*>([^<]*)</text>", kept)]
    assert told == words, "make it again: .venv/bin/python acceptance/picture.py target/ci/foretaste > docs/report.svg"
    assert len(kept) < 30_000 and "docs/report.svg" in (ROOT / "README.md").read_text()
