"""The update of `agent/ppo.py` on a device of PyTorch's, such as a GPU: the same loss and steps, by autograd.

What differs from `ppo.PlainLearner` is how, not what:

- What the device needs is sent before the first minibatch: the rollout, its observations as rows of a table, each once,
  and the order of its steps for all epochs. Two things come back: the values, for the advantages, whose recursion over
  time stays on the CPU; and at the end the weights and losses. In between nothing waits for the device.
- On CUDA a minibatch is recorded once as a graph and replayed from then on: Python takes ten times as long to issue its
  156 kernels as the GPU takes to run them. Kernels and their order are the same, and so are the bytes.
- No operation adds up in an order of its own (scattered sums, such as the gradient of `gather`), so equal work gives
  equal bytes on the same GPU: see `device.reproducible`.

The networks run on all steps of a minibatch, by dense products, not on its unique observations as those of
`learner.Learner` do. A GPU has the arithmetic to spare; finding what is unique would make shapes differ from minibatch
to minibatch and stop the device each time to tell the host how many there are.

Sums are taken in other orders than by the others, so weights agree but for rounding.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import embedding_bag, log_softmax

from goalsplice.agent.device import reproducible
from goalsplice.agent.network import Agent, flatten
from goalsplice.agent.ppo import (
    Losses,
    Steps,
    adam_of,
    advantages_and_returns,
    gradient_step,
    observations,
    of_taken,
    surrogate_loss,
)
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import Rollout
from goalsplice.world.vocabulary import ACTIONS


class _Minibatch(NamedTuple):
    """What a minibatch reads and adds to, at fixed places of the device's memory, as a recorded graph needs it.

    Attributes:
        inputs: float32 (C, inputs), of the rollout's unique observations; of those beyond its D no step is.
        inverse: int64 (B,), which of these each step of the rollout saw.
        steps: all B of the rollout.
        places: int64 (M,), the minibatch's steps.
        totals: float64 (6,), sums of the parts of `Losses`.
    """

    inputs: Tensor
    inverse: Tensor
    steps: Steps
    places: Tensor
    totals: Tensor

    @classmethod
    def of(cls, recipe: Recipe, device: torch.device) -> "_Minibatch":
        """For the recipe's rollouts; all zero."""
        batch = recipe.batch_size
        # All steps, what is seen after the last ones, and timeouts: one in each world of an episode that began before
        # the rollout, and one for each max_steps from then on.
        most = batch + 2 * recipe.num_envs + -(-batch // recipe.max_steps)
        return cls(
            torch.zeros(most, recipe.world.inputs, device=device),
            torch.zeros(batch, dtype=torch.int64, device=device),
            Steps(
                torch.zeros(batch, len(ACTIONS), dtype=torch.bool, device=device),
                *torch.zeros(3, batch, device=device),
            ),
            torch.zeros(batch // recipe.minibatches, dtype=torch.int64, device=device),
            torch.zeros(len(Losses._fields), dtype=torch.float64, device=device),
        )


class DeviceLearner:
    """Actor, critic and Adam on a device. `agent` stays on the CPU, where episodes are played, and follows.

    Args:
        agent: on the CPU, float32; changed in place by `learn` and `restore`.
        recipe: sizes and coefficients.
        device: where the networks that learn are.

    Attributes:
        flat: the weights of `agent`, float32 (P,) on the CPU, of which its parameters are views: actor, then critic.
    """

    def __init__(self, agent: Agent, recipe: Recipe, device: torch.device):
        self.agent, self.recipe, self.encoding, self.device = agent, recipe, recipe.world, device
        self.flat = flatten(agent)
        self._networks = copy.deepcopy(agent).to(device)
        self._weights = flatten(self._networks)
        # Fused: one kernel for all weights, and its count of steps is on the device, where nothing waits for it.
        # Capturable: so that a graph can hold it.
        self._adam = adam_of(self._weights, recipe, fused=True, capturable=device.type == "cuda")
        zeros = torch.zeros_like(self._weights)
        self._moments = {"exp_avg": zeros.clone(), "exp_avg_sq": zeros, "step": torch.zeros((), device=device)}
        self._adam.state[self._weights] = self._moments
        self._row_inputs = self._sent(self.encoding.row_inputs.toarray())
        self._minibatch = _Minibatch.of(recipe, device)
        self._graph = None

    def _sent(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)

    def state(self) -> dict[str, np.ndarray]:
        """A copy of all that an update changes.

        Returns:
            `weights`, `exp_avg` and `exp_avg_sq`, float32 (P,) each, in the order of the agent's parameters, actor
            first; and `step`, int64 (): how many steps Adam has taken.
        """
        vectors = {"weights": self._weights.detach(), **self._moments}
        state = {name: tensor.to("cpu", copy=True).numpy() for name, tensor in vectors.items()}
        return {**state, "step": state["step"].astype(np.int64)}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` returned, for this learner or another one of the same recipe."""
        for name, tensor in {"weights": self._weights.data, **self._moments}.items():
            tensor.copy_(torch.as_tensor(state[name]))
        self._update_agent()

    def _update_agent(self) -> None:
        self.flat.data.copy_(self._weights.data)

    def _order(self, generator: np.random.Generator) -> Tensor:
        """Places of the minibatches' steps, epoch after epoch: int64 (minibatches of all epochs, M)."""
        batch, epochs = self.recipe.batch_size, self.recipe.update_epochs
        order = np.stack([generator.permutation(batch) for _ in range(epochs)])
        return self._sent(order.reshape(epochs * self.recipe.minibatches, -1))

    @torch.no_grad()
    def _prepared(self, rollout: Rollout) -> tuple[Tensor, Tensor, Steps]:
        """Inputs (D, inputs) of the rollout's unique observations, which each step saw (B,), and its steps."""
        codes, inverse = np.unique(observations(rollout), return_inverse=True)
        inputs = embedding_bag(self._sent(self.encoding.rows(codes)), self._row_inputs, mode="sum")
        log_probabilities = log_softmax(self._networks.actor(inputs), dim=1)
        values = self._networks.critic(inputs)[:, 0].cpu().numpy()

        advantages, returns = advantages_and_returns(rollout, values[inverse], self.recipe)
        seen = self._sent(inverse[: self.recipe.batch_size])
        actions = torch.arange(log_probabilities.shape[1], device=self.device)
        taken = self._sent(rollout.actions.reshape(-1, 1)) == actions
        old = of_taken(log_probabilities[seen], taken)
        return inputs, seen, Steps(taken, old, self._sent(advantages), self._sent(returns))

    def _minibatch_step(self, inputs: Tensor, steps: Steps) -> Tensor:
        """One step of Adam on the steps of a minibatch that saw `inputs`: float32 (6,), the parts of `Losses`."""
        logits, values = self._networks.actor(inputs), self._networks.critic(inputs)[:, 0]
        loss, statistics = surrogate_loss(logits, values, steps, self.recipe)
        norm = gradient_step(loss, self._weights, self._adam, self.recipe.max_gradient_norm)
        return torch.cat([statistics, norm[None]])

    def _step(self) -> None:
        """`_minibatch_step` on what `_minibatch` holds."""
        inputs, inverse, steps, places, totals = self._minibatch
        totals.add_(self._minibatch_step(inputs[inverse[places]], steps.at(places)))

    def _record(self) -> torch.cuda.CUDAGraph:
        """The kernels of `_step`, which is run three times before, to set up what it needs; weights are put back."""
        changed = [self._weights.data, *self._moments.values(), self._minibatch.totals]
        kept = [tensor.clone() for tensor in changed]
        # Not on the stream where all else runs: PyTorch's documentation of graphs.
        aside = torch.cuda.Stream(self.device)
        aside.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(aside):
            for _ in range(3):
                self._step()
        torch.cuda.current_stream(self.device).wait_stream(aside)
        for tensor, before in zip(changed, kept, strict=True):
            tensor.copy_(before)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            self._step()
        return graph

    def _update(self, order: Tensor) -> None:
        """One step of Adam on each minibatch in turn, int64 (minibatches, M)."""
        for places in order:
            self._minibatch.places.copy_(places)
            if self._graph:
                self._graph.replay()
            else:
                self._step()

    def learn(self, rollout: Rollout, generator: np.random.Generator) -> Losses:
        """One update from one rollout; `generator` draws the minibatches."""
        with reproducible(self.recipe.precision):
            inputs, seen, steps = self._prepared(rollout)
            order = self._order(generator)
            self._minibatch.inputs[: len(inputs)] = inputs
            self._minibatch.inverse.copy_(seen)
            for kept, sent in zip(self._minibatch.steps, steps, strict=True):
                kept.copy_(sent)
            self._minibatch.totals.zero_()
            if self.device.type == "cuda" and not self._graph:
                self._graph = self._record()
            self._update(order)
            self._update_agent()
            return Losses(*(self._minibatch.totals / len(order)).tolist())
