"""What tests of more than one room of the stand-in SQL Server share."""

from tests.sandbox.sqlserver.clients.java import java as java
