"""Runs foretaste's models and their rivals side by side, one thread each; writes RESULTS.md's tables and a plot. README.md says what is measured."""

import argparse
import os
import platform
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import curve
import data
from contenders import Foretaste, Peer, Times

HERE = Path(__file__).resolve().parent
PARTS = ["ials", "curve", "lists", "ease", "item_knn", "search", "gibbs", "large", "million"]
FACTORS = [64, 128, 256]
LIMIT = 10
# Lines of the plot and ways of foretaste.
SOLVERS = {"foretaste": "exact", "foretaste, CG": "cg"}
# Generated positives, users and items.
LARGE = 20_000_000, 138_493, 26_744
MILLION = 10_000_000, 100_000, 1_000_000
# With the defaults' weights a hundred thousand users who did not take an item press its factors to nothing.
SETTINGS = "epochs=3 unobserved_weight=0.01 regularization=0.001"


def arguments():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--data", type=Path, default=os.environ.get("FORETASTE_TEST_DATA"), help="folder that holds ml-1m [default: $FORETASTE_TEST_DATA]")
    parser.add_argument("--parts", default=",".join(PARTS), help="which of %(default)s")
    parser.add_argument("--turns", type=int, default=5, help="turns of each contender, of which the median counts")
    parser.add_argument("--rows", default="26744,1000000", help="numbers of vectors to search")
    parser.add_argument("--out", type=Path, default=HERE / "out", help="folder for the table and the plot")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache", help="folder for what is made on the way")
    args = parser.parse_args()
    if not args.data:
        parser.error("give the folder that holds ml-1m with --data or FORETASTE_TEST_DATA")
    return args


class Bench:
    def __init__(self, args):
        self.args, self.cache = args, args.cache
        self.table, self.matrix, self.positives = data.movielens(args.data, args.cache)
        self.ours, self.peer = Foretaste(self.table), Peer()
        self.peer.do("matrix", file=str(self.matrix))
        self.limits = self.ours.ask("machine")
        self.text = []

    def say(self, text=""):
        print(text, flush=True)
        self.text.append(text)

    def rows(self, head, rows):
        lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
        self.say("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines) + "\n")

    def machine(self):
        model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
        limits = self.limits
        self.say(f"{model}; one core at most {limits['f32_gflops']:.0f} GFLOP/s in float32, {limits['f64_gflops']:.0f} in float64, reads {limits['memory_gb_s']:.0f} GB/s from memory.\n")
        for lib in self.peer.do("kernel"):
            self.say(f"- rivals' {lib['internal_api']} {lib['version']}: kernel {lib['architecture']}, {lib['num_threads']} thread")
        self.say()

    def flops(self, factors):
        """Of the least work of exact solutions known here: r^2 l + r^3 / 3 for each user and item."""
        total = 0
        for axis in (0, 1):
            counts = np.diff(self.positives.tocsr().indptr if axis == 0 else self.positives.tocsc().indptr)
            small, large = np.minimum(counts, factors), np.maximum(counts, factors)
            total += float(np.sum(small.astype(float) ** 2 * large + small.astype(float) ** 3 / 3))
        return total

    def ials(self):
        self.say(f"## iALS, one epoch of MovieLens 1M\n\n{self.positives.nnz:,} positives of {self.positives.shape[0]:,} users and {self.positives.shape[1]:,} items; CPU milliseconds.\n")
        rows = []
        for factors in FACTORS:
            def ours(solver="exact"):
                steps = self.ours.ask(f"fit ials factors={factors} epochs=3 solver={solver}")["steps"]
                ends = dict((round(done * 7), took) for done, took in steps if abs(done * 7 - round(done * 7)) < 1e-9)
                return (ends[6] - ends[2]) / 2

            def rival(cg):
                ends = self.peer.do("als", factors=factors, cg=cg, epochs=2, alpha=40.0, regularization=0.01)
                return ends[1] - ends[0]

            turns = self.args.turns if factors < 256 else min(self.args.turns, 3)
            times = Times().take(turns, {"foretaste": ours, "steps": lambda: ours("cg"), "cg": lambda: rival(True), "cholesky": lambda: rival(False)}, warm_up=factors == 64)
            one, steps, cg, cholesky = (times.median(name) for name in ("foretaste", "steps", "cg", "cholesky"))
            share = self.flops(factors) / one / 1e9 / self.limits["f32_gflops"]
            read = 8 * self.positives.nnz * factors / steps / 1e9 / self.limits["memory_gb_s"]
            rows.append([factors, f"{1e3 * one:.0f}", f"{1e3 * cholesky:,.0f}", f"{cholesky / one:.1f}", f"{share:.0%}", f"{1e3 * steps:.0f}", f"{1e3 * cg:.0f}", f"{cg / steps:.1f}", f"{read:.0%}", f"{times.spread():.0%}"])
        self.rows(["factors", "foretaste", "implicit, Cholesky", "ratio", "of the core's float32 rate", "foretaste, CG", "implicit, CG", "ratio", "of memory's rate", "noise"], rows)

    def curve(self):
        self.say("## iALS on implicit's objective\n\nLoss of both by one function in float64; both from the start of the fit to the end of the last solution, the same first item\nfactors. A fit of foretaste solves for the users once more behind its last epoch, which is counted; with `solver=cg` that one\nis exact too.\n")
        rows, panels, shape = [], [], self.positives.shape
        start, out = self.cache / "start.f32", self.cache / "factors.f32"
        for factors, alpha, regularization, epochs in ((128, 40.0, 0.01, 8), (128, 10.0, 1.0, 8), (64, 40.0, 0.01, 8)):
            self.ours.ask(f"start {shape[1]} {factors} 0 {start}")
            settings = f"factors={factors} frequency_exponent=0 unobserved_weight={1 / (alpha - 1)!r} regularization={regularization / alpha!r} seed=0"
            scale = np.sqrt(alpha / (alpha - 1))
            curves = {name: [] for name in SOLVERS}
            for epoch in range(1, epochs + 1):
                for name, solver in SOLVERS.items():
                    took = sorted(self.ours.ask(f"fit ials epochs={epoch} solver={solver} {settings}")["steps"][-1][1] for _ in range(self.args.turns))
                    self.ours.ask(f"factors {out}")
                    curves[name].append((took[len(took) // 2], curve.loss(self.positives, *curve.factors(out, shape, factors, scale), alpha, regularization)))
            for name, cg, count in (("implicit, CG", True, 3 * epochs), ("implicit, Cholesky", False, 4 if factors > 64 else epochs)):
                runs = [self.peer.do("als", factors=factors, cg=cg, epochs=count, alpha=alpha, regularization=regularization, start=str(start), out=str(out)) for _ in range(3 if cg else 1)]
                seconds = np.median(np.array(runs), axis=0)
                curves[name] = [(float(second), curve.loss(self.positives, *curve.factors(f"{out}.{at + 1}", shape, factors), alpha, regularization)) for at, second in enumerate(seconds)]
            for name, solver in SOLVERS.items():
                ratios = curve.below(curves[name], curves["implicit, CG"])
                for epoch, ((took, found), ratio) in enumerate(zip(curves[name], ratios, strict=True), 1):
                    rows.append([f"{factors}, {alpha:g}, {regularization:g}", solver, epoch, f"{took:.2f}", f"{found:,.0f}", f"{found / ratio:,.0f}", f"{ratio:.4f}"])
            panels.append((f"{factors} factors, alpha {alpha:g}, regularization {regularization:g}", curves))
        self.rows(["factors, alpha, regularization", "solver", "epochs", "CPU s", "foretaste's loss", "CG's at that time", "ratio"], rows)
        curve.draw(panels, self.args.out / "ials-loss.svg")
        curve.draw(panels, self.args.out / "ials-loss.png")

    def lists(self):
        users, items = self.positives.shape
        self.say(f"## The {LIMIT} best items for all {users:,} users, their own left out\n\nThe same factors for both; users a CPU second.\n")
        rows, out = [], self.cache / "lists.u32"
        for factors in FACTORS:
            self.ours.ask(f"fit ials factors={factors} epochs=2")
            self.ours.ask(f"factors {self.cache / 'factors.f32'}")
            self.peer.do("give", factors_file=str(self.cache / "factors.f32"), factors=factors)
            times = Times().take(self.args.turns, {
                "foretaste": lambda: self.ours.ask(f"lists {LIMIT} {out}.ours")["cpu"],
                "implicit": lambda: self.peer.do("lists", limit=LIMIT, out=f"{out}.rival"),
                "alone": lambda: self.ours.ask(f"alone {LIMIT} {out}.alone")["cpu"],
            })
            ours, alone, rival = (np.fromfile(f"{out}.{name}", np.uint32) for name in ("ours", "alone", "rival"))
            assert np.array_equal(ours, alone), "lists of many differ from those of each"
            one = times.median("foretaste")
            share = 2 * users * items * factors / one / 1e9 / self.limits["f32_gflops"]
            rows.append([factors, f"{users / one:,.0f}", f"{users / times.median('implicit'):,.0f}", f"{times.median('implicit') / one:.1f}", f"{users / times.median('alone'):,.0f}", f"{share:.0%}", f"{np.mean(ours == rival):.4%}", f"{times.spread():.0%}"])
        self.rows(["factors", "foretaste", "implicit", "ratio", "foretaste, a request each", "of the core's float32 rate", "places alike", "noise"], rows)

    def ease(self):
        penalty = 500
        self.say("## EASE, end to end\n\nFrom the sparse matrix to the weights; CPU seconds.\n")
        rivals = {f"{solver} {precision}": (lambda p=precision, s=solver: self.peer.do("ease", penalty=penalty, precision=p, solver=s)[0]) for precision in ("float64", "float32") for solver in ("inv", "potrf")}
        times = Times().take(self.args.turns, {"foretaste": lambda: self.ours.ask(f"fit ease lambda={penalty}")["cpu"], **rivals})
        one, items = times.median("foretaste"), self.positives.shape[1]
        names = {"inv": "scipy's sparse Gram matrix, numpy.linalg.inv", "potrf": "the same, LAPACK's potrf and potri"}
        rows = [["foretaste, float64", f"{one:.2f}", ""]]
        rows += [[f"{names[name.split()[0]]}, {name.split()[1]}", f"{times.median(name):.2f}", f"{times.median(name) / one:.1f}"] for name in rivals]
        self.rows(["", "CPU s", "ratio"], rows)
        self.say(f"The inverse alone, {items:,}³ multiply-adds at the core's float64 rate: {2 * items**3 / 2 / self.limits['f64_gflops'] / 1e9:.2f} s. Noise {times.spread():.0%}.\n")

    def item_knn(self):
        self.say("## Item-kNN, fit\n\nCosine, 100 neighbours; CPU seconds.\n")
        times = Times().take(self.args.turns, {
            "foretaste": lambda: self.ours.ask("fit item_knn neighbours=100 shrink=0")["cpu"],
            "implicit": lambda: self.peer.do("item_knn", neighbours=100),
        })
        one, rival = times.median("foretaste"), times.median("implicit")
        sums = int(np.sum(np.diff(self.positives.indptr).astype(np.int64) ** 2))
        share = sums / (self.limits["f32_gflops"] / 64 * 1e9) / one
        self.rows(["foretaste", "implicit", "ratio", "of a store a cycle", "noise"], [[f"{one:.3f}", f"{rival:.3f}", f"{rival / one:.1f}", f"{share:.0%}", f"{times.spread():.0%}"]])
        self.say(f"{sums:,} products are added, each to a number in the first cache; the core stores one a cycle.\n")

    def search(self):
        self.say("## The 10 best of many vectors of 128 numbers\n\nNormal vectors of equal length, 64 queries one after the other or together; CPU microseconds a query.\n")
        self.searches((count, *data.gaussian(self.cache, count, 128)) for count in map(int, self.args.rows.split(",")))

    def searches(self, sets):
        rows, notes, out = [], [], self.cache / "found.u32"
        for count, vectors, queries in sets:
            self.ours.ask(f"vectors {vectors} {count} 128")
            self.peer.do("vectors", file=str(vectors), rows=count, columns=128)
            left = []

            def search(way, queries=queries, left=left):
                found = self.ours.ask(f"{way} {queries} {LIMIT} {out}.{way}")
                left.append(found["left"])
                return found["cpu"]

            own = {way: (lambda w=way: search(w)) for way in ("single", "batch", "screened")}
            others = {way: (lambda w=way: self.peer.do("search", way=w, file=str(queries), limit=LIMIT, out=f"{out}.rival")) for way in ("faiss single", "faiss batch", "implicit batch")}
            times = Times().take(self.args.turns if count < 100_000 else min(self.args.turns, 3), {**own, **others})
            found = {way: np.fromfile(f"{out}.{way}", np.uint32) for way in own}
            for way in own:
                assert np.array_equal(found[way], found["single"]), f"{way} differs from one after the other"
            micro = {name: 1e6 * times.median(name) / 64 for name in times.of}
            single, batch, screened = (micro[way] for way in own)
            compute = 2e-3 * count * 128 / self.limits["f32_gflops"]
            memory = 1e-3 * count * 128 * 4 / self.limits["memory_gb_s"]
            rows.append([f"{count:,}", "one", f"{single:,.0f}", f"faiss {micro['faiss single']:,.0f}", f"{micro['faiss single'] / single:.2f}", f"{memory / single:.0%} of memory's", f"{times.spread():.0%}"])
            rows.append([f"{count:,}", "one, screened", f"{screened:,.0f}", f"faiss {micro['faiss single']:,.0f}", f"{micro['faiss single'] / screened:.2f}", f"{memory / 4 / screened:.0%} of memory's", f"{times.spread():.0%}"])
            for rival in ("implicit batch", "faiss batch"):
                rows.append([f"{count:,}", "64 together", f"{batch:,.0f}", f"{rival.split()[0]} {micro[rival]:,.0f}", f"{micro[rival] / batch:.2f}", f"{compute / batch:.0%} of multiply-adds", f"{times.spread():.0%}"])
            alike = np.mean(found["single"] == np.fromfile(f"{out}.rival", np.uint32))
            notes.append(f"- {count:,} vectors: the screened search left {max(left)} of 64 queries to an exhaustive one; {alike:.2%} of the places are those of the rival asked last, whose sums are rounded otherwise.")
        self.rows(["vectors", "queries", "foretaste", "rival", "ratio", "share of the limit", "noise"], rows)
        self.say("\n".join(notes) + "\n")

    def gibbs(self):
        factors, few, many = 10, 10, 40
        table, users, items = data.hundred_thousand(self.args.data, self.cache)
        self.say(f"## A sweep of the Gibbs sampler\n\nTrain data of MovieLens 100K's u1, {factors} factors, users with the items that they rated and items with the users who rated them; {many} sweeps less {few}, CPU milliseconds a sweep.\n")
        self.peer.do("ratings", file=str(table), users=users, items=items)
        ours, rows = Foretaste(table), []
        for output in ("ordinal", "normal"):
            def own(sweeps, output=output):
                return ours.ask(f"fit bayesian_fm factors={factors} sweeps={sweeps} burn_in=0 samples=1 properties=false output={output}")["cpu"]

            def rival(sweeps, output=output):
                return self.peer.do("gibbs", factors=factors, sweeps=sweeps, ordinal=output == "ordinal")

            times = Times().take(self.args.turns, {"foretaste": lambda: own(many) - own(few), "myfm": lambda: rival(many) - rival(few)}, warm_up=False)
            one, other = (1e3 * times.median(name) / (many - few) for name in ("foretaste", "myfm"))
            rows.append([output, f"{one:.1f}", f"{other:.1f}", f"{other / one:.1f}", f"{times.spread():.0%}"])
        ours.close()
        self.rows(["ratings as", "foretaste", "myFM", "ratio", "noise"], rows)

    def large(self):
        table, matrix = data.generated(self.cache, *LARGE)
        self.say("## iALS, one epoch of {:,} generated positives of {:,} users and {:,} items\n\nEach once; CPU seconds. Of implicit the first epoch, less what a fit without epochs takes.\n".format(*LARGE))
        self.positives = sp.load_npz(matrix)
        self.peer.do("matrix", file=str(matrix))
        ours, rows = Foretaste(table), []
        for factors in FACTORS:
            own, rival = {}, {}
            for solver in SOLVERS.values():
                # An epoch that begins with the items; of CG the users are solved for by CG only before the last.
                count = 1 if solver == "exact" else 2
                steps = ours.ask(f"fit ials factors={factors} epochs={count} solver={solver}")["steps"]
                ends = {round(done * (2 * count + 1)): took for done, took in steps if abs(done * (2 * count + 1) - round(done * (2 * count + 1))) < 1e-9}
                own[solver] = ends[3] - ends[1]
            one = own["exact"]
            for cg in (True, False):
                before, after = (self.peer.do("als", factors=factors, cg=cg, epochs=epochs, alpha=40.0, regularization=0.01)[-1] for epochs in (0, 1))
                rival[cg] = after - before
            share = self.flops(factors) / one / 1e9 / self.limits["f32_gflops"]
            rows.append([factors, f"{one:.1f}", f"{rival[False]:.1f}", f"{rival[False] / one:.1f}", f"{share:.0%}", f"{own['cg']:.1f}", f"{rival[True]:.1f}", f"{rival[True] / own['cg']:.1f}"])
            print(rows[-1], flush=True)
        ours.close()
        self.rows(["factors", "foretaste", "implicit, Cholesky", "ratio", "of the core's float32 rate", "foretaste, CG", "implicit, CG", "ratio"], rows)

    def million(self):
        entries, users, items = MILLION
        factors, vectors, queries = (self.cache / f"million-{name}.f32" for name in ("factors", "items", "users"))
        self.say(f"## The 10 best of {items:,} items by factors of iALS\n\n128 factors, `{SETTINGS}`, on {entries:,} generated positives of {users:,} users; the factors of 64 users are the queries. CPU microseconds a query.\n")
        ours = Foretaste(data.generated(self.cache, *MILLION)[0])
        ours.ask(f"fit ials factors=128 {SETTINGS}")
        ours.ask(f"factors {factors}")
        requests = sorted(ours.ask(f"some {LIMIT} {self.cache / 'lists.u32'}.some 64")["cpu"] for _ in range(self.args.turns))
        ours.close()
        numbers = np.fromfile(factors, np.float32).reshape(-1, 128)
        numbers[users:].tofile(vectors)
        numbers[:64].tofile(queries)
        del numbers
        self.searches([(items, vectors, queries)])
        self.say(f"A request for one of these users, whole: {1e6 * requests[len(requests) // 2] / 64:,.0f} us.\n")


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    args.cache.mkdir(parents=True, exist_ok=True)
    bench = Bench(args)
    bench.machine()
    for part in args.parts.split(","):
        getattr(bench, part)()
    (args.out / "table.md").write_text("\n".join(bench.text) + "\n")


main()
