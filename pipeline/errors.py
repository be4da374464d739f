"""The mistakes that a person or another system made, each with the exit code that operators expect (FAULTS.md 8).

Anything that is not one of these is a bug of ours and ends in exit code 70.
"""

from __future__ import annotations


class UserError(Exception):
    """Something that its reader can put right. The message names what, where and which rule; never a traceback."""

    exit_code = 64


class DataRefused(UserError):
    """A delivery was refused, or a check found rows that must not be published: nothing was published."""

    exit_code = 65


class DeliveryMissing(UserError):
    """An export that the request needs has never come, or the asked-for period has no data."""

    exit_code = 66


class DependencyMissing(UserError):
    """A system library, a font or a file of the installation is not there."""

    exit_code = 69


class CannotWrite(UserError):
    """The disk is full or the folder is not writable."""

    exit_code = 73


class Busy(UserError):
    """Another run holds the warehouse. Trying again later helps."""

    exit_code = 75


class BadConfiguration(UserError):
    """A file in `config/` does not say what it must."""

    exit_code = 78
