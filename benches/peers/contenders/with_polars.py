"""Polars: one lazy query, sorted once, windows over the number of the person's year."""

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


def adjudicated(claims):
    new = (pl.col("psn_no") != pl.col("psn_no").shift()) | (pl.col("year") != pl.col("year").shift())
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
        .with_columns(group=new.fill_null(True).cast(pl.UInt32).cum_sum())
        .with_columns(nth=pl.col("setl_id").cum_count().over("group"))
        .with_columns(act_pay_dedc=pl.min_horizontal(deductible, "in_scope").cast(pl.Int64))
        .with_columns(pool_base_amt=pl.col("in_scope") - pl.col("act_pay_dedc"))
        .with_columns(above_with=pl.col("pool_base_amt").cum_sum().over("group"))
        .with_columns(uncapped=paid)
        .with_columns(uncapped_with=pl.col("uncapped").cum_sum().over("group"))
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
