"""Gates that somebody lets through, for one run and with a reason, which is recorded."""

from __future__ import annotations

import getpass
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from prefect.context import FlowRunContext

from expectations.gate import Override
from flows.run import this_run_link, this_run_name
from snowpark_models.errors import perhaps
from snowpark_models.model import Model


class OverrideRefused(Exception):  # noqa: N818 - reads as what happened
    """What is asked for names no gate of this run, or gives no reason."""


@dataclass
class Overrides:
    """The gates that are let through in this run; `used` grows by those that would have been closed.

    Attributes:
        names: such as MARTS.ORDER_FACTS.
        because: why, in somebody's words.
    """

    names: frozenset[str] = frozenset()
    because: str = ""
    used: dict[str, Override] = field(default_factory=dict)

    @classmethod
    def asked_for(cls, names: Sequence[str], because: str, gates: Collection[str]) -> Overrides:
        """Take what somebody asks for.

        Args:
            names: of gates, in any case.
            because: why.
            gates: those of this run.

        Raises:
            OverrideRefused: a name is none of the gates, or there is no reason, or a reason for nothing.
        """
        if because.strip() and not names:
            raise OverrideRefused("because=… says why a gate is let through: say which by override=[…]")
        for name in names:
            if name.upper() not in gates:
                raise OverrideRefused(
                    f"{name!r} cannot be overridden: it is no gate of this run"
                    f"{perhaps(name.lower(), [gate.lower() for gate in gates])}"
                )
        if names and not because.strip():
            raise OverrideRefused(
                f'{", ".join(names)}: an override needs a reason, which is recorded: because="…"'
            )
        return cls(frozenset(name.upper() for name in names), " ".join(because.split()))

    def let_through(self, name: str, failed: str) -> Override | None:
        """What to record of a gate that is closed, if it is let through; `failed` is what closed it."""
        if name not in self.names:
            return None
        earlier = self.used.get(name)
        layer, table = name.split(".")
        found = f"{earlier.failed}; {failed}" if earlier else failed
        override = Override(layer, table, self.because, found, _who(), this_run_name(), this_run_link())
        self.used[name] = override
        return override

    def __str__(self) -> str:
        """What was overridden, and what did not need to be, for the run's state; empty without any."""
        unused = sorted(self.names - self.used.keys())
        told = [f"overridden: {', '.join(self.used)} (because {self.because})"] if self.used else []
        told += [f"no override was needed: {', '.join(unused)}"] if unused else []
        return "; ".join(told)


def name_of(model: Model) -> str:
    """The name of a model's gate, such as MARTS.ORDER_FACTS."""
    return f"{model.schema}.{model.table}"


def _who() -> str:
    """Who has started the run, as far as Prefect knows; else the operating system's user."""
    context = FlowRunContext.get()
    creator = context.flow_run.created_by if context and context.flow_run else None
    return str(creator.display_value) if creator and creator.display_value else getpass.getuser()
