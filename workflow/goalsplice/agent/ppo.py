"""Proximal policy optimisation (Schulman et al. 2017) in plain PyTorch: the definition of an update, top to bottom.

What happens after each rollout (`PlainLearner.learn`):

1. The networks give values and log-probabilities for all its steps.
2. Advantages follow by generalised advantage estimation (Schulman et al. 2016; `estimate_advantages`).
3. Some epochs, each over a new permutation of the steps, cut into minibatches. For each minibatch: the clipped loss
   (`surrogate_loss`), its gradient by autograd, clipping of the gradient's norm, one step of Adam (`gradient_step`).

The study trains with `agent/fast/`, which computes the same but for rounding, in a fraction of the time; the tests hold
it to this file.

Source: the recipe that the post's author published, which follows CleanRL's `ppo.py`. As in that recipe, and other than
by CleanRL's defaults, the learning rate is constant, the value loss is unclipped, and Adam has weight decay. One thing
differs from both: an episode that ran out of time is bootstrapped from the value of its last observation. CleanRL
counts it as one that ended, with nothing to come; the published code lets advantages run on from it into the episode
after it.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax

from goalsplice.agent.network import Agent, flatten
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import NO_CODE, Rollout
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import RUNNING
from goalsplice.world.vocabulary import ACTIONS


class Losses(NamedTuple):
    """What an update reports: means over all minibatches of all epochs.

    Attributes:
        policy_loss: clipped surrogate loss.
        value_loss: half the mean squared error of the values, before its coefficient.
        entropy: of the policy, in nats, mean over the steps.
        approximate_kl: mean of ratio - 1 - log(ratio), in nats (Schulman 2020).
        clip_fraction: share of steps whose ratio left [1 - clip, 1 + clip].
        gradient_norm: of actor and critic together, before clipping.
    """

    policy_loss: float
    value_loss: float
    entropy: float
    approximate_kl: float
    clip_fraction: float
    gradient_norm: float


class Steps(NamedTuple):
    """What the loss needs of steps, all B of a rollout or a minibatch, beside the networks' outputs.

    Attributes:
        taken: bool (B, 7), true at the action that was taken.
        old_log_probabilities: float32 (B,), of those actions before the update.
        advantages, returns: float32 (B,).
    """

    taken: Tensor
    old_log_probabilities: Tensor
    advantages: Tensor
    returns: Tensor

    def at(self, places: Tensor | np.ndarray) -> "Steps":
        """The steps at these places, int64 (M,)."""
        return Steps(*(part[places] for part in self))


def inputs_of(encoding: Encoding, codes: np.ndarray) -> Tensor:
    """Observations, given as codes (n,), as the networks' inputs: float32 (n, inputs)."""
    return torch.from_numpy(encoding.inputs_of(encoding.rows(codes)))


def observations(rollout: Rollout) -> np.ndarray:
    """Codes of all that a rollout saw, int64.

    First those of all T * N steps, step by step; then the N after the last step; then the last one of each episode that
    was truncated, in the order of the steps.
    """
    truncated = rollout.final_codes != NO_CODE
    return np.concatenate([rollout.codes.ravel(), rollout.last_codes, rollout.final_codes[truncated]])


def estimate_advantages(
    rewards: np.ndarray,
    values: np.ndarray,
    outcomes: np.ndarray,
    final_values: np.ndarray,
    last_values: np.ndarray,
    gamma: float,
    gae_lambda: float,
) -> np.ndarray:
    """Advantages by GAE: float32 (T, N).

    Args:
        rewards, values: float32 (T, N), values of the observations before each step.
        outcomes: int64 (T, N), as in `Rollout`.
        final_values: float32 (T, N), value of the last observation where an episode was truncated, else 0.
        last_values: float32 (N,), value of what is seen after the last step.
        gamma, gae_lambda: discount, and GAE's lambda.
    """
    ended = outcomes != RUNNING
    next_values = np.where(ended, final_values, np.concatenate([values[1:], last_values[None]]))
    # In float64, because rounding adds up along an episode.
    errors = rewards + np.float64(gamma) * next_values - values
    decay = np.where(ended, 0, gamma * gae_lambda)
    advantages, advantage = np.empty_like(rewards), 0.0
    for step in reversed(range(len(rewards))):
        advantage = errors[step] + decay[step] * advantage
        advantages[step] = advantage
    return advantages


def advantages_and_returns(rollout: Rollout, values: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Advantages and what the values should have been, of all steps: float32 (T * N,) each.

    Args:
        values: float32, of the rollout's `observations`, in their order.
    """
    of_steps, of_last, of_truncated = np.split(values, [recipe.batch_size, recipe.batch_size + recipe.num_envs])
    of_steps = of_steps.reshape(rollout.rewards.shape)
    final_values = np.zeros_like(of_steps)
    final_values[rollout.final_codes != NO_CODE] = of_truncated
    advantages = estimate_advantages(
        rollout.rewards, of_steps, rollout.outcomes, final_values, of_last, recipe.gamma, recipe.gae_lambda
    )
    return advantages.ravel(), (advantages + of_steps).ravel()


def of_taken(log_probabilities: Tensor, taken: Tensor) -> Tensor:
    """Log-probabilities (n,) of the actions taken: from (n, 7), and a mask (n, 7) with one true in each row.

    `gather` would do the same, but the sums of its gradient on CUDA are in no fixed order, or are slow.
    """
    return log_probabilities.masked_fill(~taken, 0).sum(dim=1)


def surrogate_loss(logits: Tensor, values: Tensor, steps: Steps, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """PPO's loss on a minibatch of M steps.

    It is mean(max(-A r, -A clip(r))) - entropy_coefficient * mean(H) + value_coefficient * mean((V - R)^2) / 2, with r
    the probability ratio, A the advantage normalised over the minibatch, H the policy's entropy, V values, R returns.

    Args:
        logits, values: float32 (M, 7) and (M,), the networks' outputs for the steps' observations.

    Returns:
        The loss, a scalar, and float32 (5,) without gradient: policy loss, value loss, entropy, approximate KL, clip
        fraction.
    """
    log_probabilities = log_softmax(logits, dim=1)
    log_ratio = of_taken(log_probabilities, steps.taken) - steps.old_log_probabilities
    ratio = log_ratio.exp()
    clip = recipe.clip_coefficient
    advantages = (steps.advantages - steps.advantages.mean()) / (steps.advantages.std() + 1e-8)
    policy_loss = torch.maximum(-advantages * ratio, -advantages * ratio.clamp(1 - clip, 1 + clip)).mean()
    value_loss = 0.5 * (values - steps.returns).square().mean()
    entropy = -(log_probabilities.exp() * log_probabilities).sum(dim=1).mean()
    loss = policy_loss - recipe.entropy_coefficient * entropy + recipe.value_coefficient * value_loss
    with torch.no_grad():
        approximate_kl = (ratio - 1 - log_ratio).mean()
        clip_fraction = ((ratio - 1).abs() > clip).float().mean()
        return loss, torch.stack([policy_loss, value_loss, entropy, approximate_kl, clip_fraction])


def adam_of(weights: nn.Parameter, recipe: Recipe, **options: bool) -> torch.optim.Optimizer:
    """Adam over all weights; with the recipe's `decoupled_decay` AdamW. `options` are PyTorch's."""
    optimiser = torch.optim.AdamW if recipe.decoupled_decay else torch.optim.Adam
    return optimiser(
        [weights], lr=recipe.learning_rate, eps=recipe.adam_epsilon, weight_decay=recipe.weight_decay, **options
    )


def gradient_step(loss: Tensor, weights: nn.Parameter, adam: torch.optim.Optimizer, max_gradient_norm: float) -> Tensor:
    """One step of Adam down the loss, with the gradient clipped to a norm; the norm that it had, a scalar."""
    # Zeroed, not dropped: the parameters' gradients are views of this one.
    weights.grad.zero_()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(weights, max_gradient_norm)
    adam.step()
    return norm


class PlainLearner:
    """Actor, critic and Adam. It trains like the fast `Learner`, but its state is not kept for another process.

    Args:
        agent: on the CPU, float32; changed in place by `learn`.
        recipe: sizes and coefficients.

    Attributes:
        flat: all weights, float32 (P,), of which the agent's parameters are views: actor, then critic.
    """

    def __init__(self, agent: Agent, recipe: Recipe):
        self.agent, self.recipe, self.encoding = agent, recipe, recipe.world
        self.flat = flatten(agent)
        self._adam = adam_of(self.flat, recipe)

    @torch.no_grad()
    def _steps(self, rollout: Rollout, inputs: Tensor) -> Steps:
        """All steps, with what the networks give for the rollout's observations before the first minibatch."""
        values = self.agent.critic(inputs)[:, 0].numpy()
        advantages, returns = advantages_and_returns(rollout, values, self.recipe)
        taken = torch.from_numpy(rollout.actions.reshape(-1, 1)) == torch.arange(len(ACTIONS))
        log_probabilities = log_softmax(self.agent.actor(inputs[: len(taken)]), dim=1)
        return Steps(taken, of_taken(log_probabilities, taken), *map(torch.from_numpy, (advantages, returns)))

    def outputs(self, inputs: Tensor, places: np.ndarray) -> tuple[Tensor, Tensor]:
        """Logits (M, 7) and values (M,) for the steps at these places, int64 (M,), of a rollout's inputs."""
        return self.agent.actor(inputs[places]), self.agent.critic(inputs[places])[:, 0]

    def learn(self, rollout: Rollout, generator: np.random.Generator) -> Losses:
        """One update from one rollout; `generator` draws the minibatches."""
        recipe = self.recipe
        inputs = inputs_of(self.encoding, observations(rollout))
        steps = self._steps(rollout, inputs)
        found = []
        for _ in range(recipe.update_epochs):
            for places in np.split(generator.permutation(recipe.batch_size), recipe.minibatches):
                loss, statistics = surrogate_loss(*self.outputs(inputs, places), steps.at(places), recipe)
                norm = gradient_step(loss, self.flat, self._adam, recipe.max_gradient_norm)
                found.append([*statistics.tolist(), norm.item()])
        return Losses(*np.mean(found, axis=0).tolist())
