"""Train agents whose objective flips, and find where the network holds the objective."""
