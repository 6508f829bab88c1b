"""The gridworld: its definition in MiniGrid, the same world compiled, its observations and its best return."""

from gymnasium.envs.registration import register

ENVIRONMENT_ID = "goalsplice/FetchObstacles-6x6-v0"

register(
    id=ENVIRONMENT_ID,
    entry_point="goalsplice.world.environment:FetchObstaclesEnv",
    kwargs={"size": 6},
)
