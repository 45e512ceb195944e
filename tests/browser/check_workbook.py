"""The workbook of an audit as two other programs read it. usage: check_workbook.py RECONCILED UNPAID SCRATCH"""

import csv
import json
import pathlib
import sys

import openpyxl

from workbook import by_libreoffice, no_formulas

reconciled, unpaid, scratch = map(pathlib.Path, sys.argv[1:])
file = reconciled / "report.xlsx"
manifest = json.loads((reconciled / "reconcile.json").read_text("utf-8"))["reconciliation"]
book = openpyxl.load_workbook(file)
assert book.sheetnames == ["summary", "totals", "differences", "causes", "findings"], book.sheetnames

causes = list(book["causes"].iter_rows(values_only=True))
assert len(causes) == len(manifest["causes"]) + 1
for row, cause in zip(causes[1:], manifest["causes"]):
    assert (row[0], row[2], f"{row[5]:.2f}") == (cause["cause"], cause["settlements"], cause["gross"]), (row, cause)
assert book["causes"]["F2"].number_format == "#,##0.00" and book["causes"].freeze_panes == "A2"
assert book["causes"].auto_filter.ref

numbers = sum(result["numbers"] for code, result in manifest["balance"]["results"].items() if code != "0")
assert book["differences"].max_row == numbers + 1, (book["differences"].max_row, numbers)
with open(reconciled / "totals.csv", encoding="utf-8", newline="") as lines:
    total = sum(round(float(row["gross_fund_pay_sumamt"]) * 100) for row in csv.DictReader(lines))
heads = [cell.value for cell in book["totals"][1]]
column = heads.index("gross fund_pay_sumamt")
assert sum(round(row[column] * 100) for row in book["totals"].iter_rows(min_row=2, values_only=True)) == total
no_formulas(book)

read = by_libreoffice(file, scratch, 4)
assert len(read) == len(causes) and read[1][0] == causes[1][0], read[:2]
assert read[1][5].replace(",", "") == manifest["causes"][0]["gross"], read[1]
print(f"ok {file.name}: {len(book.sheetnames)} sheets, {book['differences'].max_row - 1} differences; openpyxl and LibreOffice agree")

# An audit where nobody says what was paid.
file = unpaid / "report.xlsx"
book = openpyxl.load_workbook(file)
assert book.sheetnames == ["summary", "findings"], book.sheetnames
found = sum(check["findings"] or 0 for check in json.loads((unpaid / "findings.json").read_text("utf-8"))["checks"])
assert book["findings"].max_row == found + 1, (book["findings"].max_row, found)
no_formulas(book)
read = by_libreoffice(file, scratch, 2)
assert len(read) == found + 1, (len(read), found)
print(f"ok {file.name}: {len(book.sheetnames)} sheets, {found} findings; openpyxl and LibreOffice agree")
