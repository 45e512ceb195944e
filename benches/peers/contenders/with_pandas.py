"""pandas: cumulated by the number of the person's year, on 64-bit integers. Sorted once, by the Arrow arrays beneath it:
a third of the time of `sort_values`."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from work import CEILING, COLUMNS, DEDUCTIBLES, arguments, marginal, Work

READ = ["setl_id", "psn_no", "setl_time", "enddate", "medfee_sumamt", "inscp_scp_amt"]
IN_ORDER = [(name, "ascending") for name in ["psn_no", "year", "setl_time", "setl_id"]]


def fen(amounts):
    """Decimals as whole fen."""
    return pc.cast(pc.multiply(amounts, pa.scalar(100, pa.decimal128(3, 0))), pa.int64()).to_numpy()


def greatest(amount, least):
    return amount.clip(lower=least)


def in_order(path):
    """Claims, person by person in the order in which they are settled; the year, and amounts in fen."""
    table = pq.read_table(path, columns=READ)
    table = table.append_column("year", pc.year(table["enddate"]))
    table = table.take(pc.sort_indices(table, sort_keys=IN_ORDER))
    claims = table.select(["setl_id", "psn_no", "year"]).to_pandas()
    claims["total"], claims["in_scope"] = fen(table["medfee_sumamt"]), fen(table["inscp_scp_amt"])
    return claims


def adjudicated(path):
    claims = in_order(path)
    new = (claims["psn_no"] != claims["psn_no"].shift()) | (claims["year"] != claims["year"].shift())
    group = new.cumsum()
    nth = claims.groupby(group, sort=False).cumcount()
    deductible = nth.clip(upper=len(DEDUCTIBLES) - 1).map(dict(enumerate(DEDUCTIBLES)))
    claims["act_pay_dedc"] = deductible.where(deductible < claims["in_scope"], claims["in_scope"])
    claims["pool_base_amt"] = claims["in_scope"] - claims["act_pay_dedc"]
    above_with = claims["pool_base_amt"].groupby(group, sort=False).cumsum()
    above_before = above_with - claims["pool_base_amt"]
    uncapped = (marginal(above_with, greatest) - marginal(above_before, greatest) + 50) // 100
    uncapped_with = uncapped.groupby(group, sort=False).cumsum()
    claims["hifp_pay"] = uncapped_with.clip(upper=CEILING) - (uncapped_with - uncapped).clip(upper=CEILING)
    claims["psn_part_amt"] = claims["total"] - claims["hifp_pay"]
    return claims[COLUMNS]


def run(adjudicated):
    """Does the task that was asked for, with a frame that a function makes of the claims."""
    asked = arguments(["write", "fold"])
    work = Work()
    pa.set_cpu_count(asked.threads)
    result = adjudicated(asked.claims)
    if asked.task == "write":
        result.to_parquet(asked.out, compression="zstd", compression_level=1, index=False)
        return work.done()
    return work.done(rows=len(result), sum_fen=int(result["hifp_pay"].astype("int64").sum()))


if __name__ == "__main__":
    run(adjudicated)
