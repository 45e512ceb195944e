"""Makes the claims that are compared of what `tongchou synth` made: stays of the pack's own kinds, nothing reversed.

usage: prepare.py YEAR_1.parquet YEAR_2.parquet ROWS FOLDER"""

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
    first, second, rows, folder = sys.argv[1:]
    rows, folder = int(rows), Path(folder)
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
    count, ids, persons, odd, least = db.execute(ASSUMED.format(whole)).fetchone()
    assert count == ids and odd == 0 and least >= 0, f"{count} rows, {ids} numbers, {odd} odd, {least} the least"
    assert count == rows, f"{count} rows are left of {rows}: more must be made"
    made = {"rows": count, "persons": persons, "bytes": whole.stat().st_size}
    (folder / "made.json").write_text(json.dumps(made, indent=2) + "\n")


main()
