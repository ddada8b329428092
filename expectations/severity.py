"""How grave it is that a rule is broken."""

from __future__ import annotations

from typing import Final, Literal

Severity = Literal["critical", "warning", "info"]
"""Critical closes the gate, warning publishes and tells, info is only kept."""

SEVERITIES: Final[tuple[Severity, ...]] = ("critical", "warning", "info")
"""Gravest first."""
