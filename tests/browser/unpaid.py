"""Claims without the columns that say what was paid. usage: unpaid.py CLAIMS.csv OUT.csv"""

import csv
import sys

PAID = {"act_pay_dedc", "fund_pay_sumamt", "psn_part_amt"}

with open(sys.argv[1], encoding="utf-8-sig", newline="") as claims, open(sys.argv[2], "w", encoding="utf-8", newline="") as out:
    rows = csv.DictReader(claims)
    kept = [name for name in rows.fieldnames if name not in PAID and not name.endswith("_pay")]
    assert len(kept) < len(rows.fieldnames), rows.fieldnames
    lines = csv.DictWriter(out, kept, extrasaction="ignore")
    lines.writeheader()
    lines.writerows(rows)
