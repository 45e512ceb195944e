"""Workbooks of comparisons as two other programs read them. usage: check_compared_workbooks.py SCRATCH FOLDER..."""

import csv
import pathlib
import sys

import openpyxl

from workbook import by_libreoffice, no_formulas

scratch, *folders = map(pathlib.Path, sys.argv[1:])

# A table of each comparison whose numbers are compared: its column in the file, and its heading in the workbook.
TABLES = {
    "observed": ("pools", "fund_pay_sumamt", "All funds"),
    "regions": ("matrix", "person_as_if", "Person, these rules"),
    "packs": ("changes", "funds_new", "Funds, new pack"),
    "sweep": ("sweep_funds", "psn_part_amt", "Person"),
}


def table(folder, name):
    with open(folder / f"{name}.csv", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def fen(text):
    return round(float(text) * 100)


for folder in folders:
    file = folder / "report.xlsx"
    book = openpyxl.load_workbook(file)
    assert book.sheetnames[0] == "summary" and len(book.sheetnames) > 4, book.sheetnames
    written = [path.stem for path in folder.glob("*.csv")]
    for name in written:
        rows = table(folder, name)
        assert name in book.sheetnames, (name, book.sheetnames)
        assert book[name].max_row == len(rows) + 1, (folder, name, book[name].max_row, len(rows))
        assert book[name].freeze_panes == "A2" and book[name].auto_filter.ref
    no_formulas(book)
    name, column, heading = TABLES[folder.name]
    heads = [cell.value for cell in book[name][1]]
    at = heads.index(heading)
    told = [row[at] for row in book[name].iter_rows(min_row=2, values_only=True)]
    exact = [fen(row[column]) for row in table(folder, name)]
    assert [fen(value) for value in told] == exact, (folder, name)
    if "basket_table" in book.sheetnames:
        cells = [cell for row in book["basket_table"].iter_rows(min_row=2, min_col=3) for cell in row]
        shaded = [cell for cell in cells if cell.fill.fgColor.rgb not in ("00000000", None) and cell.fill.fill_type]
        assert len(shaded) == sum(isinstance(cell.value, (int, float)) for cell in cells) > 100, len(shaded)
        assert any(str(cell.value).startswith("P-") for cell in cells)
    read = by_libreoffice(file, scratch, book.sheetnames.index(name) + 1)
    assert len(read) == len(exact) + 1 and [fen(row[at].replace(",", "")) for row in read[1:]] == exact, read[:2]
    print(f"ok {folder.name}/report.xlsx: {len(book.sheetnames)} sheets, {len(exact)} rows of {name}; openpyxl and LibreOffice agree")
