// The page's tables: read from the page itself, shown as far as they are seen. Text reaches the page by textContent only.
(() => {
'use strict';
const root = document.documentElement;
const ROW = 36;
const BESIDE = 12;
const FEW = 13;
const WORDS = {
  search: ['Search this table', '在本表中查找'],
  filter: ['Filter', '筛选'],
  any: ['all', '全部'],
  rows: ['rows', '行'],
  of: ['of', '/'],
  csv: ['Download CSV', '下载 CSV'],
  clear: ['Clear filters', '清除筛选'],
  none: ['Nothing matches.', '没有符合条件的记录。'],
  empty: ['No rows.', '无记录。'],
  details: ['Details', '详情'],
  open: ['Show details', '查看详情'],
  close: ['Close', '关闭'],
  before: ['Previous', '上一条'],
  after: ['Next', '下一条'],
  row: ['This row', '本条记录'],
  unanswered: ['no answer', '无规则'],
  reading: ['Reading …', '正在读取……'],
  old: ['This browser cannot unpack the table. Please use the workbook or the CSV files beside this page.',
    '本浏览器无法解开此表，请使用同一目录下的工作簿或 CSV 文件。'],
  range: ['10..20, >5', '10..20, >5'],
};
const index = () => (root.dataset.ui === 'zh' ? 1 : 0);
const say = (name) => WORDS[name][index()];
const pick = (text) => (Array.isArray(text) ? text[index()] : text);
const collators = [new Intl.Collator('en', { numeric: true }), new Intl.Collator('zh-Hans-CN', { numeric: true })];
const pen = document.createElement('canvas').getContext('2d');
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
const visible = (text) =>
  text.replace(HIDDEN, (one) => '⟨' + one.codePointAt(0).toString(16).toUpperCase().padStart(4, '0') + '⟩');

const make = (name, attributes = {}, ...inside) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
};

const grouped = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, ',');
// Fen as yuan, digit by digit: no float.
const yuan = (fen, group) => {
  const text = String(fen);
  const minus = text.startsWith('-') ? '-' : '';
  const digits = (minus ? text.slice(1) : text).padStart(3, '0');
  const whole = digits.slice(0, -2);
  return minus + (group ? grouped(whole) : whole) + '.' + digits.slice(-2);
};
const percent = (ppm) => (Math.sign(ppm) * Math.floor((Math.abs(ppm) + 500) / 1000) / 10).toFixed(1) + ' %';
const fraction = (ppm) => {
  const digits = String(Math.abs(ppm)).padStart(7, '0');
  return (ppm < 0 ? '-' : '') + digits.slice(0, -6) + '.' + digits.slice(-6);
};
const shownNumber = (kind, value) => {
  if (value === null) return '';
  if (kind === 'money') return yuan(value, true);
  if (kind === 'share') return percent(value);
  const text = String(value);
  return text.startsWith('-') ? '-' + grouped(text.slice(1)) : grouped(text);
};
const plainNumber = (kind, value) => {
  if (value === null) return '';
  return kind === 'money' ? yuan(value, false) : kind === 'share' ? fraction(value) : String(value);
};

const unpacked = async (text) => {
  const packed = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (one) => one.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  return new Response(stream).text();
};
const read = async (id) => {
  const element = document.getElementById(id);
  if (!element) return null;
  const text = element.textContent;
  if (!('packed' in element.dataset)) return text;
  if (typeof DecompressionStream === 'undefined') throw new Error('old');
  const whole = await unpacked(text);
  element.remove();
  return whole;
};

// A filter of numbers: 10..20, >5, <=5, =5; a number alone is the least.
const range = (kind, text) => {
  const scale = kind === 'money' ? 100 : kind === 'share' ? 10000 : 1;
  const number = (part) => Math.round(parseFloat(part.replace(/,/g, '')) * scale);
  const between = /^(-?[\d.,]+)\s*(?:\.\.|…|~|至)\s*(-?[\d.,]+)$/.exec(text);
  if (between) {
    const [low, high] = [number(between[1]), number(between[2])];
    return (value) => value !== null && Number(value) >= low && Number(value) <= high;
  }
  const one = /^(>=|<=|>|<|=|≥|≤)?\s*(-?[\d.,]+)$/.exec(text);
  if (!one || Number.isNaN(number(one[2]))) return null;
  const limit = number(one[2]);
  const tests = {
    '>': (value) => value > limit, '<': (value) => value < limit, '=': (value) => value === limit,
    '<=': (value) => value <= limit, '≤': (value) => value <= limit,
  };
  const test = tests[one[1]] || ((value) => value >= limit);
  return (value) => value !== null && test(Number(value));
};

class Column {
  constructor(data, number) {
    Object.assign(this, data);
    this.number = number;
    this.isNumber = 'values' in data;
    this.filter = '';
  }
  get heading() { return visible(pick(this.title)); }
  // Whether words stand there; in a column of numbers they say why there is none.
  isWords(row) { return Boolean(this.at) && this.at[row] >= 0; }
  shown(row) {
    if (this.isWords(row)) return visible(pick(this.words[this.at[row]]));
    return this.isNumber ? shownNumber(this.kind, this.values[row]) : '';
  }
  plain(row) {
    if (this.isWords(row)) return pick(this.words[this.at[row]]);
    return this.isNumber ? plainNumber(this.kind, this.values[row]) : '';
  }
  look(row) {
    if (!this.isNumber) return this.kind;
    if (this.isWords(row)) return this.kind + ' why';
    return this.heat && this.heat[row] >= 0 ? this.kind + ' heat' + this.heat[row] : this.kind;
  }
  // The texts that may be the widest.
  widest() {
    const texts = (this.words || []).map((word) => visible(pick(word)));
    if (this.isNumber) texts.push(...this.ends());
    return texts.sort((a, b) => b.length - a.length).slice(0, 20);
  }
  ends() {
    let [low, high] = [null, null];
    for (const value of this.values) {
      if (value === null) continue;
      if (low === null || Number(value) < Number(low)) low = value;
      if (high === null || Number(value) > Number(high)) high = value;
    }
    return [low, high].map((value) => shownNumber(this.kind, value));
  }
  // What rows are compared by: numbers themselves, words by their place in the language's order.
  keys() {
    if (this.isNumber) return this.values.map((value) => (value === null ? -Infinity : Number(value)));
    const order = this.words.map((_, at) => at);
    const texts = this.words.map(pick);
    order.sort((a, b) => collators[index()].compare(texts[a], texts[b]));
    const rank = new Int32Array(this.words.length);
    order.forEach((at, place) => { rank[at] = place; });
    return this.at.map((at) => (at < 0 ? -1 : rank[at]));
  }
  get isChoice() { return !this.isNumber && this.words.length > 1 && this.words.length <= 24; }
  // Which rows a filter lets through; null: all.
  test() {
    const wanted = this.filter.trim();
    if (!wanted) return null;
    if (this.isNumber) {
      const test = range(this.kind, wanted);
      return test ? (row) => test(this.values[row]) : null;
    }
    if (this.isChoice) {
      const at = Number(wanted);
      return (row) => this.at[row] === at;
    }
    return this.containing(wanted.toLowerCase());
  }
  containing(wanted) {
    const has = this.words.map((word) => [word].flat().some((text) => text.toLowerCase().includes(wanted)));
    return (row) => this.isWords(row) && has[this.at[row]];
  }
}

class Grid {
  constructor(host) {
    this.host = host;
    this.name = host.dataset.table;
    this.heading = document.getElementById('h-' + this.name);
    this.sorted = null;
    this.search = '';
    this.details = null;
    host.append(make('p', { class: 'none' }, say('reading')));
  }
  async start() {
    try {
      const data = JSON.parse(await read('t-' + this.name));
      this.title = data.title;
      this.length = data.rows;
      this.opens = data.opens;
      this.columns = data.columns.map((column, number) => new Column(column, number));
    } catch (error) {
      if (error.message !== 'old') throw error;
      this.host.replaceChildren(make('p', { class: 'none' }, say('old')));
      this.host.nextElementSibling.style.display = 'block';
      return;
    }
    this.build();
    this.apply();
    this.host.dataset.ready = String(this.length);
  }
  get isSmall() { return this.length < FEW; }
  // By what is widest in each column, measured.
  widths() {
    const size = parseFloat(getComputedStyle(document.body).fontSize);
    const family = getComputedStyle(document.body).fontFamily;
    const measured = (text, font) => { pen.font = font; return pen.measureText(text).width; };
    return this.columns.map((column) => {
      const title = column.heading;
      const words = title.match(/[^\s/]{1,14}/g) || [''];
      const head = Math.max(...words.map((word) => measured(word, '600 ' + size + 'px ' + family)), measured(title, '600 ' + size + 'px ' + family) / 2);
      const font = column.kind === 'code' ? size * 0.87 + 'px ui-monospace, Consolas, monospace' : size + 'px ' + family;
      const cells = Math.max(0, ...column.widest().map((text) => measured(text, font)));
      const least = this.isSmall ? 60 : column.isNumber ? 78 : 100;
      return Math.min(Math.max(cells + 24, head + 34, least), column.kind === 'text' ? 420 : 320);
    });
  }
  build() {
    const tools = make('div', { class: 'tools' });
    if (!this.isSmall) {
      this.input = make('input', { type: 'search', 'aria-label': say('search') + ': ' + pick(this.title), placeholder: say('search') });
      this.input.value = this.search;
      this.input.addEventListener('input', () => { this.search = this.input.value; this.later(); });
      tools.append(this.input);
      this.reset = make('button', { type: 'button' }, say('clear'));
      this.reset.addEventListener('click', () => this.clear());
      tools.append(this.reset);
    }
    if (this.isSmall) tools.append(this.heading);
    this.count = make('span', { class: 'count', role: 'status' });
    const csv = make('button', { type: 'button', class: 'csv', 'aria-label': say('csv') + ': ' + pick(this.title) }, say('csv'));
    csv.addEventListener('click', () => this.download());
    tools.append(this.count, csv);
    this.body = make('tbody');
    this.table = make('table', { 'aria-rowcount': this.length + 1, 'aria-label': pick(this.title) });
    this.table.append(this.group(), this.head(), this.body);
    this.scroll = make('div', { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': pick(this.title) }, this.table);
    this.scroll.addEventListener('scroll', () => this.soon(), { passive: true });
    // What fits is known once it stands on the page, and again when the window changes.
    if (window.ResizeObserver) new ResizeObserver(() => this.soon()).observe(this.scroll);
    this.body.addEventListener('click', (event) => this.clicked(event));
    this.body.addEventListener('keydown', (event) => this.pressed(event));
    this.host.replaceChildren(tools, this.scroll);
  }
  group() {
    const widths = this.widths();
    const group = make('colgroup');
    if (this.opens) widths.unshift(44);
    for (const width of widths) {
      const col = make('col');
      col.style.width = Math.round(width) + 'px';
      group.append(col);
    }
    this.table.style.minWidth = Math.round(widths.reduce((sum, width) => sum + width, 0)) + 'px';
    return group;
  }
  head() {
    const heads = make('tr', { 'aria-rowindex': '1' });
    const filters = make('tr', { class: 'filters' });
    if (this.opens) {
      heads.append(make('td', { class: 'open' }));
      filters.append(make('td'));
    }
    for (const column of this.columns) {
      const button = make('button', { type: 'button' }, column.heading, make('span', { class: 'way', 'aria-hidden': 'true' }));
      button.addEventListener('click', () => this.sort(column));
      column.head = make('th', { scope: 'col', class: column.kind }, button);
      heads.append(column.head);
      filters.append(make('td', {}, this.filter(column)));
    }
    this.mark();
    return this.isSmall ? make('thead', {}, heads) : make('thead', {}, heads, filters);
  }
  filter(column) {
    const label = say('filter') + ': ' + column.heading;
    let field;
    if (column.isChoice) {
      field = make('select', { 'aria-label': label }, make('option', { value: '' }, say('any')));
      const texts = column.words.map((word, at) => [visible(pick(word)), at]);
      texts.sort((a, b) => collators[index()].compare(a[0], b[0]));
      for (const [text, at] of texts) field.append(make('option', { value: String(at) }, text));
    } else {
      field = make('input', { type: 'text', 'aria-label': label, autocomplete: 'off', spellcheck: 'false' });
      if (column.isNumber) field.placeholder = say('range');
    }
    field.value = column.filter;
    field.addEventListener('input', () => { column.filter = field.value; this.later(); });
    column.field = field;
    return field;
  }
  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.apply(), this.length > 5000 ? 120 : 0);
  }
  clear() {
    this.search = '';
    this.input.value = '';
    for (const column of this.columns) {
      column.filter = '';
      column.field.value = '';
    }
    this.apply();
  }
  sort(column) {
    const down = column.isNumber;
    if (!this.sorted || this.sorted.column !== column) this.sorted = { column, down };
    else if (this.sorted.down === down) this.sorted = { column, down: !down };
    else this.sorted = null;
    this.mark();
    this.apply();
  }
  mark() {
    for (const column of this.columns) {
      const is = this.sorted && this.sorted.column === column;
      column.head.setAttribute('aria-sort', !is ? 'none' : this.sorted.down ? 'descending' : 'ascending');
      column.head.querySelector('.way').textContent = !is ? '' : this.sorted.down ? '▼' : '▲';
    }
  }
  tests() {
    const tests = this.columns.map((column) => column.test()).filter(Boolean);
    const wanted = this.search.trim().toLowerCase();
    if (wanted) {
      const digits = /^[-\d.,% ]+$/.test(wanted);
      const any = this.columns.map((column) => {
        if (column.isNumber && digits) return (row) => column.shown(row).includes(wanted) || column.plain(row).includes(wanted);
        return column.words ? column.containing(wanted) : null;
      }).filter(Boolean);
      tests.push((row) => any.some((test) => test(row)));
    }
    return tests;
  }
  apply() {
    const tests = this.tests();
    const view = [];
    for (let row = 0; row < this.length; row += 1) {
      if (tests.every((test) => test(row))) view.push(row);
    }
    if (this.sorted) {
      const keys = this.sorted.column.keys();
      const way = this.sorted.down ? -1 : 1;
      view.sort((a, b) => (keys[a] < keys[b] ? -way : keys[a] > keys[b] ? way : a - b));
    }
    this.view = view;
    const all = grouped(String(this.length));
    this.count.textContent = view.length === this.length
      ? all + ' ' + say('rows')
      : grouped(String(view.length)) + ' ' + say('of') + ' ' + all + ' ' + say('rows');
    if (this.reset) this.reset.hidden = tests.length === 0;
    this.scroll.style.maxHeight = this.isSmall ? '' : 'min(70vh, ' + (this.length * ROW + 100) + 'px)';
    this.scroll.scrollTop = 0;
    this.from = -1;
    this.draw();
  }
  soon() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => { this.waiting = false; this.draw(); });
  }
  draw() {
    const seen = this.isSmall ? FEW : Math.ceil((this.scroll.clientHeight || 600) / ROW);
    const first = Math.max(0, Math.floor(this.scroll.scrollTop / ROW) - BESIDE);
    const last = Math.min(this.view.length, first + seen + 2 * BESIDE);
    if (first === this.from && last === this.to) return;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.place : undefined;
    this.from = first;
    this.to = last;
    const rows = [];
    if (first > 0) rows.push(this.pad(first * ROW));
    for (let place = first; place < last; place += 1) rows.push(this.row(place));
    if (last < this.view.length) rows.push(this.pad((this.view.length - last) * ROW));
    if (this.view.length === 0) {
      const cell = make('td', { class: 'none', colspan: this.columns.length + (this.opens ? 1 : 0) }, say(this.length ? 'none' : 'empty'));
      rows.push(make('tr', {}, cell));
    }
    this.body.replaceChildren(...rows);
    if (focused !== undefined) this.button(Number(focused))?.focus({ preventScroll: true });
  }
  pad(height) {
    const cell = make('td', { colspan: this.columns.length + (this.opens ? 1 : 0) });
    cell.style.height = height + 'px';
    return make('tr', { class: 'pad', 'aria-hidden': 'true' }, cell);
  }
  row(place) {
    const row = this.view[place];
    const line = make('tr', { 'aria-rowindex': place + 2 });
    if (this.opens) {
      line.className = 'opens';
      const name = say('open') + ': ' + this.columns[0].shown(row);
      line.append(make('td', { class: 'open' }, make('button', { type: 'button', 'data-place': place, 'aria-label': name, 'aria-haspopup': 'dialog' }, '›')));
    }
    for (const column of this.columns) {
      const text = column.shown(row);
      const cell = make('td', { class: column.look(row) }, text);
      if (text.length > 20) cell.title = text;
      line.append(cell);
    }
    line.dataset.place = place;
    return line;
  }
  button(place) { return this.body.querySelector('button[data-place="' + place + '"]'); }
  clicked(event) {
    const line = event.target.closest('tr');
    if (!this.opens || !line || line.dataset.place === undefined || String(getSelection())) return;
    drawer.open(this, Number(line.dataset.place));
  }
  pressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12 };
    const step = steps[event.key];
    const from = event.target.dataset.place;
    if (!step || from === undefined) return;
    event.preventDefault();
    this.focus(Math.max(0, Math.min(this.view.length - 1, Number(from) + step)));
  }
  focus(place) {
    const head = this.table.tHead.offsetHeight;
    const top = place * ROW;
    const height = this.scroll.clientHeight - head;
    if (top < this.scroll.scrollTop) this.scroll.scrollTop = top;
    else if (top + ROW > this.scroll.scrollTop + height) this.scroll.scrollTop = top + ROW - height;
    this.draw();
    this.button(place)?.focus({ preventScroll: true });
  }
  async detail(row) {
    if (this.details === null) this.details = ((await read('d-' + this.name)) || '').split('\n');
    return this.details[row] ? JSON.parse(this.details[row]) : [];
  }
  // What is seen, in the order in which it is seen.
  csv() {
    const safe = (text) => (/^[=+\-@\t\r]/.test(text) ? "'" + text : text);
    const quoted = (text) => (/[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text);
    const lines = [this.columns.map((column) => quoted(safe(pick(column.title)))).join(',')];
    for (const row of this.view) {
      lines.push(this.columns.map((column) => {
        const text = column.plain(row);
        const isText = !column.isNumber || column.isWords(row);
        return quoted(isText && column.kind !== 'day' ? safe(text) : text);
      }).join(','));
    }
    return '\ufeff' + lines.join('\r\n') + '\r\n';
  }
  download() {
    const address = URL.createObjectURL(new Blob([this.csv()], { type: 'text/csv;charset=utf-8' }));
    const link = make('a', { href: address, download: root.dataset.stem + '-' + this.name + '.csv' });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }
  again() {
    if (!this.columns) return;
    this.build();
    this.apply();
  }
}

class Drawer {
  constructor() {
    this.dialog = make('dialog', { class: 'drawer', 'aria-labelledby': 'drawer-title' });
    document.body.append(this.dialog);
    this.dialog.addEventListener('click', (event) => { if (event.target === this.dialog) this.dialog.close(); });
    this.dialog.addEventListener('close', () => this.grid?.focus(this.place));
    this.dialog.addEventListener('keydown', (event) => {
      if (event.key === 'ArrowLeft') this.move(-1);
      if (event.key === 'ArrowRight') this.move(1);
    });
  }
  button(name, act) {
    const button = make('button', { type: 'button', class: name }, say(name));
    button.addEventListener('click', act);
    return button;
  }
  async open(grid, place) {
    this.grid = grid;
    this.place = place;
    const row = grid.view[place];
    const parts = await grid.detail(row);
    const [before, after] = [this.button('before', () => this.move(-1)), this.button('after', () => this.move(1))];
    before.disabled = place === 0;
    after.disabled = place + 1 >= grid.view.length;
    const title = make('h2', { id: 'drawer-title' }, say('details') + ': ' + grid.columns[0].shown(row));
    const bar = make('header', {}, title, before, after, this.button('close', () => this.dialog.close()));
    const body = make('div', { class: 'body' });
    for (const part of parts) body.append(this.part(part));
    const facts = grid.columns.map((column) => [column.title, column.shown(row)]).filter((fact) => fact[1] !== '');
    body.append(make('div', {}, make('h3', {}, say('row')), this.facts(facts)));
    const held = this.dialog.open && this.dialog.contains(document.activeElement) ? document.activeElement.className : '';
    this.dialog.replaceChildren(bar, body);
    if (!this.dialog.open) this.dialog.showModal();
    else if (held) (bar.querySelector('.' + held + ':not(:disabled)') || bar.querySelector('.close')).focus();
    this.dialog.scrollTop = 0;
    this.dialog.dataset.row = String(row);
  }
  move(step) {
    const place = this.place + step;
    if (place >= 0 && place < this.grid.view.length) this.open(this.grid, place);
  }
  facts(facts) {
    const list = make('dl', { class: 'facts' });
    for (const [name, text] of facts) list.append(make('div', {}, make('dt', {}, visible(pick(name))), make('dd', {}, text)));
    return list;
  }
  value(value) {
    if (value === null) return '';
    if (typeof value !== 'object' || Array.isArray(value)) return visible(String(pick(value)));
    const [kind, number] = Object.entries(value)[0];
    return shownNumber(kind, number);
  }
  part(part) {
    const whole = make('div', {}, make('h3', {}, pick(part.title)));
    if (part.words) whole.append(make('p', { class: 'lead' }, visible(pick(part.words))));
    if (part.facts) whole.append(this.facts(part.facts.map(([name, value]) => [name, this.value(value)])));
    if (part.steps) {
      const rows = part.steps.map(([value, words]) =>
        make('tr', {}, make('td', {}, this.value(value)), make('td', {}, visible(pick(words)))));
      whole.append(make('table', { class: 'steps' }, make('tbody', {}, ...rows)));
    }
    if (part.list) whole.append(make('ul', { class: 'codes' }, ...part.list.map((code) => make('li', {}, visible(code)))));
    return whole;
  }
}

// What a cell of a picture is worth, beside whatever points at it.
class Hint {
  constructor(host) {
    this.host = host;
    this.box = make('div', { class: 'hint', 'aria-hidden': 'true' });
    this.box.hidden = true;
    document.body.append(this.box);
    host.addEventListener('pointermove', (event) => this.tell(event));
    host.addEventListener('pointerdown', (event) => this.tell(event));
    host.addEventListener('pointerleave', () => { this.box.hidden = true; });
  }
  async tell(event) {
    const svg = event.target.closest('svg');
    const [x, y] = [event.clientX, event.clientY];
    this.data ||= read(this.host.dataset.hover).then(JSON.parse);
    const data = await this.data.catch(() => null);
    if (!svg || !data) { this.box.hidden = true; return; }
    const edge = svg.getBoundingClientRect();
    const scale = svg.viewBox.baseVal.width / edge.width;
    const at = [x - edge.left, y - edge.top].map((pixels, way) => Math.floor((pixels * scale - data.from[way]) / data.cell));
    const [column, row] = at;
    const isIn = column >= 0 && row >= 0 && column < data.columns.length && row < data.rows.length;
    this.box.hidden = !isIn;
    if (!isIn) return;
    const value = data.values[row * data.columns.length + column];
    const words = value === null ? say('unanswered') : shownNumber(data.kind, value);
    this.box.textContent = visible(pick(data.rows[row])) + ' → ' + visible(pick(data.columns[column])) + ': ' + words;
    const wide = this.box.offsetWidth;
    this.box.style.left = Math.max(4, Math.min(x + 14, innerWidth - wide - 8)) + 'px';
    this.box.style.top = Math.max(4, y - 40) + 'px';
  }
}

const title = document.querySelector('title');
const buttons = [...document.querySelectorAll('.switch button')];
const speak = (ui) => {
  root.dataset.ui = ui;
  root.lang = ui === 'zh' ? 'zh-CN' : 'en';
  document.title = title.dataset[ui];
  for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.to === ui));
  for (const grid of grids) grid.again();
};

root.classList.add('js');
const drawer = new Drawer();
for (const host of document.querySelectorAll('.picture[data-hover]')) new Hint(host);
const grids = [...document.querySelectorAll('.grid')].map((host) => new Grid(host));
for (const button of buttons) button.addEventListener('click', () => speak(button.dataset.to));

// A table is read when it comes near.
const near = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((one) => one.isIntersecting)) {
    near.unobserve(entry.target);
    grids.find((grid) => grid.host === entry.target).start();
  }
}, { rootMargin: '1200px' });
for (const grid of grids) near.observe(grid.host);

// Where the reader is.
const links = [...document.querySelectorAll('nav a')];
const follow = () => {
  const sections = links.map((link) => document.querySelector(link.getAttribute('href')));
  let at = sections.findLastIndex((section) => section.getBoundingClientRect().top < 160);
  if (innerHeight + scrollY >= document.body.scrollHeight - 2) at = sections.length - 1;
  at = Math.max(0, at);
  if (links[at].hasAttribute('aria-current')) return;
  links.forEach((link, number) => {
    if (number === at) link.setAttribute('aria-current', 'true');
    else link.removeAttribute('aria-current');
  });
  const list = links[at].closest('ul');
  list.scrollLeft = links[at].parentElement.offsetLeft - list.clientWidth / 3;
};
addEventListener('scroll', () => requestAnimationFrame(follow), { passive: true });
follow();
})();
