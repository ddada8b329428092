"""One mail a run: whether today's numbers can be used, what is wrong, what changed, how it went lately.

`load_summary` reads a run from the warehouse, `compose` writes the mail to those whom it concerns, `send`
hands it to the server. `compose_alert` writes of one gate at the moment when it closes; `load_week` and
`compose_digest` of a week, `compose_notice` of what Prefect has noticed.
"""

from expectations.report.alert import Alert, compose_alert
from expectations.report.deadline import Deadline
from expectations.report.digest import compose_digest
from expectations.report.message import compose
from expectations.report.notice import Notice, compose_notice
from expectations.report.ownership import Ownership, TableFacts
from expectations.report.recipients import Group, groups_of
from expectations.report.sending import MailNotSent, MessageRefused, RecipientsRefused, send
from expectations.report.summary import ModelRun, ReplicatedTable, RunSummary, load_summary
from expectations.report.week import Week, load_week

__all__ = [
    "Alert",
    "Deadline",
    "Group",
    "MailNotSent",
    "MessageRefused",
    "ModelRun",
    "Notice",
    "Ownership",
    "RecipientsRefused",
    "ReplicatedTable",
    "RunSummary",
    "TableFacts",
    "Week",
    "compose",
    "compose_alert",
    "compose_digest",
    "compose_notice",
    "groups_of",
    "load_summary",
    "load_week",
    "send",
]
