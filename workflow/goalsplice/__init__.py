"""Train agents whose objective flips, find where the network holds the objective, and move it."""
