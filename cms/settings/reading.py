"""How environment variables are read and checked."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import environ
from django.core.exceptions import ImproperlyConfigured


class Variable(NamedTuple):
    """One environment variable: how it is read and how to describe a right value.

    ``also``: another spelling that is taken where the usual one is not set.
    """

    parse: Callable[[str], Any]
    default: Any
    expected: str
    also: str = ""


class Environment:
    """Reads and checks ``variables``; ``*_FILE`` variants are read from files (Docker secrets).

    What is not set is read from ``file``, where there is one.
    """

    def __init__(self, variables: Mapping[str, Variable], file: Path) -> None:
        environ.Env.read_env(file)
        self._env = environ.FileAwareEnv()
        self._variables = variables

    def __call__(self, name: str, default: Any = None) -> Any:
        """The checked value of ``name``, or ``default`` (else its own default) where it is not set.

        Raises ImproperlyConfigured naming the variable and what it expects.
        """
        variable = self._variables[name]
        raw = self._read(name, variable)
        if variable.also and not raw.strip():
            name, raw = variable.also, self._read(variable.also, variable)
        if not raw.strip():
            return variable.default if default is None else default
        try:
            return variable.parse(raw)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has {_shown(name, raw)}, but it should be {variable.expected}."
            ) from None

    def _read(self, name: str, variable: Variable) -> str:
        try:
            return str(self._env.str(name, default=""))
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE should name a file that holds {variable.expected} ({error})."
            ) from None

    def required(self, name: str) -> Any:
        """Like a call, but refuses an empty value."""
        if not os.environ.get(name, "").strip() and not os.environ.get(f"{name}_FILE"):
            raise ImproperlyConfigured(
                f"{name} is not set. It should be {self._variables[name].expected}."
            )
        return self(name)


def _shown(name: str, raw: str) -> str:
    """A wrong value as a message may repeat it: without passwords."""
    if "SECRET" in name or "PASSWORD" in name:
        return "a value"
    return repr(re.sub(r"//[^/]*@", "//***@", raw))
