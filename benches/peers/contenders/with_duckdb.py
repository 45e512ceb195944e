"""DuckDB: the scheme in window functions (adjudicate.sql), and a plain copy."""

from pathlib import Path

import duckdb

from work import BANDS, CEILING, DEDUCTIBLES, arguments, Work

AS_WRITTEN = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"


def main():
    asked = arguments(["copy", "write", "fold"])
    work = Work()
    connection = duckdb.connect(config={"threads": asked.threads})
    connection.execute("SET enable_progress_bar = false")
    if asked.task == "copy":
        connection.execute(f"COPY (SELECT * FROM read_parquet('{asked.claims}')) TO '{asked.out}' {AS_WRITTEN}")
        return work.done()
    for name, value in {"claims": asked.claims, "deductibles": DEDUCTIBLES, "ceiling": CEILING}.items():
        connection.execute(f"SET VARIABLE {name} = {value!r}")
    steps, before = [], 0
    for from_amount, rate in BANDS:
        steps.append(f"{rate - before} * greatest(amount - {from_amount}, 0)")
        before = rate
    connection.execute(f"CREATE MACRO marginal(amount) AS {' + '.join(steps)}")
    connection.execute("CREATE VIEW adjudicated AS " + (Path(__file__).parent / "adjudicate.sql").read_text())
    if asked.task == "write":
        connection.execute(f"COPY (SELECT * FROM adjudicated) TO '{asked.out}' {AS_WRITTEN}")
        return work.done()
    rows, total = connection.execute("SELECT count(*), sum(hifp_pay) FROM adjudicated").fetchone()
    return work.done(rows=rows, sum_fen=int(total))


main()
