"""Makes the claims that are compared of what `tongchou synth` made: stays of the pack's own kinds, nothing reversed.

usage: prepare.py YEAR_1.parquet YEAR_2.parquet ROWS FEW_ROWS FOLDER"""

import json
import sys
from pathlib import Path

import duckdb

AS_WRITTEN = "(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1)"
# What the SQL takes for granted.
ASSUMED = """
    SELECT count(*) AS rows, count(DISTINCT setl_id) AS ids, count(DISTINCT psn_no) AS persons,
        count(init_setl_id) + count(hosp_part_amt) AS odd, min(inscp_scp_amt) AS least
    FROM read_parquet('{}')
"""


def main():
    first, second, rows, few, folder = sys.argv[1:]
    rows, few, folder = int(rows), int(few), Path(folder)
    db = duckdb.connect()
    db.execute("SET enable_progress_bar = false")
    plain = "init_setl_id IS NULL AND hosp_part_amt IS NULL AND clr_type = '21'"
    parts = [
        f"(SELECT * FROM read_parquet('{first}') WHERE {plain}"
        f" AND setl_id NOT IN (SELECT setl_id FROM read_parquet('{second}')) LIMIT {rows - rows // 2})",
        f"(SELECT * FROM read_parquet('{second}') WHERE {plain} LIMIT {rows // 2})",
    ]
    whole = folder / "claims.parquet"
    db.execute(f"COPY ({' UNION ALL '.join(parts)}) TO '{whole}' {AS_WRITTEN}")
    # Whole persons, as many as stay below so many rows.
    db.execute(f"""
        CREATE TEMP TABLE chosen AS SELECT psn_no FROM (
            SELECT psn_no, sum(count(*)) OVER (ORDER BY psn_no) AS rows_with
            FROM read_parquet('{whole}') GROUP BY psn_no
        ) WHERE rows_with <= {few}""")
    part = folder / "claims_few.parquet"
    db.execute(f"""
        COPY (SELECT * FROM read_parquet('{whole}') WHERE psn_no IN (SELECT psn_no FROM chosen)) TO '{part}' {AS_WRITTEN}""")
    made = {}
    for path in [whole, part]:
        count, ids, persons, odd, least = db.execute(ASSUMED.format(path)).fetchone()
        assert count == ids and odd == 0 and least >= 0, f"{path}: {count} rows, {ids} numbers, {odd} odd, {least} least"
        made[path.stem] = {"rows": count, "persons": persons, "bytes": path.stat().st_size}
    assert made["claims"]["rows"] == rows, f"{made['claims']['rows']} rows are left of {rows}: make more"
    (folder / "made.json").write_text(json.dumps(made, indent=2) + "\n")


main()
