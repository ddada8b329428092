"""What follows a name in CREATE and ALTER: `NAME = value …`, tags, and what has a grammar of its own."""

from __future__ import annotations

from sandbox.snowflake.words import Words

Options = dict[str, str]
"""By upper-case name. A list in parentheses is its words, separated by spaces; tags are `TAG <name>`."""
FLAGS = ("SUSPEND", "RESUME", "ABORT")
BESIDE = ("WITH", ",", "SET")


def options(words: Words) -> Options:
    """The options that are left of a statement."""
    found: Options = {}
    while words and not words.take(";"):
        if words.take("TRIGGERS"):
            found["TRIGGERS"] = _triggers(words)
        elif words.take("MANAGED", "ACCESS"):
            found["MANAGED ACCESS"] = "true"
        elif words.take("TAG"):
            found |= _tags(words)
        elif words.take("MASKING", "POLICY"):
            found["MASKING POLICY " + ".".join(words.name())] = "true"
        elif not any(words.take(word) for word in BESIDE):
            name = words.literal()
            if words.take("="):
                found[name.upper()] = _value(words)
            elif name in FLAGS:
                found["STATE"] = name
    return found


def _value(words: Words) -> str:
    if not words.take("("):
        return words.literal()
    depth, inside = 1, []
    while words and depth:
        if words.take("("):
            depth += 1
        elif words.take(")"):
            depth -= 1
        else:
            inside.append(words.literal())
    return " ".join(inside)


def _tags(words: Words) -> Options:
    """`TAG name = 'value', name = 'value'`, in parentheses or without."""
    found: Options = {}
    words.take("(")
    while words:
        name = ".".join(words.name())
        words.take("=")
        found[f"TAG {name}"] = words.literal()
        if not words.take(","):
            break
    words.take(")")
    return found


def _triggers(words: Words) -> str:
    """`ON 75 PERCENT DO NOTIFY ON …` as `75 NOTIFY,…`."""
    found = []
    while words.take("ON"):
        percent = words.literal()
        words.take("PERCENT", "DO")
        found.append(f"{percent} {words.literal()}")
    return ",".join(found)
