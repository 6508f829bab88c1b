"""What is measured: each subject is a function that sets itself up, then times some environment steps.

Run by `run.py`, each in a process of its own with one thread: `python benchmarks/subjects.py <subject> <arm> <stages>`
prints one line of JSON for each stage. NAVIX has a file of its own, `navix_subject.py`.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import gymnasium
import numpy as np
import torch
import yaml
from memory import peak_mib
from minigrid.wrappers import OneHotPartialObsWrapper, ViewSizeWrapper

from goalsplice.agent.fast import backprop
from goalsplice.agent.fast.adam import Adam
from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.inactive_units import back_through_relu
from goalsplice.agent.fast.learner import Learner
from goalsplice.agent.fast.policy import add_relu, policy_of
from goalsplice.agent.fast.rollout import collect
from goalsplice.agent.network import Agent
from goalsplice.agent.numerics import arithmetic
from goalsplice.agent.ppo import Losses, PlainLearner
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import Rollout
from goalsplice.agent.training import train
from goalsplice.io.compiled import njit
from goalsplice.settings.study import recipe_of
from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.simulator import (
    RUNNING,
    act,
    colour_numbers,
    create,
    draw_ball_cell,
    observe,
    reset,
    reward,
    uniform,
)
from goalsplice.world.vector import BatchedFetchObstacles
from goalsplice.world.vocabulary import ACTIONS

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Case:
    """What a subject runs on.

    Attributes:
        arm, recipe: the arm's recipe, perhaps with other sizes.
        stage: `late` starts with the weights that `warm` left in `folder`, anything else with new networks.
        quick: do each thing once.
    """

    arm: str
    stage: str
    recipe: Recipe
    folder: Path
    quick: bool = False

    def agent(self) -> Agent:
        agent = Agent(self.recipe.world.inputs, self.recipe.hidden_size, torch.Generator().manual_seed(0))
        if self.stage == "late":
            agent.load_state_dict(torch.load(self.folder / f"{self.arm}.pt", weights_only=True))
        return agent

    def timed(self, step: Callable[[], int], warm_up: int, repeats: int) -> tuple[int, float]:
        """Environment steps and seconds of `repeats` calls of `step`, after some that do not count."""
        for _ in range(min(warm_up, 1) if self.quick else warm_up):
            step()
        start = time.perf_counter()
        steps = sum(step() for _ in range(1 if self.quick else repeats))
        return steps, time.perf_counter() - start


def recipe_for(arm: str, **sizes: int) -> Recipe:
    """The arm's recipe in config.yaml, but for some sizes."""
    return replace(Recipe(**recipe_of(yaml.safe_load((ROOT / "config.yaml").read_text()), arm)), **sizes)


def _rollouts(recipe: Recipe, agent: Agent) -> Callable:
    """A function that collects the next rollout with the agent as it is then."""
    encoding = recipe.world
    worlds = create(recipe.num_envs, recipe.level_distribution, np.random.default_rng(0), recipe.grid_size)
    colours = colour_numbers(recipe.level_distribution)

    def collected():
        policy = policy_of(agent.actor.state_dict(), encoding)
        return collect(worlds, policy, encoding, recipe.rules, colours, 0, recipe.num_steps)

    return collected


def _training(case: Case, learn_with: Callable, repeats: int) -> tuple[int, float]:
    """Compiled rollouts, each followed by an update; `learn_with` makes the update from agent and recipe."""
    agent = case.agent()
    collected, generator = _rollouts(case.recipe, agent), np.random.default_rng(0)
    learn = learn_with(agent, case.recipe)

    def step() -> int:
        learn(collected(), generator)
        return case.recipe.batch_size

    with arithmetic(case.recipe.precision):
        return case.timed(step, 1, repeats)


def training(case: Case) -> tuple[int, float]:
    """The study's training."""
    return _training(case, lambda agent, recipe: Learner(agent, recipe).learn, 6)


def training_medium(case: Case) -> tuple[int, float]:
    """The study's training, with factors of the hidden layers' products rounded to bfloat16."""
    return training(replace(case, recipe=replace(case.recipe, precision="medium")))


def multiply_out(learner: Learner) -> Learner:
    """Let the learner compute its networks' first layer as a product, like the other layers, instead of by table rows.

    Replaces functions of the module `backprop`, and so changes all learners of this process.
    """
    encoding = learner.encoding

    def product_relu(
        layer: tuple[np.ndarray, np.ndarray], inputs: np.ndarray, out: np.ndarray, column_maxima: np.ndarray
    ) -> None:
        np.matmul(inputs, layer[0].T, out=out)
        add_relu(out, layer[1], column_maxima)

    learner.encoding = SimpleNamespace(
        rows=lambda codes: encoding.images(codes).reshape(len(codes), -1).astype(np.float32)
    )

    def product_through_relu(
        gradient: np.ndarray, activation: np.ndarray, inputs: np.ndarray, total: np.ndarray, out: np.ndarray
    ) -> None:
        """The adjoint of `product_relu`; there is no table whose gradient could be written to `out`."""
        back_through_relu(gradient, activation, total)
        scattered[0] = np.matmul(gradient.T, inputs)

    scattered = [None]
    backprop.table_of = lambda encoding, weight, bias: (weight, bias)
    backprop.gather_relu = product_relu
    backprop.scatter_through_relu = product_through_relu
    backprop.weight_gradient_of = lambda encoding, gradient: scattered[0]
    return learner


def keep_inactive_units(learner: Learner) -> Learner:
    """Let the learner compute its networks with all units, the inactive ones too.

    Replaces a function of the module `backprop`, and so changes all learners of this process.
    """
    backprop.active_columns = lambda column_maxima, order: column_maxima.size
    return learner


class PyTorchsAdam(Adam):
    """Clipping and Adam as PyTorch has them: each in its own passes."""

    def __init__(self, weights: np.ndarray, learning_rate: float, epsilon: float, weight_decay: float, limit: float):
        super().__init__(weights, learning_rate, epsilon, weight_decay, limit)
        self._flat, self._limit = torch.nn.Parameter(torch.from_numpy(weights)), limit
        options = {"lr": learning_rate, "eps": epsilon, "weight_decay": weight_decay, "fused": True}
        self._optimiser = torch.optim.Adam([self._flat], **options)

    def step(self, gradient: np.ndarray) -> float:
        """Clip and step; unlike its parent it scales `gradient` in place."""
        self._flat.grad = torch.from_numpy(gradient)
        norm = torch.nn.utils.clip_grad_norm_([self._flat], self._limit).item()
        self._optimiser.step()
        return norm


def step_by_pytorch(learner: Learner) -> Learner:
    """Let the learner clip and step by PyTorch's functions."""
    recipe, weights = learner.recipe, learner._adam.weights
    learner._adam = PyTorchsAdam(
        weights, recipe.learning_rate, recipe.adam_epsilon, recipe.weight_decay, recipe.max_gradient_norm
    )
    return learner


STEPS_BACK = {
    "adam": (step_by_pytorch,),
    "units": (step_by_pytorch, keep_inactive_units),
    "dense": (step_by_pytorch, keep_inactive_units, multiply_out),
}
"""What takes a learner back from the study's training, one part of it after the other."""


def slowed(agent: Agent, recipe: Recipe, name: str) -> Learner:
    """A learner without some of what makes training fast."""
    learner = Learner(agent, recipe)
    for without in STEPS_BACK[name]:
        learner = without(learner)
    return learner


def training_adam(case: Case) -> tuple[int, float]:
    """The study's training, with clipping and Adam by PyTorch's functions."""
    return _training(case, lambda agent, recipe: slowed(agent, recipe, "adam").learn, 6)


def training_units(case: Case) -> tuple[int, float]:
    """The same, and with inactive units computed like the others."""
    return _training(case, lambda agent, recipe: slowed(agent, recipe, "units").learn, 5)


def training_dense(case: Case) -> tuple[int, float]:
    """The same, and with the first layer as a product with all inputs."""
    return _training(case, lambda agent, recipe: slowed(agent, recipe, "dense").learn, 5)


class UniqueLearner(PlainLearner):
    """The plain update, with the networks run once on each unique observation of a minibatch."""

    def learn(self, rollout: Rollout, generator: np.random.Generator) -> Losses:
        self._codes = rollout.codes.ravel()
        return super().learn(rollout, generator)

    def outputs(self, inputs: torch.Tensor, places: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
        _, first, inverse = np.unique(self._codes[places], return_index=True, return_inverse=True)
        logits, values = super().outputs(inputs, places[first])
        return logits[inverse], values[inverse]


def training_plain(case: Case) -> tuple[int, float]:
    """The same with the update as `agent/ppo.py` defines it: autograd, every observation, dense first layer."""
    return _training(case, lambda agent, recipe: PlainLearner(agent, recipe).learn, 1)


def training_distinct(case: Case) -> tuple[int, float]:
    """The plain update, but with the networks run on unique observations only."""
    return _training(case, lambda agent, recipe: UniqueLearner(agent, recipe).learn, 2)


def minigrid_environment(recipe: Recipe) -> gymnasium.Env:
    """The MiniGrid environment behind its own wrappers, its observations flat float32 arrays."""
    environment = ViewSizeWrapper(gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True).unwrapped, recipe.view_size)
    if recipe.encoding == "onehot":
        environment = OneHotPartialObsWrapper(environment)
    size = recipe.world.inputs
    return gymnasium.wrappers.TransformObservation(
        environment,
        lambda observation: observation["image"].astype(np.float32).ravel(),
        gymnasium.spaces.Box(0, 255, (size,), np.float32),
    )


def training_sb3(case: Case) -> tuple[int, float]:
    """Stable-Baselines3's PPO on the MiniGrid environment: same sizes, rollout, epochs and minibatches."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)
    recipe = case.recipe
    hidden = recipe.hidden_size
    model = PPO(
        "MlpPolicy",
        DummyVecEnv([lambda: minigrid_environment(recipe)] * recipe.num_envs),
        learning_rate=recipe.learning_rate,
        n_steps=recipe.num_steps,
        batch_size=recipe.batch_size // recipe.minibatches,
        n_epochs=recipe.update_epochs,
        gamma=recipe.gamma,
        gae_lambda=recipe.gae_lambda,
        clip_range=recipe.clip_coefficient,
        ent_coef=recipe.entropy_coefficient,
        vf_coef=recipe.value_coefficient / 2,
        max_grad_norm=recipe.max_gradient_norm,
        policy_kwargs={
            "net_arch": {"pi": [hidden] * 3, "vf": [hidden] * 2},
            "activation_fn": torch.nn.ReLU,
            "optimizer_kwargs": {"eps": recipe.adam_epsilon, "weight_decay": recipe.weight_decay},
        },
        device="cpu",
        seed=0,
    )
    agent = case.agent().state_dict()
    policy = model.policy
    names = {"actor": (policy.mlp_extractor.policy_net, policy.action_net)}
    names["critic"] = (policy.mlp_extractor.value_net, policy.value_net)
    with torch.no_grad():
        for network, (body, head) in names.items():
            layers = [module for module in body if isinstance(module, torch.nn.Linear)] + [head]
            for number, layer in enumerate(layers, start=1):
                layer.weight.copy_(agent[f"{network}.layer{number}.weight"])
                layer.bias.copy_(agent[f"{network}.layer{number}.bias"])

    def step() -> int:
        model.learn(recipe.batch_size, reset_num_timesteps=False)
        return recipe.batch_size

    with arithmetic(recipe.precision):
        return case.timed(step, 0, 1)


def rollout(case: Case) -> tuple[int, float]:
    """Rollouts alone, as the study collects them: in one compiled loop."""
    collected = _rollouts(case.recipe, case.agent())

    def step() -> int:
        collected()
        return case.recipe.batch_size

    return case.timed(step, 1, 40)


def rollout_loop(case: Case) -> tuple[int, float]:
    """Rollouts alone in a Python loop: the compiled world as a vector environment, the actor in PyTorch."""
    torch.set_num_threads(1)
    recipe, actor = case.recipe, case.agent().actor
    environment = BatchedFetchObstacles(recipe.num_envs, recipe.world)
    state = {"observations": environment.reset(seed=0)[0]}

    @torch.no_grad()
    def step() -> int:
        for _ in range(recipe.num_steps):
            inputs = torch.from_numpy(state["observations"].reshape(recipe.num_envs, -1)).float()
            actions = torch.distributions.Categorical(logits=actor(inputs)).sample().numpy()
            state["observations"] = environment.step(actions)[0]
        return recipe.batch_size

    return case.timed(step, 1, 6)


def evaluation(case: Case) -> tuple[int, float]:
    """Episodes on fixed levels, as the study tests its checkpoints."""
    recipe = case.recipe
    policy = policy_of(case.agent().actor.state_dict(), recipe.world)
    levels = create(4096, "three_colours", np.random.default_rng(0))
    return case.timed(lambda: int(play(levels, policy, recipe.world, recipe.rules, False)[1].sum()), 1, 20)


def evaluation_minigrid(case: Case) -> tuple[int, float]:
    """The same agent in MiniGrid's own loop: one environment, one forward pass of the network a step."""
    torch.set_num_threads(1)
    actor, environment = case.agent().actor, minigrid_environment(case.recipe)
    state = {"observation": environment.reset(seed=0)[0]}

    @torch.no_grad()
    def step() -> int:
        for _ in range(500):
            logits = actor(torch.from_numpy(state["observation"])[None])
            action = int(torch.distributions.Categorical(logits=logits).sample())
            state["observation"], _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                state["observation"], _ = environment.reset()
        return 500

    return case.timed(step, 1, 8)


@njit
def run_worlds(worlds, tables, rules, third_colours, objective, actions, rewards, codes, steps):
    """Step all worlds with uniform random actions, of which there are `actions`; ended episodes begin anew.

    `rewards` float64 (n,) and `codes` int64 (n,) are overwritten with the last step's.
    """
    for _ in range(steps):
        for i in range(worlds.agent.size):
            ball_cell = draw_ball_cell(worlds, i, tables)
            action = int(uniform(worlds.stream, i) * actions)
            outcome = act(worlds, i, action, ball_cell, tables, rules)
            rewards[i] = reward(outcome, worlds.elapsed[i], objective, rules.max_steps)
            if outcome != RUNNING:
                reset(worlds, i, tables, third_colours)
            codes[i] = observe(worlds, i, tables)


def world_kernel(case: Case) -> tuple[int, float]:
    """The compiled world in a compiled loop, 32 at a time: random actions, rewards and codes of observations."""
    recipe = case.recipe
    worlds = create(32, recipe.level_distribution, np.random.default_rng(0), recipe.grid_size)
    tables, colours = recipe.world.geometry, colour_numbers(recipe.level_distribution)
    rewards, codes, steps = np.empty(32), np.empty(32, dtype=np.int64), 20_000

    def step() -> int:
        run_worlds(worlds, tables, recipe.rules, colours, 0, len(ACTIONS), rewards, codes, steps)
        return steps * codes.size

    return case.timed(step, 1, 8)


def _random_steps(case: Case, environment: gymnasium.vector.VectorEnv, steps: int) -> tuple[int, float]:
    """A vector environment under random actions, about `steps` environment steps at a time."""
    environment.reset(seed=0)
    count = environment.num_envs
    actions = np.random.default_rng(0).integers(0, len(ACTIONS), (steps // count, count))

    def step() -> int:
        for row in actions:
            environment.step(row)
        return actions.size

    return case.timed(step, 1, 8)


def world_compiled(case: Case) -> tuple[int, float]:
    """The compiled world as a Gymnasium vector environment of 32, random actions."""
    return _random_steps(case, BatchedFetchObstacles(32, case.recipe.world), 64_000)


def _world_minigrid(case: Case, count: int) -> tuple[int, float]:
    environment = gymnasium.vector.SyncVectorEnv([lambda: minigrid_environment(case.recipe)] * count)
    return _random_steps(case, environment, 1000)


def world_minigrid_1(case: Case) -> tuple[int, float]:
    """MiniGrid, one environment, random actions."""
    return _world_minigrid(case, 1)


def world_minigrid_32(case: Case) -> tuple[int, float]:
    """MiniGrid, 32 environments one after the other, random actions."""
    return _world_minigrid(case, 32)


SUBJECTS = {
    function.__name__: function
    for function in (
        training,
        training_medium,
        training_adam,
        training_units,
        training_dense,
        training_distinct,
        training_plain,
        training_sb3,
        rollout,
        rollout_loop,
        evaluation,
        evaluation_minigrid,
        world_kernel,
        world_compiled,
        world_minigrid_1,
        world_minigrid_32,
    )
}


def warm(case: Case, rollouts: int) -> None:
    """Train for some rollouts and keep the weights: what late training starts from."""
    for progress in train(replace(case.recipe, rollouts=rollouts), case.arm, 0):
        last = progress.agent
    torch.save(last.state_dict(), case.folder / f"{case.arm}.pt")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", choices=["warm", *SUBJECTS])
    parser.add_argument("arm")
    parser.add_argument("stages", nargs="+", help="early, late or any; for `warm`, how many rollouts to train")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the weights of late training are")
    parser.add_argument("--sizes", type=json.loads, default={}, help="keys of the recipe to replace, as JSON")
    parser.add_argument("--quick", action="store_true", help="do each thing once, with short rollouts")
    options = parser.parse_args()
    sizes = options.sizes | ({"num_steps": 64} if options.quick else {})
    recipe = recipe_for(options.arm, **sizes)
    for stage in options.stages:
        case = Case(options.arm, stage, recipe, options.folder, options.quick)
        if options.subject == "warm":
            warm(case, int(stage))
        else:
            steps, seconds = SUBJECTS[options.subject](case)
            print(json.dumps({"steps": steps, "seconds": seconds, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
