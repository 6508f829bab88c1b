"""Train agents whose objective flips, and find where the network holds the objective."""

from goalsplice.settings import environment

# However a process starts, this package is imported before its modules import NumPy.
environment.choose_kernels()
