"""SQL Server's errors about CDC, with Microsoft's numbers and texts (Database Engine error list)."""

from __future__ import annotations

from sandbox.sqlserver.results import SqlServerError

_TEXTS = {
    4711: "Cannot truncate table '{0}' because it is published for replication or enabled for Change Data "
    "Capture.",
    7139: "Length of LOB data ({0}) to be replicated exceeds configured maximum {1}. Use the stored "
    "procedure sp_configure to increase the configured maximum value for max text repl size option, "
    "which defaults to 65536. A configured value of -1 indicates no limit, other than the limit imposed "
    "by the data type.",
    14262: "The specified {0} ('{1}') does not exist.",
    14294: "Supply either {0} or {1} to identify the job.",
    15457: "Configuration option '{0}' changed from {1} to {2}. Run the RECONFIGURE statement to install.",
    22022: "SQLServerAgent Error: Request to {0} job {1} refused because the job is {2}.",
    22850: "The threshold value specified for the Change Data Capture cleanup process must be greater than "
    "0. When creating or modifying the cleanup job, specify a positive threshold value. If this error is "
    "encountered when executing the sys.sp_cdc_cleanup_change_table stored procedure, reset the "
    "threshold value associated with the job to a non-negative value by using the sp_cdc_change_job "
    "stored procedure.",
    22859: "Log Scan process failed in processing log records. Refer to previous errors in the current "
    "session to identify the cause and correct any associated problems.",
    22860: "Log scan process failed in processing a ddl log record. Refer to previous errors in the current "
    "session to identify the cause and correct any associated problems.",
    22863: "Failed to insert rows into Change Data Capture change tables. Refer to previous errors in the "
    "current session to identify the cause and correct any associated problems.",
    22901: "The database '{0}' is not enabled for Change Data Capture. Ensure that the correct database "
    "context is set and retry the operation. To report on the databases enabled for Change Data "
    "Capture, query the is_cdc_enabled column in the sys.databases catalog view.",
    22902: "Caller is not authorized to initiate the requested action. {0} privileges are required.",
    22904: "Caller is not authorized to initiate the requested action. DBO privileges are required.",
    22905: "Database '{0}' is already enabled for Change Data Capture. Ensure that the correct database "
    "context is set, and retry the operation. To report on the databases enabled for Change Data "
    "Capture, query the is_cdc_enabled column in the sys.databases catalog view.",
    22906: "The database '{0}' cannot be enabled for Change Data Capture because a database user named 'cdc'"
    " or a schema named 'cdc' already exists in the current database. These objects are required "
    "exclusively by Change Data Capture. Drop or rename the user or schema and retry the operation.",
    22907: "Parameter @role_name cannot be empty. Specify a value for @role_name and retry the operation. "
    "Supply null as the value if no role is to be used to gate access to captured change data.",
    22910: "The cleanup request for database '{0}' failed. The database is not enabled for Change Data "
    "Capture.",
    22914: "Only members of the sysadmin or db_owner or db_ddladmin roles can perform this operation when "
    "Change Data Capture is enabled for a database.",
    22926: "Could not create a capture instance because the capture instance name '{0}' already exists in "
    "the current database. Specify an explicit unique name for the parameter @capture_instance.",
    22927: "Capture instance name '{0}' exceeds the length limit of 100 characters. Specify a name that "
    "satisfies the length constraint.",
    22928: "Index name '{0}' is not an index for table '{1}.{2}'. Specify a valid index name for the table.",
    22929: "Index '{0}' must be either a primary key or a unique index for table '{1}.{2}'. Specify an index"
    " that meets at least one of these requirements.",
    22930: "Could not locate '{0}' as a column of source table '{1}.{2}'. Specify a valid column name.",
    22931: "Source table '{0}.{1}' does not exist in the current database. Ensure that the correct database "
    "context is set. Specify a valid schema and table name for the database.",
    22939: "The parameter @supports_net_changes is set to 1, but the source table does not have a primary "
    "key defined and no alternate unique index has been specified.",
    22943: "Columns used to uniquely identify a row for net change tracking must be included in the list of "
    "captured columns. Add either the primary key columns of the source table, or the columns defined"
    " for the index specified in the parameter @index_name to the list of captured columns and retry "
    "the operation.",
    22960: "Change data capture instance '{0}' has not been enabled for the source table '{1}.{2}'. Use "
    "sys.sp_cdc_help_change_data_capture to verify the capture instance name and retry the operation.",
    22962: "Two capture instances already exist for source table '{0}.{1}'. A table can have at most two "
    "capture instances. If the current tracking options are not appropriate, disable change tracking "
    "for the obsolete instance by using sys.sp_cdc_disable_table and retry the operation.",
    22963: "Parameter '{0}' cannot be null or empty. Specify a value for the named parameter and retry the "
    "operation.",
    22964: "LSN {0}, specified as the new low end point for change table cleanup must represent the "
    "start_lsn value of a current entry in the cdc.lsn_time_mapping table. Choose an LSN value that "
    "satisfies this requirement.",
    22965: "A quoted column in the column list is not properly terminated. Verify that columns are correctly"
    " delimited and retry the operation. For more information, see 'Delimited Identifiers' in Books "
    "Online.",
    22970: "The value for parameter @maxscans specified for the Change Data Capture job must be greater than"
    " 0.",
    22972: "When calling stored procedure [sys].sp_cdc_help_change_data capture, if either @source_schema or"
    " @source_name is non-null and non-empty, the other parameter must also be non-null and "
    "non-empty.",
    22974: "Tables contained in the cdc schema cannot be enabled for Change Data Capture.",
    22975: "Source table '{0}' contains one of the following reserved column names: __$start_lsn, "
    "__$end_lsn, __$seqval, __$operation, and __$update_mask. To enable Change Data Capture for this "
    "table, specify a captured column list and ensure that these columns are excluded from the list.",
    22981: "Object does not exist or access is denied.",
    22985: "Change data capture has not been enabled for source table '{0}.{1}'. Specify the name of a table"
    " enabled for Change Data Capture. To report on the tables enabled for Change Data Capture, query"
    " the is_tracked_by_cdc column in the sys.tables catalog view.",
    22989: "Could not enable Change Data Capture for database '{0}'. Change data capture is not supported on"
    " system databases, or on a distribution database.",
    22990: "The value specified for the parameter @pollinginterval must be greater than or equal to 0 and "
    "less than 24 hours(Max: 86399 seconds). Specify a polling interval (in seconds) that is less "
    "than 24 hours (86,400 seconds).",
    22991: "The value specified for the parameter @maxtrans must be greater than 0.",
    22992: "The specified @job_type, {0}, is not supported. The value specified for the parameter @job_type "
    "must be N'capture' to indicate a capture job, or N'cleanup' to indicate a cleanup job.",
    22994: "The retention value specified for the Change Data Capture cleanup process must be greater than 0"
    " and less than or equal to 52594800. When creating or modifying the cleanup job, specify a "
    "retention value (in minutes) that is within that range. If this error is encountered when "
    "executing the sys.sp_cdc_cleanup_change_table stored procedure, reset the retention value "
    "associated with the job to a non-negative value less than 52594800 by using the "
    "sp_cdc_change_job stored procedure.",
    22995: "A value for the parameter @retention cannot be specified when the job type is 'capture'. Specify"
    " NULL for the parameter, or omit the parameter from the statement.",
    22996: "When adding or modifying the CDC cleanup job, @pollinginterval, @maxtrans, @maxscans, and "
    "@continuous may not be assigned non-null values.",
    22997: "The Change Data Capture '{0}' job does not exist in the system table 'msdb.dbo.cdc_jobs'. Use "
    "the stored procedure 'sys.sp_cdc_add_job' to add the Change Data Capture job.",
    22998: "The value specified for the parameter @continuous must be 0 or 1.",
}


def error(number: int, *values: str, procedure: str = "") -> SqlServerError:
    """The error of that number, its text filled with `values`."""
    return SqlServerError(number, text(number, *values), procedure=procedure)


def text(number: int, *values: str) -> str:
    """The text of that error, filled with `values`."""
    return _TEXTS[number].format(*values)
