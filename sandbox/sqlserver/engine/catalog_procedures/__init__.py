"""The catalog stored procedures: what ODBC and JDBC drivers ask for tables, columns, keys and types.

Result columns, their types and order: Microsoft's pages "Catalog stored procedures (Transact-SQL)". The
procedures whose names end in `_100` are what drivers since SQL Server 2008 call; those without tell dates and
times as text.
"""

from sandbox.sqlserver.engine.catalog_procedures import columns, datatypes, indexes, keys, refused, tables

PROCEDURES = (
    tables.sp_tables,
    tables.sp_databases,
    columns.sp_columns,
    columns.sp_columns_100,
    columns.sp_special_columns,
    columns.sp_special_columns_100,
    keys.sp_pkeys,
    keys.sp_fkeys,
    indexes.sp_statistics,
    indexes.sp_statistics_100,
    datatypes.sp_datatype_info,
    datatypes.sp_datatype_info_100,
    *refused.PROCEDURES,
)
