"""Formulas over numbers: each names its source, none knows of rules or readings.

All of them work on rows at once: a matrix of floats has one row for each judged reading and one
column for each day, the newest last; NaN is a missing day. What a row gives depends on that row
alone, to the last bit, so that a bounded evaluation says what a whole one says.

numpy is the gateway's; the hub never imports this package.
"""
