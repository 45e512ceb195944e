"""A pack and a basket like those of the sample, with names that would like to be markup. usage: hostile.py PACK BASKET OUT"""

import csv
import pathlib
import shutil
import sys

pack, basket, out = map(pathlib.Path, sys.argv[1:])
NAMES = ["</script><script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "\u202eevil\u202c <b>", "&lt;b&gt;<!--"]


def change(path, columns):
    with open(path, encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for at, row in enumerate(rows):
        for column in columns:
            if at % 3 == 0:
                row[column] = NAMES[at // 3 % len(NAMES)]
    with open(path, "w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


shutil.copytree(pack, out / "rules")
shutil.copytree(basket, out / "basket")
change(out / "rules" / "places.csv", ["name_zh", "name_en"])
change(out / "basket" / "cases.csv", ["title_zh", "title_en", "note_en", "note_zh"])
