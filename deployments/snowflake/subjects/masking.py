"""The tag of personal columns, its masking policies, and what has the tag."""

from __future__ import annotations

from collections.abc import Iterator

from deployments.quoting import snowflake_name, snowflake_text
from deployments.snowflake import wanted
from deployments.snowflake.names import Names
from deployments.snowflake.present import Account
from deployments.snowflake.script import Script
from deployments.snowflake.step import Step

SQL = Script("05_masking.sql")
MARK = "[personal]"
"""With which the comment of a personal column ends (snowpark_models/contract.py)."""


def steps(account: Account, names: Names) -> Iterator[Step]:
    """Make tag and policies, tag the schemas, and the columns of what was there before them."""
    tag = tag_of(names)
    tags = account.by_name(f"SHOW TAGS IN SCHEMA {snowflake_name(*tag[:2])}")
    is_there = wanted.TAG in tags
    if not is_there:
        made = SQL("create_tag", tag=tag, comment=names.marked("Whether a column has personal data."))
        yield Step("+", f"tag {'.'.join(tag)}", made)
    yield from _policies(account, names, is_there=is_there)
    for schema in wanted.schemas(names):
        if schema.personal:
            yield from _schema(account, names, schema, is_there=is_there)
    yield from _columns(account, names, is_there=is_there)


def tag_of(names: Names) -> tuple[str, str, str]:
    """The tag's name."""
    return names.database, wanted.GOVERNANCE, wanted.TAG


def policy_of(names: Names, type_: str) -> tuple[str, str, str]:
    """The name of the policy of a type."""
    return names.database, wanted.GOVERNANCE, f"MASK_{type_}"


def _policies(account: Account, names: Names, *, is_there: bool) -> Iterator[Step]:
    tag = tag_of(names)
    for type_, mask in wanted.MASKED.items():
        policy = policy_of(names, type_)
        body = {"sees": names.own(wanted.PERSONAL), "tag": ".".join(tag), "mask": mask}
        found = account.rows(f"DESCRIBE MASKING POLICY {snowflake_name(*policy)}")
        changed = SQL("set_policy_body", policy=policy, **body)
        if not found:
            comment = names.marked(f"Masks {type_} columns that are personal, or may be.")
            made = SQL("create_policy", policy=policy, type=type_, comment=comment, **body)
            yield Step("+", f"masking policy {'.'.join(policy)}", made)
        elif _plain(found[0]["body"]) != _plain(changed.sql.partition("->")[2]):
            yield Step("~", f"masking policy {'.'.join(policy)}: another body", changed)
        if not (found and is_there and _has_policy(account, names, policy)):
            text = f"tag {'.'.join(tag)}: masking policy {policy[-1]}"
            yield Step("~", text, SQL("set_policy", tag=tag, policy=policy))


def _has_policy(account: Account, names: Names, policy: tuple[str, str, str]) -> bool:
    function = f"{snowflake_name(names.database)}.INFORMATION_SCHEMA.POLICY_REFERENCES"
    name = snowflake_text(snowflake_name(*policy))
    rows = account.rows(f"SELECT * FROM TABLE({function}(POLICY_NAME => {name}))")
    place = ("TAG", *tag_of(names))
    columns = ("ref_entity_domain", "ref_database_name", "ref_schema_name", "ref_entity_name")
    return any(tuple(row[column] for column in columns) == place for row in rows)


def _schema(account: Account, names: Names, schema: wanted.Schema, *, is_there: bool) -> Iterator[Step]:
    place = (names.database, schema.name)
    value = tag_of_schema(account, names, schema.name) if is_there else None
    if value != schema.personal:
        tagged = SQL("tag_schema", schema=place, tag=tag_of(names), value=schema.personal)
        yield Step("~", f"schema {'.'.join(place)}: tag {wanted.TAG} = {schema.personal}", tagged)


def tag_of_schema(account: Account, names: Names, schema: str) -> str | None:
    """What a schema is tagged with; None where it is not."""
    rows = _references(account, names, "TAG_REFERENCES", (names.database, schema), "schema")
    return next(
        (row["tag_value"] for row in rows if _is_tag(row, names) and row["level"].upper() == "SCHEMA"), None
    )


def _columns(account: Account, names: Names, *, is_there: bool) -> Iterator[Step]:
    """Tag the columns of tables from before: as their comments say, which are those of their contracts."""
    unknown = [schema.name for schema in wanted.schemas(names) if schema.personal == "unknown"]
    listed = ", ".join(map(snowflake_text, unknown))
    kinds = {
        (row["schema_name"], row["name"]): "VIEW" if row["kind"] == "VIEW" else "TABLE"
        for row in account.rows(f"SHOW OBJECTS IN DATABASE {snowflake_name(names.database)}")
    }
    rows = account.rows(
        "SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, COMMENT "
        f"FROM {snowflake_name(names.database)}.INFORMATION_SCHEMA.COLUMNS "
        f"WHERE TABLE_SCHEMA IN ({listed}) AND COMMENT <> '' "
        "ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"
    )
    said: dict[tuple[str, str], dict[str, str]] = {}
    for row in rows:
        value = "yes" if row["comment"].endswith(MARK) else "no"
        said.setdefault((row["table_schema"], row["table_name"]), {})[row["column_name"]] = value
    for place, columns in said.items():
        table, known = (names.database, *place), _tags_of(account, names, place) if is_there else {}
        for column, value in columns.items():
            if known.get(column) != value and place in kinds:
                given = {"kind": kinds[place], "table": table, "column": column, "tag": tag_of(names)}
                text = f"column {'.'.join(place)}.{column}: tag {wanted.TAG} = {value}"
                yield Step("~", text, SQL("tag_column", value=value, **given))


def _tags_of(account: Account, names: Names, place: tuple[str, str]) -> dict[str, str]:
    """What the columns of a table are tagged with themselves."""
    rows = _references(account, names, "TAG_REFERENCES_ALL_COLUMNS", (names.database, *place), "table")
    return {
        row["column_name"]: row["tag_value"]
        for row in rows
        if _is_tag(row, names) and row["level"].upper() == "COLUMN"
    }


def _references(
    account: Account, names: Names, function: str, place: tuple[str, ...], domain: str
) -> list[dict[str, str]]:
    called = f"{snowflake_name(names.database)}.INFORMATION_SCHEMA.{function}"
    arguments = f"{snowflake_text(snowflake_name(*place))}, {snowflake_text(domain)}"
    return account.rows(f"SELECT * FROM TABLE({called}({arguments}))")


def _is_tag(row: dict[str, str], names: Names) -> bool:
    return (row["tag_database"], row["tag_schema"], row["tag_name"]) == tag_of(names)


def _plain(text: str) -> str:
    return " ".join(text.split())
