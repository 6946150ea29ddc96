"""The one base of every error that Jietong raises on purpose."""


class JietongError(Exception):
    """Base error. Packages have one subclass each, with their data in fields."""
