"""One source of randomness for all, and no two places that share their numbers."""

import ast
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import goalsplice
from goalsplice.agent.seeding import EVERY_ARM, generator, sequence

PACKAGE = Path(goalsplice.__file__).parent
LABELS = st.lists(st.one_of(st.text(max_size=5), st.integers(-3, 30), st.floats(0, 3)), max_size=4)


def state(*key) -> tuple[int, ...]:
    """What a source would begin with."""
    return tuple(sequence(*key).generate_state(4).tolist())


@given(LABELS, LABELS)
def test_sources_are_equal_if_and_only_if_their_labels_are(one, other):
    equal = [(type(part), part) for part in one] == [(type(part), part) for part in other]
    assert (state("onehot", 1, *one) == state("onehot", 1, *other)) == equal


def test_a_last_label_of_zero_is_not_none():
    assert len({state("onehot", 1), state("onehot", 1, 0), state("onehot", 1, 0, 0), state("onehot", 1, "")}) == 4


def test_arm_and_seed_count():
    keys = [(arm, seed, "levels") for arm in ("onehot", "integers", EVERY_ARM) for seed in (0, 1)]
    assert len({state(*key) for key in keys}) == len(keys)


def test_children_of_one_source_are_no_labelled_sources():
    children = {tuple(child.generate_state(4).tolist()) for child in sequence("onehot", 1).spawn(6)}
    assert not children & {state("onehot", 1, number) for number in range(6)}


def test_a_generator_draws_from_its_source():
    drawn = generator("onehot", 1, "levels", 3).integers(2**60, size=5)
    np.testing.assert_array_equal(
        drawn, np.random.default_rng(sequence("onehot", 1, "levels", 3)).integers(2**60, size=5)
    )


def calls():
    """Where the package asks for randomness: file, and the call."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call):
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                yield path.relative_to(PACKAGE).as_posix(), name, node


def test_nobody_else_makes_seed_sequences():
    assert {path for path, name, _ in calls() if name == "SeedSequence"} == {"agent/seeding.py"}


def test_each_place_has_labels_of_its_own():
    """The words of a call, in their order, name what is drawn; numbers and names of edits come beside them."""
    asked = []
    for path, name, node in calls():
        if path != "agent/seeding.py" and name in ("sequence", "generator"):
            words = [part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)]
            asked.append((tuple(words), path))
    words = [labels for labels, _ in asked]
    assert len(words) > 10
    assert len(set(words)) == len(words), asked
