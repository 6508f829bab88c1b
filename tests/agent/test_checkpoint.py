"""A checkpoint comes back as it was, or is refused with one sentence."""

import dataclasses
import json

import pytest
import torch
from safetensors.torch import load, save_file

from goalsplice.agent.checkpoint import Header, content_digest, load_checkpoint, read, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.io.errors import StudyError


@pytest.fixture
def saved(tmp_path, recipe, arm):
    """A checkpoint's path, its agent and its header."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(1))
    header = Header(arm, 99, 3, "purple", recipe.encoding, recipe.digest())
    path = tmp_path / "phase=03.safetensors"
    save_checkpoint(path, agent, header)
    return path, agent, header


def test_round_trip(saved, recipe, arm):
    path, agent, header = saved
    loaded, found = load_checkpoint(path, recipe, arm=arm, seed=99, phase=3)
    assert found == header
    for name, tensor in agent.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor)


def test_it_is_small_and_the_same_bytes_each_time(saved, tmp_path):
    path, agent, header = saved
    assert path.stat().st_size < 1_000_000, "Snakemake compares files above 1 MB by time only"
    save_checkpoint(tmp_path / "again.safetensors", agent, header)
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(("field", "value"), [("arm", "other"), ("seed", 1), ("phase", 4)])
def test_another_run_is_refused_by_name(saved, recipe, field, value):
    with pytest.raises(StudyError, match=f"phase=03.safetensors is of {field} .*, not {value!r}"):
        load_checkpoint(saved[0], recipe, **{field: value})


def test_an_objective_that_is_not_the_phases_is_refused(saved, recipe):
    path, agent, header = saved
    save_checkpoint(path, agent, dataclasses.replace(header, objective="blue"))
    with pytest.raises(StudyError, match="is of objective 'blue', not 'purple'"):
        load_checkpoint(path, recipe)


def test_another_recipe_is_refused(saved, recipe):
    other = dataclasses.replace(recipe, learning_rate=0.5)
    with pytest.raises(StudyError, match="is of recipe"):
        load_checkpoint(saved[0], other)


def test_missing_and_empty_files_are_refused(tmp_path, recipe):
    with pytest.raises(StudyError, match=r"there is no checkpoint .*nothing\.safetensors; train it first"):
        load_checkpoint(tmp_path / "nothing.safetensors", recipe)
    (tmp_path / "empty.safetensors").touch()
    with pytest.raises(StudyError, match=r"empty\.safetensors is damaged \(.+\); delete it and run snakemake again"):
        load_checkpoint(tmp_path / "empty.safetensors", recipe)


def test_a_checkpoint_without_a_digest_is_refused(saved, recipe):
    """Who strips it could change the numbers too."""
    path, agent, header = saved
    metadata = {"goalsplice": json.dumps(dataclasses.asdict(header), sort_keys=True)}
    save_file(dict(agent.state_dict()), path, metadata)
    with pytest.raises(StudyError, match="is damaged"):
        load_checkpoint(path, recipe)


def change_metadata(path, change):
    """Replace what a checkpoint says of itself by `change` of it."""
    content = path.read_bytes()
    tensors = load(content)
    length = int.from_bytes(content[:8], "little")
    described = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["goalsplice"])
    save_file(tensors, path, {"goalsplice": json.dumps(change(described), sort_keys=True)})


@pytest.mark.parametrize(
    "change",
    [
        lambda described: described | {"arm": "other"},
        lambda described: described | {"seed": "99"},
        lambda described: described | {"more": 1},
        lambda described: {key: value for key, value in described.items() if key != "phase"},
        lambda described: {key: value for key, value in described.items() if key != "sha256"} | {"seed": None},
        lambda described: [described],
    ],
    ids=["another arm", "another type", "one more", "one fewer", "no digest", "no mapping"],
)
def test_a_header_that_was_changed_is_told(saved, change):
    change_metadata(saved[0], change)
    with pytest.raises(StudyError, match=r"phase=03\.safetensors is damaged \(.+\); delete it and run snakemake again"):
        read(saved[0])


def test_the_digest_is_of_names_types_shapes_and_values(saved):
    """Each alone makes another one; the order of the tensors does not."""
    header = dataclasses.asdict(saved[2])
    tensors = {"a": torch.zeros(2, 3), "b": torch.ones(1)}
    others = [
        {"a": torch.zeros(2, 3), "c": torch.ones(1)},
        {"a": torch.zeros(3, 2), "b": torch.ones(1)},
        {"a": torch.zeros(2, 3, dtype=torch.int32), "b": torch.ones(1)},
        {"a": -torch.zeros(2, 3), "b": torch.ones(1)},
    ]
    digest = content_digest(header, tensors)
    assert content_digest(header, dict(reversed(tensors.items()))) == digest
    digests = {content_digest(header, other) for other in others}
    digests |= {content_digest(header | {"seed": 1}, tensors), digest}
    assert len(digests) == 6


def test_a_safetensors_file_of_something_else_is_refused(tmp_path, recipe):
    save_file({"x": torch.zeros(2)}, tmp_path / "x.safetensors")
    with pytest.raises(StudyError, match="has no header of this study"):
        load_checkpoint(tmp_path / "x.safetensors", recipe)


def tampered(saved, change):
    """The checkpoint with its agent changed by `change`."""
    path, agent, header = saved
    change(agent)
    save_checkpoint(path, agent, header)
    return path


def test_other_shapes_are_refused(saved, recipe):
    def widen(agent):
        agent.actor.layer2 = torch.nn.Linear(128, 64)

    with pytest.raises(StudyError, match=r"does not fit the network: actor\.layer2\..* is \(64"):
        load_checkpoint(tampered(saved, widen), recipe)


def test_a_lacking_tensor_is_refused(saved, recipe):
    def drop(agent):
        del agent.critic.layer3

    with pytest.raises(StudyError, match=r"critic\.layer3\.bias is absent there"):
        load_checkpoint(tampered(saved, drop), recipe)


def test_numbers_that_are_not_finite_are_refused(saved, recipe):
    def spoil(agent):
        with torch.no_grad():
            agent.actor.layer1.weight[0, 0] = float("nan")

    with pytest.raises(StudyError, match=r"actor\.layer1\.weight that are not finite"):
        load_checkpoint(tampered(saved, spoil), recipe)
