"""The small actors of the tests of edits."""

from edits.conftest import donor, met, recipe, recipient

__all__ = ["donor", "met", "recipe", "recipient"]
