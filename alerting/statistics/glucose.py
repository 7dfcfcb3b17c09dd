"""What the spread of glucose values is measured by.

Sources: ADA Standards of Care and the international consensus on time in range (Battelino,
Diabetes Care 42 (2019) 1593) for CV and ranges; Kovatchev, Diabetes Care 29 (2006) 2433 for the
risk indices; Bergenstal, Diabetes Care 41 (2018) 2275 for GMI.
"""

from math import log, sqrt


def coefficient_of_variation(n: int, total: int, squares: int) -> float:
    """Return 100 * SD / mean of n whole numbers, from their sum and the sum of their squares.

    The sample SD: sqrt((sum of squares - total^2 / n) / (n - 1)). Whole numbers lose nothing.
    """
    return 100 * sqrt((n * squares - total * total) / (n * (n - 1))) * n / total


def risk(mg_dl: float) -> float:
    """Return 10 f^2 of f = 1.509 * (ln(BG)^1.084 - 5.381), with the sign of f: below 0 is low.

    LBGI is the mean over all values of the risk where f < 0, HBGI of that where f > 0.
    """
    f = 1.509 * (float(log(max(mg_dl, 1.0)) ** 1.084) - 5.381)
    return 10 * f * abs(f)


def management_indicator(mean_mg_dl: float) -> float:
    """Return GMI in percent: 3.31 + 0.02392 * mean; for continuous sensors only."""
    return 3.31 + 0.02392 * mean_mg_dl
