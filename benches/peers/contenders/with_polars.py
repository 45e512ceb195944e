"""Polars: one lazy query, sorted once. Sums within a person's year are sums from the first row of all on, less what had
been summed when the year began: half the time of `.over(...)`, which hashes its groups again for every window."""

import os
import sys

os.environ["POLARS_MAX_THREADS"] = sys.argv[sys.argv.index("--threads") + 1]

import polars as pl

from work import CEILING, COLUMNS, DEDUCTIBLES, arguments, marginal, Work


def fen(column):
    """A decimal's own number is fen."""
    return pl.col(column).to_physical().cast(pl.Int64)


def greatest(amount, least):
    return amount.clip(lower_bound=least)


def within_the_year(column):
    """What a column adds up to, with this row, since the person's year began."""
    so_far = pl.col(column).cum_sum()
    before_the_year = pl.when(pl.col("begins")).then(so_far - pl.col(column)).forward_fill()
    return so_far - before_the_year


def adjudicated(claims):
    changes = (pl.col(name) != pl.col(name).shift() for name in ["psn_no", "year"])
    deductible = pl.lit(DEDUCTIBLES[-1])
    for nth, amount in reversed(list(enumerate(DEDUCTIBLES[:-1], 1))):
        deductible = pl.when(pl.col("nth") == nth).then(amount).otherwise(deductible)
    before = pl.col("above_with") - pl.col("pool_base_amt")
    paid = (marginal(pl.col("above_with"), greatest) - marginal(before, greatest) + 50) // 100
    capped = pl.col("uncapped_with").clip(upper_bound=CEILING)
    capped_before = (pl.col("uncapped_with") - pl.col("uncapped")).clip(upper_bound=CEILING)
    return (
        pl.scan_parquet(claims)
        .select(
            "setl_id",
            "psn_no",
            "setl_time",
            year=pl.col("enddate").dt.year(),
            total=fen("medfee_sumamt"),
            in_scope=fen("inscp_scp_amt"),
        )
        .sort("psn_no", "year", "setl_time", "setl_id")
        .with_columns(begins=pl.any_horizontal(changes).fill_null(True), one=pl.lit(1, dtype=pl.Int64))
        .with_columns(nth=within_the_year("one"))
        .with_columns(act_pay_dedc=pl.min_horizontal(deductible, "in_scope").cast(pl.Int64))
        .with_columns(pool_base_amt=pl.col("in_scope") - pl.col("act_pay_dedc"))
        .with_columns(above_with=within_the_year("pool_base_amt"))
        .with_columns(uncapped=paid)
        .with_columns(uncapped_with=within_the_year("uncapped"))
        .with_columns(hifp_pay=capped - capped_before)
        .with_columns(psn_part_amt=pl.col("total") - pl.col("hifp_pay"))
        .select(COLUMNS)
    )


def main():
    asked = arguments(["write", "fold"])
    work = Work()
    query = adjudicated(asked.claims)
    if asked.task == "write":
        query.sink_parquet(asked.out, compression="zstd", compression_level=1)
        return work.done()
    found = query.select(rows=pl.len(), fund=pl.col("hifp_pay").sum()).collect()
    return work.done(rows=found["rows"].item(), sum_fen=found["fund"].item())


main()
