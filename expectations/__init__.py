"""Gates and their report: suites by layer; gate/ runs them, data_docs/ and report/ tell what they found."""

import os

# Great Expectations reads this when it is imported: nothing about a run leaves the machine.
os.environ["GX_ANALYTICS_ENABLED"] = "false"
