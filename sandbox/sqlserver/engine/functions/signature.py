"""How a built-in function is declared: how many arguments it takes, and what binds it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.sqlserver.engine.bound import Bound
from sandbox.sqlserver.results import SqlServerError

if TYPE_CHECKING:
    from sandbox.sqlserver.engine.binder import Binder

MANY = 254


@dataclass(frozen=True)
class Function:
    """A function of bound arguments: at least `least`, at most `most` (the same when not given)."""

    call: Callable[[Binder, list[Bound]], Bound]
    least: int
    most: int = -1

    def bind(self, name: str, binder: Binder, arguments: list[Bound]) -> Bound:
        """Bind a call. Raises SqlServerError 174 for a wrong number of arguments."""
        most = self.least if self.most < 0 else self.most
        if not self.least <= len(arguments) <= most:
            wanted = str(self.least) if most == self.least else f"{self.least} to {most}"
            raise SqlServerError(
                174, f"The {name.lower()} function requires {wanted} argument(s).", severity=15
            )
        return self.call(binder, arguments)


def simple(call: Callable[..., Bound], least: int, most: int = -1) -> Function:
    """A function that needs its arguments only."""
    return Function(lambda _binder, arguments: call(*arguments), least, most)
