"""What the checks of workbooks share: opened by openpyxl and by LibreOffice."""

import csv
import subprocess


def no_formulas(book):
    for sheet in book:
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row), f"a formula in {sheet.title}"


def by_libreoffice(file, scratch, number):
    """The lines of a sheet, by its number from 1, as LibreOffice reads it."""
    for old in scratch.glob("report*.csv"):
        old.unlink()
    profile = f"-env:UserInstallation=file://{scratch}/office"
    form = f"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,{number}"
    command = ["soffice", profile, "--headless", "--convert-to", form, "--outdir", str(scratch), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    made = list(scratch.glob("report*.csv"))
    assert len(made) == 1, (made, done.stdout, done.stderr)
    with open(made[0], encoding="utf-8", newline="") as lines:
        return list(csv.reader(lines))
