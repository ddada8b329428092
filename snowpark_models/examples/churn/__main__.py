"""`python -m snowpark_models.examples.churn --developer NAME [--months 18] [--save]`: train and evaluate.

Records the features of the first day of each month in the developer's schemas, joins them to the labels,
trains on the earlier months and evaluates on the last three. With --save the trained model is written to
features/_churn_model.py: commit it, and the flow scores with it (features/customer_churn_scores.py).
"""

from __future__ import annotations

import argparse
import sys
import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pandas as pd
from snowflake.snowpark import Session

from deployments.connections import ConnectionFailed, connect_snowflake, snowpark_session
from deployments.settings import SettingsError, load_settings
from snowpark_models.errors import ModelError
from snowpark_models.examples.churn.evaluation import Evaluation, evaluate
from snowpark_models.examples.churn.labels import churn_labels, customers_at, months_before
from snowpark_models.examples.churn.saving import saved
from snowpark_models.examples.churn.training import fit, probabilities, split_by_time
from snowpark_models.features._views import CUSTOMER_CHURN
from snowpark_models.pointintime import backfill, end_of_data, recorded, training_set
from snowpark_models.pointintime.sets import locations
from snowpark_models.runner.names import Namespace
from snowpark_models.runner.warehouse import Warehouse
from snowpark_models.trained import TrainedModel

BASELINES = ("LOW_RATINGS_90D",)
SAVED = Path(__file__).parents[2] / "features" / "_churn_model.py"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 when the warehouse cannot be reached, 2 when there is nothing to learn from."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
        where = Namespace((options.developer or settings.developer).upper())
        if where.is_production:
            raise ModelError(
                "give --developer NAME, or set PLATFORM_DEVELOPER: training records history there"
            )
        with connect_snowflake(settings.snowflake, "python -m snowpark_models.examples.churn") as connection:
            training = labelled(snowpark_session(connection), where, options.months)
        model, evaluation = train(training)
    except (ConnectionFailed, SettingsError) as error:
        return _failed(error, 1)
    except (ModelError, ValueError) as error:
        return _failed(error, 2)
    sys.stdout.write(f"{model.identity}\non {model.features_of}\n{evaluation}\n")
    if options.save:
        SAVED.write_text(saved(model), encoding="utf-8")
        sys.stdout.write(f"{SAVED.relative_to(Path.cwd()) if SAVED.is_relative_to(Path.cwd()) else SAVED}\n")
    return 0


def labelled(session: Session, where: Namespace, months: int) -> pd.DataFrame:
    """Features and LABEL of who was a customer on the first day of some months.

    Raises:
        ModelError: what is read is not built, or its code has no version of its own.
    """
    stored = CUSTOMER_CHURN.stored()
    times = months_before(end_of_data(session, CUSTOMER_CHURN, namespace=where), months)
    evenings = [time - timedelta(hours=1) for time in times]
    run_id = f"{where.developer.lower()}-{uuid.uuid4().hex[:12]}"
    backfill(session, CUSTOMER_CHURN, evenings, run_id, namespace=where, by_source_clocks=True)
    customers = customers_at(session, times, stored, where)
    accounts = session.table(locations(Warehouse(session, where)).quoted("stg_accounts"))
    labels = churn_labels(customers, accounts, recorded(session, stored, namespace=where))
    told: pd.DataFrame = training_set(session, labels, [stored], namespace=where).to_pandas()
    return told


def train(training: pd.DataFrame) -> tuple[TrainedModel, Evaluation]:
    """A model of the earlier rows, and how it does on the later ones.

    Raises:
        ValueError: too few times, or too few of either label.
    """
    split = split_by_time(training)
    model = fit(split.train, CUSTOMER_CHURN.features, CUSTOMER_CHURN.identity)
    evaluation = evaluate(split.test, probabilities(model, split.test), BASELINES)
    return replace(model, evaluation=evaluation.summary), evaluation


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{error}\n")
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m snowpark_models.examples.churn", description=__doc__)
    parser.add_argument("--developer", default="", metavar="NAME", help="whose schemas, such as ana")
    parser.add_argument("--months", type=int, default=18, help="how far back")
    parser.add_argument("--save", action="store_true", help="write features/_churn_model.py")
    return parser


if __name__ == "__main__":
    sys.exit(main())
