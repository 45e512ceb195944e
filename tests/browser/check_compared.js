// The reports of the comparisons in Chromium, made with names that would like to be markup.
// usage: node check_compared.js FOLDER SCRATCH [SHOTS]   FOLDER has observed, regions, packs and sweep
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const {
  DESK, PHONE, say, open, grid, bring, allTables, column, numbers, count, csv, accessible, shooting, noSidewaysScroll,
  wholeTable, printed, withoutScript, main,
} = require('./page.js');

const [folder, scratch, shots] = process.argv.slice(2);
const shoot = shooting(shots);
const KINDS = ['observed', 'regions', 'packs', 'sweep'];
const file = (kind) => path.join(folder, kind, 'report.html');

// Rows of a table beside the page, without the heading; no cell of these has a line break.
const rowsOf = (kind, name) => fs.readFileSync(path.join(folder, kind, name + '.csv'), 'utf8').trimEnd().split('\n').length - 1;

const firstRow = (kind, name) => fs.readFileSync(path.join(folder, kind, name + '.csv'), 'utf8').split('\n')[1].split(',');

// For each page: a table, the column of a number in it (with the one that opens rows), what is searched, a heading
// in Chinese.
const TABLES = {
  observed: { name: 'pools', number: 3, heading: /统筹区/, search: '310000', tables: ['pools', 'groups', 'flows', 'months', 'national'] },
  regions: { name: 'matrix', number: 4, heading: /规则统筹区/, search: '310000', tables: ['ranking', 'matrix', 'unanswered', 'outside', 'basket', 'basket_spread', 'basket_table'] },
  packs: { name: 'changes', number: 8, heading: /人员编号/, search: (row) => row[2], tables: ['funds', 'winners', 'changes', 'one_sided', 'outside'] },
  sweep: { name: 'sweep_funds', number: 5, heading: /统筹区/, search: '310000', tables: ['sweep', 'sweep_funds'] },
};

const usable = async (browser, kind) => {
  const { name, number, heading, search, tables } = TABLES[kind];
  const { page, wrong, took, close } = await open(browser, file(kind), DESK);
  const names = await allTables(page);
  for (const one of tables) {
    assert.ok(names.includes(one), one);
    assert.equal(Number(await grid(page, one).getAttribute('data-ready')), rowsOf(kind, one), one);
  }
  // Names are text, wherever they stand.
  assert.equal(await page.locator('img').count(), 0);
  assert.match(await page.locator('body').textContent(), /<img src=x onerror=alert\(1\)>/);
  // Sorted, searched, filtered, cleared.
  await bring(page, name);
  const head = grid(page, name).locator('thead th').nth(number - 1 - (await grid(page, name).locator('thead td.open').count()));
  const values = () => numbers(column(page, name, number));
  await head.locator('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  let seen = await values();
  assert.deepEqual(seen, [...seen].sort((a, b) => b - a));
  await head.locator('button').click();
  seen = await values();
  assert.deepEqual(seen, [...seen].sort((a, b) => a - b));
  await head.locator('button').click();
  const all = await count(page, name);
  const filtered = async (act, undo) => {
    await act();
    await page.waitForFunction(([one, whole]) => document.querySelector(`.grid[data-table=${one}] .tools .count`).textContent !== whole, [name, all]);
    const rows = Number((await count(page, name)).split(' ')[0].replace(/,/g, ''));
    assert.ok(rows > 0 && rows < rowsOf(kind, name), `${rows} of ${all}`);
    await undo();
    await page.waitForFunction(([one, whole]) => document.querySelector(`.grid[data-table=${one}] .tools .count`).textContent === whole, [name, all]);
    return rows;
  };
  const box = grid(page, name).locator('input[type=search]');
  const wanted = typeof search === 'string' ? search : search(firstRow(kind, name));
  await filtered(() => box.fill(wanted), () => box.fill(''));
  const most = Math.max(...(await (async () => { await head.locator('button').click(); return values(); })()));
  const field = grid(page, name).locator('.filters td').nth(number - 1).locator('input');
  await filtered(() => field.fill('>=' + most), () => field.fill(''));
  // Taken along, in the language on screen.
  await page.locator('.switch [data-to=zh]').click();
  assert.match(await grid(page, name).locator('thead').textContent(), heading);
  assert.match(await count(page, name), /行$/);
  const taken = await csv(page, name);
  assert.equal(taken.name, `${kind}-${name}.csv`);
  const lines = taken.text.trimEnd().split('\r\n');
  assert.equal(lines.length, rowsOf(kind, name) + 1);
  assert.match(lines[0], heading);
  assert.ok(!/(^|,)"?[=@]/m.test(taken.text), 'a formula');
  await page.locator('.switch [data-to=en]').click();
  await accessible(page, `${kind}, light, English`);
  await noSidewaysScroll(page, kind);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, `${kind}-light-whole`, { fullPage: true });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.locator('.switch [data-to=zh]').click();
  await accessible(page, `${kind}, dark, Chinese`);
  await page.evaluate(() => scrollTo(0, 0));
  await shoot(page, `${kind}-dark-whole`, { fullPage: true });
  const pages = await printed(page, name, path.join(shots || scratch, `${kind}.pdf`));
  assert.ok(pages > 3 && pages < 30, `${pages} pages`);
  assert.deepEqual(wrong, []);
  say(`${kind}: ${(fs.statSync(file(kind)).size / 1e6).toFixed(1)} MB, opened in ${took} ms, ${names.length} tables, ${pages} pages on paper`);
  await close();
};

// Chromium asks before it lets one page download more than ten files.
const everyCsv = async (browser) => {
  for (const kind of KINDS) {
    const { page, wrong, close } = await open(browser, file(kind), DESK);
    const names = await allTables(page);
    for (const name of names.slice(0, 10)) await wholeTable(page, name);
    assert.deepEqual(wrong, []);
    await close();
  }
};

// Every picture is seen in one language at a time, says what it is, and has something in it.
const pictures = async (browser) => {
  const least = { observed: 6, regions: 6, packs: 2, sweep: 4 };
  for (const kind of KINDS) {
    const { page, wrong, close } = await open(browser, file(kind), DESK);
    for (const ui of ['en', 'zh']) {
      await page.locator(`.switch [data-to=${ui}]`).click();
      const told = await page.locator('figure svg').evaluateAll((all) => all
        .filter((svg) => svg.getBoundingClientRect().width > 0)
        .map((svg) => ({
          label: svg.getAttribute('aria-label'), caption: svg.closest('figure').querySelector('figcaption').innerText,
          shapes: svg.querySelectorAll('rect, path, circle, polyline').length,
          beyond: [...svg.querySelectorAll('text')].filter((one) => {
            const [inner, outer] = [one.getBoundingClientRect(), svg.getBoundingClientRect()];
            return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.top < outer.top - 1 || inner.bottom > outer.bottom + 1;
          }).map((one) => one.textContent.trim()),
        })));
      assert.ok(told.length >= least[kind], `${kind}: ${told.length} pictures`);
      for (const one of told) {
        assert.ok(one.label === one.caption && one.shapes > 3, JSON.stringify(one));
        assert.ok(ui === 'zh' ? /单位|笔|%/.test(one.label) : /yuan|percent|settlements|bands/i.test(one.label), one.label);
        // A hostile name is of any width: only what is cut off of ordinary words counts.
        assert.deepEqual(one.beyond.filter((text) => !/[<⟨=]/.test(text)), [], one.label);
      }
    }
    assert.deepEqual(wrong, []);
    await close();
  }
};

// A cell of the heat map tells its value, the one that the table has.
const heatMap = async (browser) => {
  const { page, wrong, close } = await open(browser, file('regions'), DESK);
  const picture = page.locator('.picture[data-hover]').first();
  await picture.scrollIntoViewIfNeeded();
  const data = JSON.parse(await page.locator('#' + await picture.getAttribute('data-hover')).textContent());
  const at = data.values.findIndex((value, place) => value !== null && place % data.columns.length > 3);
  const [row, across] = [Math.floor(at / data.columns.length), at % data.columns.length];
  const svg = picture.locator('[lang=en] svg');
  const edge = await svg.boundingBox();
  const scale = edge.width / Number((await svg.getAttribute('viewBox')).split(' ')[2]);
  const point = (place, from) => (from + (place + 0.5) * data.cell) * scale;
  await page.mouse.move(edge.x + point(across, data.from[0]), edge.y + point(row, data.from[1]));
  const hint = page.locator('.hint:visible');
  await hint.waitFor();
  const percent = (Math.round(data.values[at] / 1000) / 10).toFixed(1) + ' %';
  assert.ok((await hint.textContent()).endsWith(': ' + percent), `${await hint.textContent()} is not ${percent}`);
  await shoot(page, 'heat-map-hint');
  await page.mouse.move(edge.x + 2, edge.y + 2);
  await page.waitForFunction(() => !document.querySelector('.hint:not([hidden])'));
  assert.deepEqual(wrong, []);
  await close();
};

// The basket: prices on their ground, reasons where there is no price, the case stays while pools go by.
const basket = async (browser) => {
  const { page, wrong, close } = await open(browser, file('regions'), DESK);
  await bring(page, 'basket_table');
  const table = grid(page, 'basket_table');
  assert.ok((await table.locator('td[class*=heat]').count()) > 50 && (await table.locator('td.why').count()) > 50);
  assert.match(await table.locator('td.why').first().textContent(), /^P-/);
  const left = () => table.locator('tbody tr[data-place] td').first().evaluate((cell) => cell.getBoundingClientRect().left);
  const before = await left();
  await table.locator('.scroll').evaluate((box) => { box.scrollLeft = 900; });
  assert.equal(await left(), before);
  await table.scrollIntoViewIfNeeded();
  await shoot(page, 'basket-scrolled');
  await table.locator('input[type=search]').fill('P-CHANNEL');
  await page.waitForFunction(() => document.querySelector('.grid[data-table=basket_table] .tools .count').textContent.includes('of'));
  assert.deepEqual(wrong, []);
  await close();
};

// The largest change opens, and names nobody.
const change = async (browser) => {
  const { page, wrong, close } = await open(browser, file('packs'), DESK);
  await bring(page, 'changes');
  await grid(page, 'changes').locator('tbody button').first().click();
  const drawer = page.locator('dialog.drawer');
  await drawer.waitFor();
  const told = await drawer.textContent();
  assert.match(told, /Where the two part: deductible/);
  assert.match(told, /benefits:/);
  const person = fs.readFileSync(path.join(folder, 'packs', 'changes.csv'), 'utf8').split('\n')[1].split(',')[1];
  assert.ok(person.includes('***') && told.includes(person), person);
  await accessible(page, 'a change');
  await shoot(page, 'change-light');
  assert.deepEqual(wrong, []);
  await close();
};

const onAPhone = async (browser) => {
  for (const kind of KINDS) {
    const { page, wrong, close } = await open(browser, file(kind), PHONE);
    await shoot(page, kind + '-phone');
    await allTables(page);
    await noSidewaysScroll(page, kind + ' on a phone');
    await page.locator('figure').first().scrollIntoViewIfNeeded();
    await shoot(page, kind + '-phone-figure');
    await grid(page, TABLES[kind].name).scrollIntoViewIfNeeded();
    await shoot(page, kind + '-phone-table');
    await accessible(page, kind + ' on a phone');
    assert.deepEqual(wrong, []);
    await close();
  }
};

const everyPage = async (browser) => { for (const kind of KINDS) await usable(browser, kind); };
const noScript = async (browser) => { for (const kind of KINDS) await withoutScript(browser, file(kind)); };

main({ everyPage, everyCsv, pictures, heatMap, basket, change, onAPhone, noScript });
