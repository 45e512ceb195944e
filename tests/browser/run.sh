#!/usr/bin/env bash
# Opens the reports as an auditor does: in Chromium, openpyxl and LibreOffice.
# usage: tests/browser/run.sh [FOLDER_FOR_SCREENSHOTS]
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo="${CARGO:-cargo}"
shots="${1:-}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

missing=()
command -v chromium >/dev/null || missing+=(chromium)
command -v soffice >/dev/null || missing+=(libreoffice-calc)
command -v pdfinfo >/dev/null || missing+=(poppler-utils)
[ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing+=(fontconfig fonts-wqy-microhei)
if [ ${#missing[@]} -gt 0 ]; then
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
cp tests/browser/package.json "$scratch/"
npm install --prefix "$scratch" --no-audit --no-fund --silent
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check openpyxl==3.1.5

tongchou() { "$cargo" run --quiet --release -- "$@"; }
# Invented claims with planted faults, from the sample rules; exit statuses of runs and reconciliations are findings.
tongchou synth --rows 30000 --persons 5000 --seed 7 --faults 0.05 --quiet --rules sample_data/rules --out "$scratch/made"
tongchou run --quiet --rules sample_data/rules --claims "$scratch/made/claims.csv" --enrolments "$scratch/made/enrolments.csv" \
    --filings "$scratch/made/filings.csv" --institutions "$scratch/made/institutions.csv" \
    --accounts "$scratch/made/accounts.csv" --marks "$scratch/made/marks.csv" --out "$scratch/run" || [ $? -eq 1 ]
tongchou audit --quiet --run "$scratch/run" --out "$scratch/reconciled" || [ $? -lt 64 ]
# The same where nobody says what was paid.
python3 tests/browser/unpaid.py "$scratch/made/claims.csv" "$scratch/unpaid.csv"
tongchou run --quiet --audit --rules sample_data/rules --claims "$scratch/unpaid.csv" --enrolments "$scratch/made/enrolments.csv" \
    --filings "$scratch/made/filings.csv" --institutions "$scratch/made/institutions.csv" \
    --accounts "$scratch/made/accounts.csv" --marks "$scratch/made/marks.csv" --out "$scratch/unpaid" || [ $? -lt 64 ]
mkdir "$scratch/pages"
TONGCHOU_PAGES="$scratch/pages" "$cargo" test --quiet --release --test it -- audit_page::a_page_of_many_findings --exact

# The comparisons, of a pack and a basket with hostile names.
"$scratch/venv/bin/python" tests/browser/hostile.py sample_data/rules sample_data/basket "$scratch"
claims=(--claims "$scratch/made/claims.csv")
for table in enrolments filings institutions accounts marks; do claims+=("--$table" "$scratch/made/$table.csv"); done
tongchou run --quiet --rules "$scratch/rules" "${claims[@]}" --out "$scratch/hostile" || [ $? -eq 1 ]
cell=benefits:sh-res-out-l1-300.deductible_1
compared="$scratch/compared"
mkdir "$compared"
tongchou compare observed --quiet --run "$scratch/hostile" --out "$compared/observed"
tongchou compare regions --quiet --rules "$scratch/rules" --basket "$scratch/basket" "${claims[@]}" --out "$compared/regions"
tongchou compare packs --quiet "$scratch/rules" --set "$cell=100" --set benefits:bj-emp-out-active-hospital.deductible_1=3000 \
    "${claims[@]}" --out "$compared/packs"
tongchou compare sweep --quiet --rules "$scratch/rules" --set "$cell" --from 0 --to 600 --steps 7 "${claims[@]}" --out "$compared/sweep"

NODE_PATH="$scratch/node_modules" node tests/browser/check.js "$scratch/reconciled" "$scratch/pages/many.html" "$scratch/unpaid/audit" "$scratch" $shots
"$scratch/venv/bin/python" tests/browser/check_workbook.py "$scratch/reconciled" "$scratch/unpaid/audit" "$scratch"
NODE_PATH="$scratch/node_modules" node tests/browser/check_compared.js "$compared" "$scratch" $shots
"$scratch/venv/bin/python" tests/browser/check_compared_workbooks.py "$scratch" "$compared"/{observed,regions,packs,sweep}
