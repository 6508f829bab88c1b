"""Linear probes: what a linear classifier reads from activations, on levels and phases that it was not fitted on.

| probe | reads | fitted on | scored on other levels and |
|---|---|---|---|
| `key_place` | where a key is | one network | the same network |
| `transferred_place` | where a key is | networks of one objective | networks of other phases, by their objective |
| `place_beyond_action` | the same, after `beyond_action` | likewise | likewise |
| `wanted_colour` | which colour is wanted | networks of all objectives | networks of other phases |

All networks look at the same observations, so that an observation by itself tells nothing of what is wanted.

The classifier is linear discriminant analysis with equal prior probabilities: class means, and one covariance within
classes, shrunk towards a multiple of the identity. It has a closed form. So has a ridge classifier, but with as many
classes as there are places it lets some mask others (Hastie et al. 2009, "The Elements of Statistical Learning",
section 4.2), and reads less.

Source: Alain and Bengio 2016, "Understanding intermediate layers using linear classifier probes"; Hewitt and Liang
2019, "Designing and Interpreting Probes with Control Tasks", for controls whose labels are drawn.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from scipy.special import softmax
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from goalsplice.agent.network import Agent, Weights
from goalsplice.agent.runs import Run
from goalsplice.agent.seeding import sequence
from goalsplice.experiments.activations import HIDDEN, INPUTS, LAYERS, LOGITS, activations, drawn_observations
from goalsplice.settings.labels import NO_CONTROL
from goalsplice.settings.sections import Probes
from goalsplice.world.observation import Encoding

LEVEL_DISTRIBUTION = "three_colours"
"""Of the levels that observations are from: the only ones whose keys have known colours."""

KEYS = 3
"""Keys of `three_colours`, of the encoding's `key_colours`: the last that `Encoding.rows` holds."""

KEY_PLACE, TRANSFERRED, BEYOND_ACTION, WANTED_COLOUR = (
    "key_place",
    "transferred_place",
    "place_beyond_action",
    "wanted_colour",
)
"""The probes."""

UNTRAINED, PERMUTED = "untrained", "permuted"
"""Controls, beside `NO_CONTROL`."""

_ROWS_OF_A_CELL = 7
"""Rows of the input table for each view cell: see `observation.rows`."""

_WITHIN, _ACROSS = 0.001, 0.1
"""Shrinkage of a probe of one network, and of one that is for other networks too. The latter must not lean on
directions in which activations hardly vary in one network, since they do in the next. Of 0.001, 0.1, 0.5 and 0.9, it is
0.1 that carries places best to later phases of the *same* objective (arm onehot, seed 3; arm integers, seed 4)."""


class Network(NamedTuple):
    """A checkpoint, and what its layers make of the common observations: see `activations`.

    Attributes:
        phase: its number, or empty for a network that was not trained.
        objective: the phase's, or empty.
        train, test: by layer, activations (n, width) on the observations that probes are fitted on and scored on.
    """

    phase: str
    objective: str
    train: dict[str, np.ndarray]
    test: dict[str, np.ndarray]


class Places(NamedTuple):
    """By colour, where the key is in the observations that probes are fitted on and scored on: see `key_places`."""

    train: dict[str, np.ndarray]
    test: dict[str, np.ndarray]


def all_probes(
    train: Sequence[Network],
    test: Sequence[Network],
    untrained: Network,
    places: Places,
    draws: int,
    generator: np.random.Generator,
) -> list[dict]:
    """All probes of some networks, and their controls.

    Args:
        train: networks that the probes for other networks are fitted on.
        test: those that they are scored on, and `key_place` is both.
        untrained: a network of the same size as it is before training.
        places: the keys', in the observations that all of them look at.
        draws: how often the phases' objectives are drawn, see `synthetic_tables`.
        generator: where they are drawn from.

    Returns:
        Rows of the probes table but for arm and seed.
    """
    halves = train, test
    beyond = [[beyond_action(network) for network in half] for half in halves]
    true = [[network.objective for network in half] for half in halves]

    def across(objectives: Sequence[Sequence[str]], layers: Sequence[str], only_wanted: bool) -> list[dict]:
        whole, rest = (
            [
                [network._replace(objective=name) for network, name in zip(half, names, strict=True)]
                for half, names in zip(view, objectives, strict=True)
            ]
            for view in (halves, beyond)
        )
        return [
            *transferred_place(*whole, places, layers, only_wanted),
            *transferred_place(*rest, places, HIDDEN, only_wanted, BEYOND_ACTION),
            *wanted_colour(*whole, layers),
        ]

    found = {
        (NO_CONTROL, 0): [*key_place(test, places), *across(true, LAYERS, False)],
        (UNTRAINED, 0): key_place([untrained], places),
    }
    # Inputs by themselves tell nothing of any objectives, drawn or not.
    layers = [layer for layer in LAYERS if layer != INPUTS]
    for draw in range(draws):
        found[PERMUTED, draw] = across([synthetic_tables(names, generator) for names in true], layers, True)
    return [{"control": control, "draw": draw, **row} for (control, draw), rows in found.items() for row in rows]


def probe_run(run: Run, settings: Probes) -> list[dict]:
    """All probes of one training run, fitted on and scored on observations that its checkpoints meet.

    Args:
        run: its checkpoints of the settings' phases.
        settings: which are fitted on and scored on, on how many observations.

    Returns:
        Rows of the probes table but for arm and seed.
    """
    recipe, encoding = run.recipe, run.recipe.world
    train_levels, test_levels, initial, labels = sequence(run.arm, run.seed, "probes").spawn(4)
    actors = [run.checkpoints[phase].actor for phase in settings.phases]
    train = drawn_observations(actors, recipe, LEVEL_DISTRIBUTION, settings.observations, train_levels)
    test = drawn_observations(actors, recipe, LEVEL_DISTRIBUTION, settings.observations // 2, test_levels)
    test = test[~np.isin(test, train)]
    inputs = [encoding.inputs_of(encoding.rows(codes)) for codes in (train, test)]

    def network(actor: Weights, phase: str = "", objective: str = "") -> Network:
        return Network(phase, objective, *(activations(actor, half) for half in inputs))

    fitted, scored = (
        [network(one.actor, str(one.phase), one.objective) for one in map(run.checkpoints.__getitem__, phases)]
        for phases in (settings.train_phases, settings.test_phases)
    )
    weights = torch.Generator().manual_seed(int(initial.generate_state(1)[0]))
    untrained = network(Agent(recipe.world.inputs, recipe.hidden_size, weights).actor.state_dict())
    places = Places(key_places(encoding, train), key_places(encoding, test))
    return all_probes(fitted, scored, untrained, places, settings.draws, np.random.default_rng(labels))


def key_places(encoding: Encoding, codes: np.ndarray) -> dict[str, np.ndarray]:
    """Where each key is, in observations of `three_colours`.

    Args:
        encoding: how they are seen.
        codes: int64 (n,).

    Returns:
        For each colour int32 (n,): the view cell, or `encoding.cells` for out of view.
    """
    rows = encoding.rows(codes)[:, -KEYS:]
    return dict(zip(encoding.key_colours, (rows.T - encoding.backgrounds) // _ROWS_OF_A_CELL, strict=True))


def synthetic_tables(objectives: Sequence[str], generator: np.random.Generator) -> list[str]:
    """Objectives for networks drawn anew: those that had one objective are shared out evenly over all objectives.

    Evenly, so that what is drawn is as frequent as what was, and says nothing of it. (Of a single network of each
    objective it says all: then the objectives stay, or change places.)
    """
    names = sorted(set(objectives))
    start = generator.integers(len(names))
    drawn = list(objectives)
    for shift, name in enumerate(names):
        own = [place for place, objective in enumerate(objectives) if objective == name]
        for number, place in enumerate(generator.permutation(own)):
            drawn[place] = names[(start + shift + number) % len(names)]
    return drawn


def beyond_action(network: Network) -> Network:
    """The network with hidden activations less what its choice of action explains of them.

    Where the wanted key is decides what to do, so a layer that held nothing but the next action would tell of the place
    too. What is taken away is the least-squares regression on the logits, the actions' probabilities and which action
    is likeliest, fitted on the observations that probes are fitted on. Other traces of the action may remain.
    """
    explained = _choice(network.train[LOGITS]), _choice(network.test[LOGITS])
    halves = {}, {}
    for layer in HIDDEN:
        weights, *_ = np.linalg.lstsq(explained[0], network.train[layer].astype(float), rcond=None)
        for half, choice, found in zip(halves, explained, (network.train, network.test), strict=True):
            half[layer] = (found[layer] - choice @ weights).astype(np.float32)
    return Network(network.phase, network.objective, *halves)


def _choice(logits: np.ndarray) -> np.ndarray:
    """What there is to know of the choice of action, and a constant: float64 (n, 22) from logits (n, 7)."""
    probabilities = softmax(logits, axis=1)
    likeliest = np.eye(logits.shape[1])[logits.argmax(axis=1)]
    return np.concatenate([logits, probabilities, likeliest, np.ones((len(logits), 1))], axis=1)


def key_place(networks: Sequence[Network], places: Places) -> list[dict]:
    """Read each key's place in each network, from each layer.

    Returns:
        Rows of the probes table but for arm, seed, control and draw; those of `inputs` are alike for all networks.
    """
    rows = []
    for layer in LAYERS:
        scores: dict[str, dict] = {}
        for network in networks:
            if layer != INPUTS or not scores:
                train, test = _centred(network, layer)
                for key in places.train:
                    predicted = _fit(train, places.train[key], _WITHIN).predict(test)
                    scores[key] = _score(predicted, places.test[key], places.train[key])
            rows += [_row(KEY_PLACE, layer, [network], [network], scores[key], key, key) for key in places.train]
    return rows


def transferred_place(
    train: Sequence[Network],
    test: Sequence[Network],
    places: Places,
    layers: Sequence[str] = LAYERS,
    only_wanted: bool = False,
    probe: str = TRANSFERRED,
) -> list[dict]:
    """Learn where a key is in the networks of one objective, and look for every key with that in other networks.

    A probe that learned the wanted key's place in blue phases is scored in purple phases against the purple key's
    place, which is wanted there, and against the blue key's, which has the colour that it learned. Each of n networks
    shows another n-th of the observations to the probe, less the network's own mean.

    Args:
        train, test: networks that probes are fitted on and scored on.
        places: the keys', in the observations that all of them look at.
        layers: which to read from.
        only_wanted: learn the place of the wanted key only, else that of each key.
        probe: what the rows are called.

    Returns:
        Rows of the probes table but for arm, seed, control and draw: for each layer, objective of `train`, key that
        the probe learned, objective of `test` and key that it is scored against.
    """
    rows = []
    for layer in layers:
        centred = {network.phase: _centred(network, layer) for network in (*train, *test)}
        for objective in _objectives(train):
            fitted = [network for network in train if network.objective == objective]
            parts = [slice(number, None, len(fitted)) for number in range(len(fitted))]
            shown = [centred[network.phase][0][part] for network, part in zip(fitted, parts, strict=True)]
            for learned in [objective] if only_wanted else places.train:
                labels = np.concatenate([places.train[learned][part] for part in parts])
                reader = _fit(np.concatenate(shown), labels, _ACROSS)
                for other in _objectives(test):
                    scored = [network for network in test if network.objective == other]
                    predicted = np.concatenate([reader.predict(centred[network.phase][1]) for network in scored])
                    for key in places.train:
                        score = _score(predicted, np.tile(places.test[key], len(scored)), labels)
                        rows.append(_row(probe, layer, fitted, scored, score, learned, key))
    return rows


def wanted_colour(train: Sequence[Network], test: Sequence[Network], layers: Sequence[str] = LAYERS) -> list[dict]:
    """Read from the activations on a single observation which objective the network was last trained on.

    All networks show the same observations to the probe, an equal share of those that there are. It is scored on
    `test`, and on the networks that it was fitted on. The latter is easy for any labels at all, since each network can
    be told from the others, and is there to show just that.

    Args:
        train, test: networks that the probe is fitted on and scored on.
        layers: which to read from.

    Returns:
        Rows of the probes table but for arm, seed, control and draw: for each layer, those of `test` and of `train`.
    """
    rows = []
    for layer in layers:
        share = len(train[0].train[layer]) // len(train)
        labels = np.repeat([network.objective for network in train], share)
        reader = _fit(np.concatenate([network.train[layer][:share] for network in train]), labels, _ACROSS)
        for scored in (test, train):
            predicted = np.concatenate([reader.predict(network.test[layer]) for network in scored])
            right = np.repeat([network.objective for network in scored], len(scored[0].test[layer]))
            rows.append(_row(WANTED_COLOUR, layer, train, scored, _score(predicted, right, labels)))
    return rows


def _objectives(networks: Sequence[Network]) -> list[str]:
    return sorted({network.objective for network in networks})


def _centred(network: Network, layer: str) -> tuple[np.ndarray, np.ndarray]:
    """Activations of both halves, less their mean on the first: what a unit does always must not count as a place."""
    mean = network.train[layer].mean(axis=0)
    return network.train[layer] - mean, network.test[layer] - mean


def _fit(features: np.ndarray, labels: np.ndarray, shrinkage: float) -> LinearDiscriminantAnalysis:
    """The classifier. Labels with one example are left out: they have no covariance."""
    _, which, counts = np.unique(labels, return_inverse=True, return_counts=True)
    several = counts[which] > 1
    classes = np.count_nonzero(counts > 1)
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage=shrinkage, priors=np.full(classes, 1 / classes))
    return model.fit(features[several], labels[several])


def _score(predicted: np.ndarray, labels: np.ndarray, learned: np.ndarray) -> dict[str, float]:
    """How often a probe that learned some labels predicts others: columns of the probes table."""
    classes, counts = np.unique(learned, return_counts=True)
    _, which = np.unique(labels, return_inverse=True)
    right = predicted == labels
    return {
        "accuracy": float(right.mean()),
        "balanced_accuracy": float((np.bincount(which, right) / np.bincount(which)).mean()),
        "majority": float((labels == classes[counts.argmax()]).mean()),
        "classes": int(np.count_nonzero(counts > 1)),
        "train_observations": len(learned),
        "test_observations": len(labels),
    }


def _row(
    probe: str,
    layer: str,
    fitted: Sequence[Network],
    scored: Sequence[Network],
    score: dict[str, float],
    learned: str = "",
    key: str = "",
) -> dict:
    def joined(values):
        return "+".join(dict.fromkeys(values))

    return {
        "probe": probe,
        "layer": layer,
        "train_phases": joined(network.phase for network in fitted),
        "train_objective": joined(network.objective for network in fitted),
        "train_key": learned,
        "test_phases": joined(network.phase for network in scored),
        "test_objective": joined(network.objective for network in scored),
        "test_key": key,
        **score,
    }
