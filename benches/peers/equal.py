"""Whether contenders found what the project found: every row and every amount, joined by `setl_id`.

usage: equal.py ADJUDICATED.parquet NAME=RESULT.parquet ...

Prints JSON; fails where a row differs, or where the claims do not reach every part of the scheme."""

import json
import sys

import duckdb

AMOUNTS = ["act_pay_dedc", "pool_base_amt", "hifp_pay", "psn_part_amt"]
REACHED = """
    SELECT count(*) AS rows, count(DISTINCT act_pay_dedc) FILTER (act_pay_dedc < inscp_scp_amt) AS deductibles,
        count(*) FILTER (over_cap_amt > 0) AS cut_by_the_ceiling,
        count(*) FILTER (over_cap_amt = 0 AND hifp_pay > round(pool_base_amt * 80 / 100, 2)) AS above_the_first_band,
        count(*) FILTER (over_cap_amt = 0 AND hifp_pay = round(pool_base_amt * 90 / 100, 2) AND pool_base_amt > 1)
            AS within_the_third_band,
        count(*) FILTER (status <> 'paid') AS not_paid
    FROM read_parquet('{}')
"""


def main():
    ours, contenders = sys.argv[1], sys.argv[2:]
    db = duckdb.connect()
    db.execute("SET enable_progress_bar = false")
    db.execute(f"""
        CREATE TEMP TABLE ours AS
        SELECT setl_id, {', '.join(f'(100 * {name})::BIGINT AS {name}' for name in AMOUNTS)}
        FROM read_parquet('{ours}')""")
    reached = db.execute(REACHED.format(ours)).fetchdf().to_dict("records")[0]
    told = {"reached": {name: int(count) for name, count in reached.items()}, "contenders": {}}
    differ = " OR ".join(f"ours.{name} IS DISTINCT FROM theirs.{name}" for name in AMOUNTS)
    right = all(reached[name] > 0 for name in reached if name != "not_paid")
    right &= reached["not_paid"] == 0 and reached["deductibles"] == 3
    for contender in contenders:
        name, path = contender.split("=", 1)
        joined = f"FROM ours FULL JOIN read_parquet('{path}') theirs ON ours.setl_id = theirs.setl_id"
        rows, differing = db.execute(f"SELECT count(*), count(*) FILTER ({differ}) {joined}").fetchone()
        told["contenders"][name] = {"rows": rows, "equal": rows - differing, "differ": differing}
        right &= rows == reached["rows"] and differing == 0
        if differing:
            told["contenders"][name]["such as"] = str(db.execute(f"SELECT * {joined} WHERE {differ} LIMIT 3").fetchall())
    print(json.dumps(told, indent=2))
    return 0 if right else 1


sys.exit(main())
