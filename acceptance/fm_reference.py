"""The Bayesian factorisation machine by the plainest Gibbs sampler, with numpy alone: a dense matrix of features, no caches.

Priors and conditional distributions are those of Rendle, "Factorization machines with libFM", 2012, section 4.3, with all
hyperparameters 1 (the priors of means and precisions) and ratings less their mean, over their deviation.
"""
import numpy as np


def features(users, items, shape):
    """Rows of features of pairs: user, items rated, item, users who rated; and the group of each feature."""
    seen = np.zeros(shape)
    seen[users, items] = 1
    rated = seen / np.sqrt(np.maximum(seen.sum(1, keepdims=True), 1))
    rating = (seen / np.sqrt(np.maximum(seen.sum(0, keepdims=True), 1))).T
    (n, m), groups = shape, np.repeat([0, 1, 2, 3], [shape[0], shape[1], shape[1], shape[0]])
    every = np.array([(u, i) for u in range(n) for i in range(m)])
    x = np.hstack([np.eye(n)[every[:, 0]], rated[every[:, 0]], np.eye(m)[every[:, 1]], rating[every[:, 1]]])
    return x, groups


def score(x, w0, w, v):
    return w0 + x @ w + 0.5 * ((x @ v) ** 2 - (x * x) @ (v * v)).sum(1)


def posterior_mean(users, items, ratings, shape, factors, sweeps, burn_in, seed):
    """The mean over the sampler's states of the score of every user and item."""
    rng, (every, groups) = np.random.default_rng(seed), features(users, items, shape)
    x, mean, deviation = every[users * shape[1] + items], ratings.mean(), ratings.std()
    y, w0, w = (ratings - mean) / deviation, 0.0, np.zeros(every.shape[1])
    v = 0.1 * rng.normal(size=(len(w), factors))
    columns = factors + 1
    mu, lam = np.zeros((4, columns)), np.full((4, columns), 1e-5)
    total = np.zeros(len(every))
    for sweep in range(sweeps):
        error = y - score(x, w0, w, v)
        noise = rng.gamma((1 + len(y)) / 2, 2 / (1 + error @ error))
        precision = noise * len(y) + 1
        w0 = rng.normal(noise * (error + w0).sum() / precision, precision**-0.5)
        for g in range(4):
            for c in range(columns):
                theta = w[groups == g] if c == 0 else v[groups == g, c - 1]
                lam[g, c] = rng.gamma((1 + len(theta)) / 2, 2 / (1 + ((theta - mu[g, c]) ** 2).sum()))
                mu[g, c] = rng.normal(theta.sum() / (1 + len(theta)), (lam[g, c] * (1 + len(theta))) ** -0.5)
        for c in range(columns):
            for j in range(len(w)):
                slope = x[:, j] if c == 0 else x[:, j] * (x @ v[:, c - 1] - x[:, j] * v[j, c - 1])
                error, old = y - score(x, w0, w, v), w[j] if c == 0 else v[j, c - 1]
                precision = lam[groups[j], c] + noise * slope @ slope
                linear = lam[groups[j], c] * mu[groups[j], c] + noise * slope @ (error + slope * old)
                new = rng.normal(linear / precision, precision**-0.5)
                w[j], v[j, c - 1] = (new, v[j, c - 1]) if c == 0 else (w[j], new)
        total += score(every, w0, w, v) * (sweep >= burn_in)
    return mean + deviation * (total / (sweeps - burn_in)).reshape(shape)
