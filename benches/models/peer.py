"""The rivals, in a process of their own: a line of JSON in, a line of JSON out. CPU seconds of the process throughout."""

import contextlib
import io
import json
import sys
import time

import numpy as np
import scipy.linalg
import scipy.sparse as sp

STATE = {}


def clock():
    return time.process_time()


def matrix(file):
    STATE["matrix"] = sp.csr_matrix(sp.load_npz(file).astype(np.float32))


def kernel():
    import faiss  # noqa: F401
    import implicit  # noqa: F401
    from threadpoolctl import threadpool_info

    np.ones((64, 64)) @ np.ones((64, 64))
    return [{key: lib.get(key) for key in ("internal_api", "version", "architecture", "num_threads")} for lib in threadpool_info()]


def als(factors, cg, epochs, alpha, regularization, start=None, out=None):
    """implicit's ALS; CPU seconds from the start of the fit to the end of each epoch."""
    from implicit.cpu.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=factors, alpha=alpha, regularization=regularization, iterations=epochs, use_cg=cg, num_threads=1, random_state=0)
    counts = STATE["matrix"]
    if start:
        model.item_factors = np.fromfile(start, np.float32).reshape(counts.shape[1], factors) * np.float32(np.sqrt(alpha / (alpha - 1)))
        model.user_factors = (np.random.default_rng(0).random((counts.shape[0], factors), np.float32) - np.float32(0.5)) * np.float32(0.01)
    ends, spent = [], 0.0

    def end(*_):
        nonlocal spent
        now = clock()
        ends.append(now - begun - spent)
        if out:
            np.concatenate([model.user_factors.ravel(), model.item_factors.ravel()]).tofile(f"{out}.{len(ends)}")
        spent += clock() - now

    begun = clock()
    model.fit(counts, show_progress=False, callback=end)
    STATE["model"] = model
    # Without epochs: what comes before the first.
    return ends or [clock() - begun]


def give(factors_file, factors):
    """Puts factors made elsewhere into implicit's model."""
    from implicit.cpu.als import AlternatingLeastSquares

    users, items = STATE["matrix"].shape
    numbers = np.fromfile(factors_file, np.float32)
    model = AlternatingLeastSquares(factors=factors, num_threads=1)
    model.user_factors = numbers[: users * factors].reshape(users, factors).copy()
    model.item_factors = numbers[users * factors :].reshape(items, factors).copy()
    STATE["model"] = model


def lists(limit, out):
    users = np.arange(STATE["matrix"].shape[0])
    begun = clock()
    ids, _ = STATE["model"].recommend(users, STATE["matrix"], N=limit, filter_already_liked_items=True)
    took = clock() - begun
    ids.astype(np.uint32).tofile(out)
    return took


def item_knn(neighbours):
    from implicit.nearest_neighbours import CosineRecommender

    begun = clock()
    CosineRecommender(K=neighbours, num_threads=1).fit(STATE["matrix"], show_progress=False)
    return clock() - begun


def ease(penalty, precision, solver, out=None):
    x = STATE["matrix"].astype(precision)
    begun = clock()
    gram = (x.T @ x).toarray()
    gram_took = clock() - begun
    gram[np.diag_indices_from(gram)] += gram.dtype.type(penalty)
    if solver == "inv":
        inverse = np.linalg.inv(gram)
    else:
        name = "d" if precision == "float64" else "s"
        potrf, potri = (getattr(scipy.linalg.lapack, name + routine) for routine in ("potrf", "potri"))
        factor, failed = potrf(gram, lower=1, overwrite_a=1)
        inverse, failed = potri(factor, lower=1, overwrite_c=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
    weights = inverse / -np.diag(inverse)
    weights[np.diag_indices_from(weights)] = 0
    took = clock() - begun
    return [took, gram_took]


def ratings(file, users, items):
    STATE["ratings"] = np.loadtxt(file, delimiter=",", skiprows=1, dtype=np.int64), users, items


def gibbs(factors, sweeps, ordinal):
    """myFM: users with the items that they rated and items with the users who rated them as relation blocks, as its examples have them."""
    import myfm

    (user, item, rating), users, items = STATE["ratings"][0].T, *STATE["ratings"][1:]
    taken = sp.csr_matrix((np.ones(len(user)), (user, item)), shape=(users, items))
    shares = [sp.diags(1 / np.sqrt(np.maximum(m.getnnz(axis=1), 1))) @ m for m in (taken, taken.T.tocsr())]
    blocks = [myfm.RelationBlock(ids, sp.hstack([sp.eye(count), share]).tocsr()) for ids, count, share in ((user, users, shares[0]), (item, items, shares[1]))]
    model = (myfm.MyFMOrderedProbit if ordinal else myfm.MyFMRegressor)(rank=factors, random_seed=0)
    target = rating - 1 if ordinal else rating.astype(float)
    begun = clock()
    # Its bar of progress.
    with contextlib.redirect_stderr(io.StringIO()):
        model.fit(sp.csr_matrix((len(user), 0)), target, X_rel=blocks, n_iter=sweeps, n_kept_samples=1, group_shapes=[users, items, items, users])
    return clock() - begun


def vectors(file, rows, columns):
    import faiss

    faiss.omp_set_num_threads(1)
    STATE["vectors"] = np.fromfile(file, np.float32).reshape(rows, columns)
    STATE["index"] = faiss.IndexFlatIP(columns)
    STATE["index"].add(STATE["vectors"])


def search(way, file, limit, out):
    queries = np.fromfile(file, np.float32).reshape(-1, STATE["vectors"].shape[1])
    ids = np.empty((len(queries), limit), np.uint32)
    begun = clock()
    if way == "faiss batch":
        _, ids = STATE["index"].search(queries, limit)
    elif way == "faiss single":
        for at in range(len(queries)):
            ids[at] = STATE["index"].search(queries[at : at + 1], limit)[1]
    elif way == "implicit batch":
        from implicit.cpu.topk import topk

        ids, _ = topk(STATE["vectors"], queries, limit, num_threads=1)
    took = clock() - begun
    ids.astype(np.uint32).tofile(out)
    return took


def main():
    for line in sys.stdin:
        asked = json.loads(line)
        print(json.dumps(globals()[asked.pop("do")](**asked)), flush=True)


main()
