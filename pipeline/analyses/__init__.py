"""Tables that Python computes because SQL does badly: fitted models, rank statistics, exact fractions.

One module computes one table and says so in a `Model` of its own; this list is all that makes it an asset. Formulas
that know nothing of the warehouse belong to `pipeline.statistics`; what a SELECT can say belongs to `sql/metrics`.
"""

from pipeline.analyses import (
    clv,
    clv_calibration,
    clv_models,
    customer_values,
    low_ratings,
    message_forecasts,
    message_paths,
    praise_with_complaints,
    rating_sales,
    rating_trends,
    response_uplift,
    royalties,
    target_proposals,
    themes,
)
from pipeline.model import Model

MODELS: tuple[Model, ...] = (
    clv.MODEL,
    clv_calibration.MODEL,
    clv_models.MODEL,
    customer_values.MODEL,
    low_ratings.MODEL,
    message_forecasts.MODEL,
    message_paths.MODEL,
    praise_with_complaints.MODEL,
    rating_sales.MODEL,
    rating_trends.MODEL,
    response_uplift.MODEL,
    royalties.MODEL,
    target_proposals.MODEL,
    themes.MODEL,
)
