"""Tables that Python computes because SQL does badly: fitted models, rank statistics, exact fractions.

One module computes one table and says so in a `Model` of its own; this list is all that makes it an asset. Formulas
that know nothing of the warehouse belong to `pipeline.statistics`; what a SELECT can say belongs to `sql/metrics`.
"""

from pipeline.analyses import royalties
from pipeline.model import Model

MODELS: tuple[Model, ...] = (royalties.MODEL,)
