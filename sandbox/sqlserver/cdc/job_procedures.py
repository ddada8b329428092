"""Procedures on the jobs: `sp_cdc_add_job` and its like, and msdb's `sp_start_job` and `sp_stop_job`."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import sandbox.sqlserver.cdc.jobs as jobs
from sandbox.sqlserver.cdc.capture_job import capture
from sandbox.sqlserver.cdc.checks import require_cdc, require_owner
from sandbox.sqlserver.cdc.cleanup import clean_up_by_retention
from sandbox.sqlserver.cdc.errors import error
from sandbox.sqlserver.cdc.harvest import wait_for_scan
from sandbox.sqlserver.cdc.jobs import CAPTURE, CLEANUP, Job
from sandbox.sqlserver.cdc.phases import ScanError
from sandbox.sqlserver.engine.procedures import ProcedureContext, ProcedureParameter, procedure
from sandbox.sqlserver.engine.types import FIXED
from sandbox.sqlserver.results import ErrorRaised, Message, Result, SqlServerError, SqlType

_SYSNAME, _BIT, _INT, _BIGINT = FIXED["sysname"], FIXED["bit"], FIXED["int"], FIXED["bigint"]
_JOB_TYPE = SqlType("nvarchar", length=20)
_SETTINGS = (
    ProcedureParameter("maxtrans", _INT, None),
    ProcedureParameter("maxscans", _INT, None),
    ProcedureParameter("continuous", _BIT, None),
    ProcedureParameter("pollinginterval", _BIGINT, None),
    ProcedureParameter("retention", _BIGINT, None),
    ProcedureParameter("threshold", _BIGINT, None),
)
_SETTING_NAMES = tuple(parameter.name for parameter in _SETTINGS)


@procedure(
    "sys.sp_cdc_add_job",
    ProcedureParameter("job_type", _JOB_TYPE),
    ProcedureParameter("start_job", _BIT, True),
    *_SETTINGS,
)
def add_job(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Add the capture or the cleanup job; nothing happens when it is there."""
    job_type = _job_type(context, arguments, "sp_cdc_add_job")
    if jobs.find(context.connection, context.database, job_type) is None:
        job = _changed(jobs.default_job(context.database, job_type), arguments)
        jobs.add(context.connection, job)
        if arguments["start_job"] and job_type == CAPTURE:
            jobs.start(context.connection, job)
            yield Message(0, f"Job '{job.name}' started successfully.")


@procedure("sys.sp_cdc_change_job", ProcedureParameter("job_type", _JOB_TYPE, CAPTURE), *_SETTINGS)
def change_job(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Change settings of a job. Here they count from the next scan on, not from its next start."""
    job = _existing(context, arguments, "sp_cdc_change_job")
    jobs.change(context.connection, _changed(job, arguments))
    yield from ()


@procedure("sys.sp_cdc_drop_job", ProcedureParameter("job_type", _JOB_TYPE))
def drop_job(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Stop and drop a job."""
    jobs.remove(context.connection, _existing(context, arguments, "sp_cdc_drop_job"))
    wait_for_scan()
    yield from ()


@procedure("sys.sp_cdc_start_job", ProcedureParameter("job_type", _JOB_TYPE, CAPTURE))
def start_job(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Start a job: capturing goes on until it is stopped, a cleanup is done at once."""
    yield from _start(context, _existing(context, arguments, "sp_cdc_start_job"))


@procedure("sys.sp_cdc_stop_job", ProcedureParameter("job_type", _JOB_TYPE, CAPTURE))
def stop_job(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Stop a job; no scan begins any more."""
    yield from _stop(context, _existing(context, arguments, "sp_cdc_stop_job"))


_BY_NAME = (
    ProcedureParameter("job_name", _SYSNAME, None),
    ProcedureParameter("job_id", FIXED["uniqueidentifier"], None),
)


@procedure("msdb.dbo.sp_start_job", *_BY_NAME)
def start_job_by_name(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Start a job by its name or id."""
    yield from _start(context, _named(context, arguments))


@procedure("msdb.dbo.sp_stop_job", *_BY_NAME)
def stop_job_by_name(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Stop a job by its name or id."""
    yield from _stop(context, _named(context, arguments))


@procedure(
    "sys.sp_cdc_scan",
    ProcedureParameter("maxtrans", _INT, 500),
    ProcedureParameter("maxscans", _INT, 10),
    ProcedureParameter("continuous", _BIT, False),
    ProcedureParameter("pollinginterval", _BIGINT, 0),
)
def scan_now(context: ProcedureContext, arguments: dict[str, Any]) -> Iterator[Result]:
    """Scan the log once, here and now; allowed beside a capture job that runs (seen on SQL Server 2025)."""
    require_owner(context, "sp_cdc_scan")
    require_cdc(context, "sp_cdc_scan")
    _check({name: arguments[name] for name in ("maxtrans", "maxscans", "pollinginterval")})
    if arguments["continuous"]:
        raise SqlServerError(40517, "not modelled by the stand-in: sp_cdc_scan with @continuous = 1")
    with closing(context.connection.cursor()) as cursor:
        limits = (arguments["maxtrans"], arguments["maxscans"])
        try:
            capture(cursor, context.database, *limits, context.schema_changed)
        except ScanError as failure:
            for problem in failure.errors[:-1]:
                yield ErrorRaised(problem)
            raise failure.errors[-1] from failure


def _job_type(context: ProcedureContext, arguments: dict[str, Any], procedure_name: str) -> str:
    require_owner(context, procedure_name)
    require_cdc(context, procedure_name)
    job_type = str(arguments["job_type"] or "").lower()
    if job_type not in (CAPTURE, CLEANUP):
        raise error(22992, str(arguments["job_type"]), procedure=procedure_name)
    return job_type


def _existing(context: ProcedureContext, arguments: dict[str, Any], procedure_name: str) -> Job:
    job_type = _job_type(context, arguments, procedure_name)
    job = jobs.find(context.connection, context.database, job_type)
    if job is None:
        raise error(22997, job_type, procedure=procedure_name)
    return job


def _named(context: ProcedureContext, arguments: dict[str, Any]) -> Job:
    name, job_id = arguments["job_name"], arguments["job_id"]
    found = (
        jobs.find_by_name(context.connection, str(name))
        if name is not None
        else jobs.find_by_id(context.connection, uuid.UUID(str(job_id)))
        if job_id is not None
        else None
    )
    if found is None and name is None and job_id is None:
        raise error(14294, "@job_id", "@job_name")
    if found is None:
        raise error(14262, *(("@job_name", str(name)) if name is not None else ("@job_id", str(job_id))))
    return found


def _changed(job: Job, arguments: dict[str, Any]) -> Job:
    """The job with the settings that were given, checked as SQL Server checks them."""
    given = {name: arguments[name] for name in _SETTING_NAMES if arguments[name] is not None}
    if job.job_type == CAPTURE and {"retention", "threshold"} & given.keys():
        raise error(22995)
    if job.job_type == CLEANUP and given.keys() - {"retention", "threshold"}:
        raise error(22996)
    _check(given)
    return replace(job, **given)


def _check(given: dict[str, Any]) -> None:
    if given.get("maxtrans", 1) <= 0:
        raise error(22991)
    if given.get("maxscans", 1) <= 0:
        raise error(22970)
    if not 0 <= given.get("pollinginterval", 0) < 86_400:
        raise error(22990)
    if not 0 < given.get("retention", 1) <= 52_594_800:
        raise error(22994)
    if given.get("threshold", 1) <= 0:
        raise error(22850)


def _start(context: ProcedureContext, job: Job) -> Iterator[Result]:
    if job.job_type == CLEANUP:
        clean_up_by_retention(
            context.connection.cursor(), job.database, timedelta(minutes=job.retention or 0)
        )
    elif jobs.is_running(context.connection, job):
        raise _refused("run", job, context, f"already running from a request by User {context.login}")
    else:
        jobs.start(context.connection, job)
    yield Message(0, f"Job '{job.name}' started successfully.")


def _stop(context: ProcedureContext, job: Job) -> Iterator[Result]:
    if not jobs.is_running(context.connection, job):
        raise _refused("stop", job, context, "not currently running")
    jobs.stop(context.connection, job)
    wait_for_scan()
    yield Message(0, f"Job '{job.name}' stopped successfully.")


def _refused(request: str, job: Job, context: ProcedureContext, why: str) -> SqlServerError:
    name = f"{job.name} (from User {context.login})"
    return error(22022, request, name, why)
