"""Data Docs: pages that say of every gate of the last runs what it checked and what it found.

`publish` writes the page of a run and the index of all, from what the gates left in QUALITY. Each page is one
file without scripts that loads nothing, so it opens offline, from a mail's attachment or from a stage.
"""

from expectations.gate.data_docs.places import DataDocs
from expectations.gate.data_docs.publishing import publish

__all__ = ["DataDocs", "publish"]
