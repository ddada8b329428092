"""Gates and their report: suites by layer; gate/ runs them, report/ mails the outcome."""

import os

# Great Expectations reads this when it is imported: nothing about a run leaves the machine.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
