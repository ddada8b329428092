"""Change Data Capture of the stand-in.

`install` prepares a database, `PROCEDURES` go into the engine's registry, `CaptureJob` runs in the server.
"""

from sandbox.sqlserver.cdc.capture_job import CaptureJob
from sandbox.sqlserver.cdc.installing import install
from sandbox.sqlserver.cdc.procedures import PROCEDURES

__all__ = ["PROCEDURES", "CaptureJob", "install"]
