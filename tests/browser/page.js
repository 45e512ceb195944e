// What the checks of pages share: a page that is watched, its tables, and what every page must be.
'use strict';
const assert = require('node:assert/strict');
const fs = require('node:fs');
const path = require('node:path');
const { execFileSync } = require('node:child_process');
const { chromium } = require('playwright-core');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const DESK = { viewport: { width: 1280, height: 900 }, colorScheme: 'light', reducedMotion: 'reduce' };
const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true, reducedMotion: 'reduce' };
const say = (...words) => process.stdout.write(words.join(' ') + '\n');

// A page, and a list of everything it did that it must not.
const open = async (browser, file, options, before) => {
  const context = await browser.newContext({ ...options, acceptDownloads: true });
  const page = await context.newPage();
  if (before) await page.addInitScript(before);
  const wrong = [];
  const address = 'file://' + path.resolve(file);
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) wrong.push('console: ' + message.text()); });
  page.on('pageerror', (error) => wrong.push('error: ' + error.message));
  page.on('dialog', (dialog) => { wrong.push('dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('request', (request) => {
    if (request.url() !== address && !request.url().startsWith('blob:')) wrong.push('request: ' + request.url());
  });
  const began = Date.now();
  await page.goto(address);
  return { page, wrong, took: Date.now() - began, close: () => context.close() };
};

const grid = (page, name) => page.locator(`.grid[data-table="${name}"]`);
const bring = async (page, name) => {
  await grid(page, name).scrollIntoViewIfNeeded();
  await page.waitForSelector(`.grid[data-table="${name}"][data-ready]`, { timeout: 20000 });
};
const allTables = async (page) => {
  const names = await page.locator('.grid').evaluateAll((hosts) => hosts.map((host) => host.dataset.table));
  for (const name of names) await bring(page, name);
  return names;
};
const column = (page, name, number) => grid(page, name).locator(`tbody tr[data-place] td:nth-child(${number})`);
const numbers = async (cells) => (await cells.allTextContents()).map((text) => Number(text.replace(/,/g, '')));
const count = (page, name) => grid(page, name).locator('.tools .count').textContent();
const csv = async (page, name) => {
  const waiting = page.waitForEvent('download');
  await grid(page, name).locator('button.csv').click();
  const download = await waiting;
  return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), 'utf8') };
};
const accessible = async (page, where) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const told = violations.map((one) => `${one.id}: ${one.help} (${one.nodes.length}) ${one.nodes[0].target} ${one.nodes[0].failureSummary}`);
  assert.deepEqual(told, [], where);
};
const shooting = (shots) => async (page, name, options = {}) => {
  if (shots) await page.screenshot({ path: path.join(shots, name + '.png'), ...options });
};
const noSidewaysScroll = async (page, where) => {
  const [wide, seen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  assert.ok(wide <= seen, `${where}: ${wide} px in ${seen}`);
};
const wholeTable = async (page, name) => {
  const { text } = await csv(page, name);
  const ready = Number(await grid(page, name).getAttribute('data-ready'));
  assert.equal(text.trimEnd().split('\r\n').length, ready + 1, name);
};
// On paper there are plain tables; how many pages it is.
const printed = async (page, name, pdf) => {
  await page.emulateMedia({ colorScheme: null, media: 'print' });
  assert.ok(!(await grid(page, name).locator('.scroll').isVisible()) && (await page.locator('.paper').first().isVisible()));
  await page.emulateMedia({ media: null });
  await page.pdf({ path: pdf, preferCSSPageSize: true });
  return Number(/Pages:\s+(\d+)/.exec(execFileSync('pdfinfo', [pdf], { encoding: 'utf8' }))[1]);
};
const withoutScript = async (browser, file) => {
  const { page, close } = await open(browser, file, { ...DESK, javaScriptEnabled: false });
  assert.ok(await page.locator('.paper table').first().isVisible());
  assert.ok(await page.locator('.paper tbody tr').first().isVisible());
  await close();
};
// Runs the checks in one browser after the other's end, and says which.
const run = async (checks) => {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
  try {
    for (const [name, check] of Object.entries(checks)) {
      await check(browser);
      say('ok', name);
    }
  } finally {
    await browser.close();
  }
};
const main = (checks) => run(checks).catch((error) => {
  process.stderr.write(error.stack + '\n');
  process.exit(1);
});

module.exports = {
  DESK, PHONE, say, open, grid, bring, allTables, column, numbers, count, csv, accessible, shooting, noSidewaysScroll,
  wholeTable, printed, withoutScript, main,
};
