"""One mail a run: whether today's numbers can be used, what is wrong, what changed.

`load_summary` reads a run from the warehouse, `compose` writes the mail, `send` hands it to the server.
"""

from expectations.report.message import compose
from expectations.report.sending import MailNotSent, send
from expectations.report.summary import ModelRun, ReplicatedTable, RunSummary, load_summary

__all__ = [
    "MailNotSent",
    "ModelRun",
    "ReplicatedTable",
    "RunSummary",
    "compose",
    "load_summary",
    "send",
]
