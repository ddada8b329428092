"""All procedures of CDC, as the engine registers them."""

from __future__ import annotations

import sandbox.sqlserver.cdc.cleanup_procedure as cleanup_procedure
import sandbox.sqlserver.cdc.configuration as configuration
import sandbox.sqlserver.cdc.enabling as enabling
import sandbox.sqlserver.cdc.help_procedures as help_procedures
import sandbox.sqlserver.cdc.job_procedures as job_procedures
from sandbox.sqlserver.engine.procedures import ProcedureDef

PROCEDURES: tuple[ProcedureDef, ...] = (
    configuration.configure,
    enabling.enable_db,
    enabling.disable_db,
    enabling.enable_table,
    enabling.disable_table,
    cleanup_procedure.cleanup_change_table,
    help_procedures.help_change_data_capture,
    help_procedures.help_jobs,
    help_procedures.get_captured_columns,
    help_procedures.get_ddl_history,
    job_procedures.add_job,
    job_procedures.change_job,
    job_procedures.drop_job,
    job_procedures.start_job,
    job_procedures.stop_job,
    job_procedures.start_job_by_name,
    job_procedures.stop_job_by_name,
    job_procedures.scan_now,
)
