"""Words for names, notes and letters: other scripts, quotes, semicolons, emoji, long texts."""

from __future__ import annotations

import random

GIVEN = ("Søren", "Åse", "李", "Zoë", "مريم", "נועה", "Jürgen", "Sinéad", "さくら", "Jo 🦄", "Anna", "N'Golo")
FAMILY = (
    "O'Brien",
    "Nørgaard",
    "王",
    "de la Cruz",
    "Müller",
    "Smith; Jr.",
    "حداد",
    '"Mac" Intyre',
    "%s Brown",
)
SENTENCES = (
    "It doesn't work; please help.",
    'The screen says: "error 17".',
    "Vi ses på mandag – tak!",
    "שלום, החשבונית שגויה.",
    "المبلغ غير صحيح",
    "请尽快回复。",
    "100% sure; SELECT it; -- thanks",
    "😡😡 still broken 🐚",
    "Two lines\r\nand a tab\there.",
)
LARGE_CHARACTERS = 50_000
"""An nvarchar(max) of so many characters takes 100 kB."""
EVERY_LARGE = 0.1


def person(rng: random.Random) -> str:
    """A full name."""
    return f"{rng.choice(GIVEN)} {rng.choice(FAMILY)}"


def line(rng: random.Random) -> str:
    """One sentence."""
    return rng.choice(SENTENCES)


def letter(rng: random.Random) -> str:
    """Some sentences; about one letter in ten has 100 kB."""
    text = " ".join(rng.choices(SENTENCES, k=rng.randint(1, 30)))
    if rng.random() < EVERY_LARGE:
        text = (text + "\n") * (LARGE_CHARACTERS // len(text) + 1)
        return text[:LARGE_CHARACTERS]
    return text
