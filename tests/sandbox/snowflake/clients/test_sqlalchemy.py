"""snowflake-sqlalchemy: reflection of what was declared, and rows through Core, the ORM, pandas and MERGE."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pandas as pd
import pytest
from snowflake.sqlalchemy import URL, MergeInto
from sqlalchemy import (
    Engine,
    Integer,
    MetaData,
    Numeric,
    Sequence,
    String,
    Table,
    create_engine,
    delete,
    inspect,
    select,
    update,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from sandbox.process import Service
from tests.sandbox.snowflake.snowflake_client import Run

PARENT = """
CREATE TRANSIENT TABLE parent (
    id NUMBER(10, 0) NOT NULL COMMENT 'it''s the key', code VARCHAR(10) NOT NULL,
    CONSTRAINT pk_parent PRIMARY KEY (id), CONSTRAINT uq_code UNIQUE (code)
) COMMENT = 'a table; it''s kept'
"""
CHILD = "CREATE TABLE child (id NUMBER PRIMARY KEY, parent_id NUMBER(10, 0) REFERENCES parent (id))"


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(Integer, Sequence("person_seq"), primary_key=True)
    name: Mapped[str] = mapped_column(String(30))
    amount: Mapped[Decimal | None] = mapped_column(Numeric(10, 2))


@pytest.fixture
def engine(snowflake_service: Service, schema: str) -> Iterator[Engine]:
    password = snowflake_service.password("PLATFORM")
    url = URL(account="shellcorp", user="PLATFORM", password=password, database="SHELLCORP", schema=schema)
    address = {
        "host": "127.0.0.1",
        "port": snowflake_service.port,
        "protocol": "http",
        "account": "shellcorp",
    }
    made = create_engine(url, connect_args=address)
    yield made
    made.dispose()


def test_reflection_shows_what_was_declared(engine: Engine, run: Run, schema: str) -> None:
    for statement in (PARENT, CHILD, "CREATE VIEW v COMMENT = 'seen' AS SELECT id FROM parent"):
        run(statement)
    found = inspect(engine)
    assert sorted(found.get_table_names()) == ["child", "parent"]
    assert found.get_view_names() == ["v"]
    assert {schema.lower(), "information_schema"} <= set(found.get_schema_names())
    columns = [(c["name"], str(c["type"]), c["nullable"], c["comment"]) for c in found.get_columns("parent")]
    assert columns == [
        ("id", "DECIMAL(10, 0)", False, "it's the key"),
        ("code", "VARCHAR(10)", False, None),
    ]
    assert found.get_pk_constraint("parent") == {"constrained_columns": ["id"], "name": "pk_parent"}
    assert [key["column_names"] for key in found.get_unique_constraints("parent")] == [["code"]]
    (foreign,) = found.get_foreign_keys("child")
    assert (foreign["constrained_columns"], foreign["referred_table"], foreign["referred_columns"]) == (
        ["parent_id"], "parent", ["id"],
    )  # fmt: skip
    assert found.get_indexes("parent") == []
    assert found.get_table_comment("parent") == {"text": "a table; it's kept"}


def test_declarations_follow_their_table(run: Run) -> None:
    run(PARENT)
    run("CREATE TABLE copied CLONE parent")
    run("CREATE TABLE other (id NUMBER)")
    run("ALTER TABLE parent RENAME TO renamed")
    run("ALTER TABLE renamed SWAP WITH other")
    run("ALTER TABLE other ADD COLUMN more NUMBER")
    run("COMMENT ON COLUMN copied.code IS 'short'")
    run("ALTER TABLE copied RENAME COLUMN id TO pk")
    tables = (
        "SELECT comment, is_transient FROM information_schema.tables WHERE table_schema = CURRENT_SCHEMA()"
    )
    kept = ("a table; it's kept", "YES")
    assert run(f"{tables} ORDER BY table_name") == [kept, kept, (None, "NO")]
    assert [row[9] for row in run("DESCRIBE TABLE other")] == ["it's the key", None, None]
    assert [row[9] for row in run("DESCRIBE TABLE copied")] == ["it's the key", "short"]
    assert [row[4:6] for row in run("SHOW PRIMARY KEYS IN TABLE copied")] == [("PK", 1)]
    run("CREATE TABLE IF NOT EXISTS other (id NUMBER) COMMENT = 'not this'")
    assert [row[:1] for row in run(f"{tables} AND table_name = 'OTHER'")] == [kept[:1]]


def test_rows_through_the_orm_core_and_merge(engine: Engine) -> None:
    Base.metadata.create_all(engine)
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([Person(name="Ann", amount=Decimal("1.25")), Person(name="Bo")])
        session.commit()
        session.delete(session.scalars(select(Person).where(Person.name == "Bo")).one())
        session.flush()
        session.rollback()
        names = session.execute(select(Person.name, Person.amount).order_by(Person.name)).all()
        assert [tuple(row) for row in names] == [("Ann", Decimal("1.25")), ("Bo", None)]
    with engine.begin() as connection:
        assert connection.execute(update(Person).where(Person.name == "Bo").values(name="Bob")).rowcount == 1
        assert connection.execute(delete(Person).where(Person.name == "nobody")).rowcount == 0
    news = pd.DataFrame({"id": [1000], "name": ["Cy"]})
    assert news.to_sql("news", engine, index=False) == 1
    source = Table("news", MetaData(), autoload_with=engine)
    person = Base.metadata.tables["person"]
    merge = MergeInto(target=person, source=source, on=person.c.id == source.c.id)
    merge.when_not_matched_then_insert().values(id=source.c.id, name=source.c.name)
    with engine.begin() as connection:
        connection.execute(merge)
    assert list(pd.read_sql("SELECT name FROM person ORDER BY name", engine)["name"]) == ["Ann", "Bob", "Cy"]
