"""Models of sequences in NumPy and float64, from their formulae, by loops: sequences are lists of items `0..n`, oldest first."""
import numpy as np


def sequential_rules(sequences, n, window=20, decay=.85, history_decay=.8, history_exponent=.5, candidate_exponent=.25):
    """Ludewig, Jannach, UMUAI 28, 2018, section 3.1, with geometric decay: a function from a history to the scores of all items."""
    rules, users = np.zeros((n, n)), np.zeros(n)
    for sequence in sequences:
        for later, item in enumerate(sequence):
            users[item] += 1
            for earlier in range(max(0, later - window), later):
                rules[sequence[earlier], item] += decay ** (later - earlier - 1)
    rules *= np.maximum(users, 1)[:, None] ** -history_exponent * np.maximum(users, 1) ** -candidate_exponent
    return lambda history: sum(history_decay ** k * rules[item] for k, item in enumerate(history[::-1][:window]))


def decayed(history, n, decay, forgotten=.01):
    """What is left of each item of a history: decay^places, the latest item 1; less than `forgotten` is nothing."""
    left = np.zeros(n)
    for places, item in enumerate(history[::-1]):
        left[item] = decay ** places if decay ** places >= forgotten else 0
    return left


def two_scale_linear(sequences, n, decays=(.6, .95), penalties=(100, 400), target_decay=.6, targets=6):
    """Ridge regression of decayed next items on decayed histories of two scales; a function as above.

    A linear model of item sequences in closed form as in Choi, Kim, Lee, Shim, Lee, Lee, WWW 2021, section 4."""
    def features(history):
        return np.concatenate([decayed(history, n, decay) for decay in decays])
    gram, with_targets = np.zeros((2 * n, 2 * n)), np.zeros((2 * n, n))
    for sequence in sequences:
        for now in range(1, len(sequence)):
            next_items = np.zeros(n)
            for ahead, item in enumerate(sequence[now:now + targets]):
                next_items[item] = target_decay ** ahead
            known = features(sequence[:now])
            gram += np.outer(known, known)
            with_targets += np.outer(known, next_items)
    weights = np.linalg.solve(gram + np.diag(np.repeat(penalties, n)), with_targets)
    return lambda history: features(history) @ weights
