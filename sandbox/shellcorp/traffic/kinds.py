"""What Shellcorp's applications do, and how often. To add a kind: write its function, add its line here."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from sandbox.shellcorp.traffic import accounts, activities, customers, orders, products, sessions, tickets
from sandbox.shellcorp.traffic.transaction import Abandoned, Transaction

ABANDONED_NAME = "never committed"


@dataclass(frozen=True)
class Kind:
    """A kind of transaction.

    Attributes:
        weight: how often it is drawn, relative to the others.
        run: writes it; keeps every rule of docs/shellcorp.md.
    """

    weight: int
    run: Callable[[Transaction], None]

    @property
    def name(self) -> str:
        """The name of its function."""
        return self.run.__name__


def abandon(t: Transaction) -> None:
    """Write an order, correct a customer, and give up: nothing of it may ever be seen."""
    orders.place_order(t)
    customers.rename_customer(t, name=ABANDONED_NAME)
    raise Abandoned


KINDS = (
    Kind(14, orders.place_order),
    Kind(6, orders.pay_order),
    Kind(2, orders.fail_payment),
    Kind(8, orders.ship_order),
    Kind(2, orders.cancel_order),
    Kind(3, orders.change_order),
    Kind(2, orders.replace_line),
    Kind(2, orders.renumber_lines),
    Kind(1, orders.purge_order),
    Kind(3, customers.register_customer),
    Kind(3, customers.rename_customer),
    Kind(3, customers.change_email),
    Kind(2, customers.write_notes),
    Kind(2, customers.correct_customer),
    Kind(1, customers.forget_customer),
    Kind(2, accounts.open_account),
    Kind(6, accounts.move_money),
    Kind(1, accounts.freeze_account),
    Kind(1, accounts.close_account),
    Kind(2, accounts.migrate_account),
    Kind(4, activities.plan_activity),
    Kind(3, activities.begin_activity),
    Kind(5, activities.end_activity),
    Kind(1, activities.reopen_activity),
    Kind(2, activities.write_details),
    Kind(1, activities.drop_activity),
    Kind(3, tickets.open_ticket),
    Kind(3, tickets.answer_ticket),
    Kind(2, tickets.close_ticket),
    Kind(1, tickets.reopen_ticket),
    Kind(8, sessions.begin_session),
    Kind(5, sessions.view_pages),
    Kind(8, sessions.end_session),
    Kind(1, sessions.purge_sessions),
    Kind(1, products.change_price),
    Kind(1, products.change_picture),
    Kind(1, products.discontinue_product),
    Kind(4, abandon),
)


def plan(seed: int, number: int) -> tuple[Kind, random.Random]:
    """The kind of the transaction with this number, and its die: the same for the same seed."""
    die = random.Random(f"{seed}/{number}")
    return die.choices(KINDS, [kind.weight for kind in KINDS])[0], die
