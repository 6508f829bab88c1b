"""The update of `agent/ppo.py`, and the rollouts and episodes around it, made fast."""
