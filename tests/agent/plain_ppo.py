"""PPO's update as one would write it in PyTorch with autograd: what the fast one is held against."""

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812


def inputs_of(encoding, codes: np.ndarray) -> torch.Tensor:
    """Encoded observations as the network's inputs: float32 (n, inputs)."""
    return torch.from_numpy(encoding.images(codes).reshape(len(codes), -1).astype(np.float32))


def loss(agent, inputs, which, actions, old_log_probabilities, advantages, returns, recipe) -> torch.Tensor:
    """PPO's clipped loss on a minibatch of steps, which saw inputs[which]."""
    log_probabilities = F.log_softmax(agent.actor(inputs), dim=1)[which]
    values = agent.critic(inputs)[which, 0]
    chosen = log_probabilities.gather(1, actions[:, None])[:, 0]
    advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
    ratio = (chosen - old_log_probabilities).exp()
    clipped = ratio.clamp(1 - recipe.clip_coefficient, 1 + recipe.clip_coefficient)
    policy_loss = torch.max(-advantages * ratio, -advantages * clipped).mean()
    value_loss = 0.5 * ((values - returns) ** 2).mean()
    entropy = -(log_probabilities.exp() * log_probabilities).sum(1).mean()
    return policy_loss - recipe.entropy_coefficient * entropy + recipe.value_coefficient * value_loss


def advantages(rewards, values, outcomes, final_values, last_values, gamma, gae_lambda) -> np.ndarray:
    """GAE from its definition: each step's discounted sum of later errors, in float64."""
    steps, count = rewards.shape
    out = np.zeros(rewards.shape)
    for i in range(count):
        for start in range(steps):
            weight = 1.0
            for t in range(start, steps):
                ended, truncated = outcomes[t, i] != -1, outcomes[t, i] == 5
                following = values[t + 1, i] if t + 1 < steps else last_values[i]
                following = final_values[t, i] if truncated else 0.0 if ended else following
                out[start, i] += weight * (rewards[t, i] + gamma * following - values[t, i])
                if ended:
                    break
                weight *= gamma * gae_lambda
    return out


def update(agent, optimiser, rollout, recipe, generator, distinct: bool = False) -> None:
    """One update from one rollout, with the same minibatches as `Learner.learn` draws from the same generator.

    Args:
        distinct: run the networks once on each distinct observation of a minibatch, instead of on all of them.
    """
    encoding = recipe.world
    inputs = inputs_of(encoding, rollout.codes.ravel())
    truncated = rollout.final_codes != -1
    with torch.no_grad():
        values = agent.critic(inputs)[:, 0].numpy()
        last_values = agent.critic(inputs_of(encoding, rollout.last_codes))[:, 0].numpy()
        final_values = np.zeros(rollout.rewards.shape, dtype=np.float32)
        if truncated.any():
            final_values[truncated] = agent.critic(inputs_of(encoding, rollout.final_codes[truncated]))[:, 0].numpy()
        actions = torch.from_numpy(rollout.actions.ravel())
        old = F.log_softmax(agent.actor(inputs), dim=1).gather(1, actions[:, None])[:, 0]
    values = values.reshape(rollout.rewards.shape)
    gain = advantages(
        rollout.rewards, values, rollout.outcomes, final_values, last_values, recipe.gamma, recipe.gae_lambda
    ).astype(np.float32)
    returns = torch.from_numpy((gain + values).ravel())
    gain = torch.from_numpy(gain.ravel())
    for _ in range(recipe.update_epochs):
        for steps in np.split(generator.permutation(recipe.batch_size), recipe.minibatches):
            seen, which = steps, slice(None)
            if distinct:
                _, first, which = np.unique(rollout.codes.ravel()[steps], return_index=True, return_inverse=True)
                seen = steps[first]
            optimiser.zero_grad()
            data = (tensor[steps] for tensor in (actions, old, gain, returns))
            loss(agent, inputs[seen], which, *data, recipe).backward()
            torch.nn.utils.clip_grad_norm_(agent.parameters(), recipe.max_gradient_norm)
            optimiser.step()
