"""Two plots of a real report as one SVG, for the README: .venv/bin/python acceptance/picture.py PROGRAM > docs/report.svg"""
import pathlib, re, subprocess, sys, tempfile

COMMAND = ["evaluate", "demo", "--model", "ease", "--set", "lambda=200", "--model", "svd", "--set", "rank=20", "--model", "item_knn",
           "--model", "user_knn", "--model", "slim", "--model", "ials", "--set", "factors=16"]
SHOWN, GAP, TOP = ["intervals", "coverage"], 40, 44


def picture(program):
    """The plots of a report with its style, side by side, without what depends on time."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, *COMMAND, "--html", "report.html"], check=True, capture_output=True, cwd=folder)
        page = pathlib.Path(folder, "report.html").read_text()
    style = re.search(r"<style>\n(.*?)</style>", page, re.S)[1].replace(":root", "svg.page").replace("@media print", "@media not all")
    panels, x, tallest = [], 24, 0
    for name in SHOWN:
        plot = re.search(rf'<svg viewBox="0 0 (\d+) (\d+)" role="img" aria-labelledby="{name}-t {name}-d"><title[^>]*>(.*?)</title><desc.*?</desc>(.*?)</svg>', page, re.S)
        width, height, title, drawn = int(plot[1]), int(plot[2]), plot[3], plot[4]
        panels.append(f'<text class="name" x="{x}" y="28">{title}</text>\n<svg x="{x}" y="{TOP}" width="{width}" height="{height}" '
                      f'viewBox="0 0 {width} {height}">{drawn}</svg>')
        x, tallest = x + width + GAP, max(tallest, height)
    width, height = x - GAP + 24, TOP + tallest + 12
    return (f'<svg xmlns="http://www.w3.org/2000/svg" class="page" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">'
            f'<title>nDCG of some models on the demo, with intervals and coverage</title>\n<style>\n{style}'
            'svg.page{font-family:system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}.page .name{font-size:15px;font-weight:600}\n'
            f'.page .paper{{fill:var(--paper)}}\n</style>\n<rect class="paper" width="{width}" height="{height}" rx="8"/>\n' + "\n".join(panels) + "\n</svg>\n")


if __name__ == "__main__":
    sys.stdout.write(picture(pathlib.Path(sys.argv[1]).resolve()))
