"""Figures, one a module, drawn from tables alone."""
