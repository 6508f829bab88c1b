"""The small actors of the tests of edits."""

from edits.conftest import context, donor, recipe, recipient

__all__ = ["context", "donor", "recipe", "recipient"]
