"""Microsoft's JDBC driver, as Python calls it: values of `type_limits` in, values of `type_limits` out."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from sandbox.process import Service
from tests.sandbox.sqlserver.clients.type_limits import TypeLimits

EXACT = {"decimal", "numeric", "money", "smallmoney"}
BYTES = {"binary", "varbinary", "rowversion", "image"}
WHOLE = {"tinyint", "smallint", "int", "bigint"}
FRACTIONS = {"smalldatetime": 0, "datetime": 3, "datetime2": None}
"""Digits of a fraction; of datetime2 they are declared."""
GREGORIAN = "1582-10-15"
"""mssql-jdbc 12.4 sends an older OffsetDateTime with its day in the Julian calendar: set as text."""
SETTERS = {
    "bit": "setBoolean",
    "tinyint": "setShort",
    "smallint": "setShort",
    "int": "setInt",
    "bigint": "setLong",
    "money": "setMoney",
    "smallmoney": "setSmallMoney",
    "float": "setDouble",
    "real": "setFloat",
    "uniqueidentifier": "setUniqueIdentifier",
    "char": "setString",
    "varchar": "setString",
    "text": "setString",
    "nchar": "setNString",
    "nvarchar": "setNString",
    "ntext": "setNString",
}


class Jdbc:
    """A connection of mssql-jdbc, with the driver's defaults but for a certificate that is self-signed."""

    def __init__(self, java: Any, service: Service, user: str = "sa", **more: str) -> None:
        self._java = java
        options = {
            "databaseName": "shellcorp",
            "user": user,
            "password": service.password(user),
            "encrypt": "true",
            "trustServerCertificate": "true",
            "loginTimeout": "10",
            "sendTimeAsDatetime": "false",  # which would cut a time's digits
        } | more
        properties = java.JClass("java.util.Properties")()
        for name, value in options.items():
            properties.setProperty(name, value)
        driver = java.JClass("com.microsoft.sqlserver.jdbc.SQLServerDriver")()
        self.connection = driver.connect(f"jdbc:sqlserver://127.0.0.1:{service.port}", properties)

    def close(self) -> None:
        self.connection.close()

    def execute(self, sql: str) -> None:
        """A statement without rows."""
        statement = self.connection.createStatement()
        try:
            statement.execute(sql)
        finally:
            statement.close()

    def rows(self, sql: str, limits: list[TypeLimits]) -> list[tuple[Any, ...]]:
        """The rows of a query whose columns have these types."""
        statement = self.connection.createStatement()
        try:
            result = statement.executeQuery(sql)
            found = []
            while result.next():
                found.append(tuple(read(result, at, kind) for at, kind in enumerate(limits, start=1)))
            return found
        finally:
            statement.close()

    def execute_with(self, sql: str, values: list[Any], limits: list[TypeLimits]) -> None:
        """A statement with typed parameters."""
        statement = self.connection.prepareStatement(sql)
        try:
            for at, (value, kind) in enumerate(zip(values, limits, strict=True), start=1):
                self._set(statement, at, value, kind)
            statement.execute()
        finally:
            statement.close()

    def _set(self, statement: Any, at: int, value: Any, kind: TypeLimits) -> None:
        """Set a parameter with the setter that Java people use for its type."""
        name = kind.name
        if value is None:
            statement.setNull(at, _null_type(self._java, name))
        elif name in EXACT:
            self._set_number(statement, at, value, kind)
        elif name in BYTES:
            statement.setBytes(at, self._java.JArray(self._java.JByte)(value))
        elif name == "xml":
            document = self.connection.createSQLXML()
            document.setString(value)
            statement.setSQLXML(at, document)
        elif name == "datetimeoffset" and value < GREGORIAN:
            statement.setString(at, value)
        elif name in SETTERS:
            getattr(statement, SETTERS[name])(at, str(value) if name == "uniqueidentifier" else value)
        else:
            statement.setObject(at, _moment(self._java, str(value), name))

    def _set_number(self, statement: Any, at: int, value: Decimal, kind: TypeLimits) -> None:
        number = self._java.JClass("java.math.BigDecimal")(f"{value:f}")
        if kind.name in SETTERS:
            getattr(statement, SETTERS[kind.name])(at, number)
        else:
            precision, scale = map(int, kind.declared.partition("(")[2][:-1].split(","))
            statement.setBigDecimal(at, number, precision, scale)


def _moment(java: Any, text: str, name: str) -> Any:
    """The java.time value of a text that SQL Server prints."""
    if name == "date":
        return java.JClass("java.time.LocalDate").parse(text)
    if name == "time":
        return java.JClass("java.time.LocalTime").parse(text)
    if name == "datetimeoffset":
        day, clock, zone = text.split(" ")
        return java.JClass("java.time.OffsetDateTime").parse(f"{day}T{clock}{zone}")
    return java.JClass("java.time.LocalDateTime").parse(text.replace(" ", "T"))


def _null_type(java: Any, name: str) -> int:
    types, own = java.JClass("java.sql.Types"), java.JClass("microsoft.sql.Types")
    if name in BYTES:
        return int(types.VARBINARY)
    known = {
        "bit": types.BIT, "tinyint": types.TINYINT, "smallint": types.SMALLINT, "int": types.INTEGER,
        "bigint": types.BIGINT, "decimal": types.DECIMAL, "numeric": types.NUMERIC, "money": own.MONEY,
        "smallmoney": own.SMALLMONEY, "float": types.DOUBLE, "real": types.REAL, "date": types.DATE,
        "time": types.TIME, "smalldatetime": own.SMALLDATETIME, "datetime": own.DATETIME,
        "datetime2": types.TIMESTAMP, "datetimeoffset": own.DATETIMEOFFSET, "uniqueidentifier": own.GUID,
        "xml": types.SQLXML, "char": types.CHAR, "varchar": types.VARCHAR, "text": types.LONGVARCHAR,
        "ntext": types.LONGNVARCHAR,
    }  # fmt: skip
    return int(known.get(name, types.NVARCHAR))


def read(result: Any, at: int, kind: TypeLimits) -> Any:
    """A column of the current row as `type_limits` writes it."""
    name = kind.name
    text = result.getString(at)
    if text is None:
        assert result.wasNull()
        return None
    if name == "bit":
        return bool(result.getBoolean(at))
    if name in WHOLE:
        return int(result.getLong(at))
    if name in EXACT:
        return Decimal(str(result.getBigDecimal(at).toPlainString()))
    if name in ("float", "real"):
        return float(result.getDouble(at) if name == "float" else result.getFloat(at))
    if name in BYTES:
        return bytes(result.getBytes(at))
    if name == "uniqueidentifier":
        return UUID(str(text))
    if name == "date":
        return date.fromisoformat(str(text))
    return _as_sql_server_prints(str(text), kind) if name in FRACTIONS else str(text)


def _as_sql_server_prints(text: str, kind: TypeLimits) -> str:
    """Java leaves zeros at the end of a fraction away, all but one."""
    whole, _, fraction = text.partition(".")
    known = FRACTIONS[kind.name]
    digits = int(kind.declared[-2]) if known is None else known
    padded = fraction.rstrip("0").ljust(digits, "0")
    return f"{whole}.{padded}" if padded else whole
