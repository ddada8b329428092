"""Write, audit, publish: a table becomes visible only when its suite lets it through.

`Gate` checks tables, each under the `Contract` of the model that made it; `GateResult` is its verdict,
`SuiteMissing` says which suite to write.
"""

from expectations.gate.catalog import SuiteMissing, load_suite, suites_of
from expectations.gate.contract import Contract
from expectations.gate.gate import Gate
from expectations.gate.gate_runs import LastGate
from expectations.gate.overrides import Override
from expectations.gate.partition import Partition
from expectations.gate.results import CheckResult, GateResult

__all__ = [
    "CheckResult",
    "Contract",
    "Gate",
    "GateResult",
    "LastGate",
    "Override",
    "Partition",
    "SuiteMissing",
    "load_suite",
    "suites_of",
]
