"""A checkpoint comes back as it was, or is refused with one sentence."""

import dataclasses

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from goalsplice.agent.checkpoint import Header, load_checkpoint, save_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.errors import StudyError


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
    with pytest.raises(StudyError, match=r"empty\.safetensors is not a whole safetensors file"):
        load_checkpoint(tmp_path / "empty.safetensors", recipe)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_file_cut_anywhere_is_refused(saved, recipe, data):
    path = saved[0].with_name("cut.safetensors")
    whole = saved[0].read_bytes()
    path.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(StudyError, match=r"cut\.safetensors is not a whole safetensors file .*delete it"):
        load_checkpoint(path, recipe)


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
