"""What the platform keeps in a Prefect workspace beside its deployments; `python -m deployments.prefect`.

The only part of deployments that imports Prefect. Models and suites never import it.
"""
