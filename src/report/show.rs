//! What applies to whom, as a table a clerk reads and as JSON.

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{ContentArrangement, Table as Grid};
use serde_json::{Map, Value, json};

use super::rule_words::{self as words, word};
use crate::diagnostic::Lang;
use crate::rules::book::RuleBook;
use crate::rules::layout::{Kind, Table};
use crate::rules::pack::RulePack;
use crate::rules::show::{KeySet, Shown, ShownRow};

/// Columns the tables are drawn in when the terminal does not say.
const WIDTH: u16 = 140;

/// Sources cited so far; a citation is a source's number in it.
#[derive(Default)]
struct Sources<'a> {
    cited: Vec<&'a str>,
}

impl<'a> Sources<'a> {
    /// The number of a source, `[3]`; nothing where the row has none.
    fn cite(&mut self, source_id: &'a str) -> String {
        if source_id.is_empty() {
            return String::new();
        }
        let position = self.cited.iter().position(|cited| *cited == source_id).unwrap_or_else(|| {
            self.cited.push(source_id);
            self.cited.len() - 1
        });
        format!(" [{}]", position + 1)
    }
}

/// One line of a table: the row, its keys, and what it says, which only its first line tells.
struct Section<'a> {
    title: &'static str,
    headings: &'a [&'static str],
    table: Table,
    rows: &'a [ShownRow],
    /// Whether the tier is one of the keys.
    has_tier: bool,
    values: &'a dyn Fn(u32) -> Vec<String>,
}

/// What applies, as text. `width` is that of the terminal, in columns.
#[must_use]
pub fn render(shown: &Shown, pack: &RulePack, book: &RuleBook, lang: Lang, width: Option<u16>) -> String {
    let width = width.unwrap_or(WIDTH);
    let mut sources = Sources::default();
    let mut text = heading(shown, pack, book, lang, &mut sources);
    let benefit = |row: u32| {
        let benefit = book.benefit_of_row(row);
        let rates = words::bands(book.bands(benefit.bands), lang) + words::band_basis(benefit.band_basis, lang);
        vec![words::deductible(benefit, lang), rates, words::limits(benefit, lang)]
    };
    let channel = |row: u32| vec![words::channel(book.channel_of_row(row), lang)];
    let layer = |row: u32| {
        let layer = book.layer_of_row(row);
        let fund = format!("{} {}", layer.layer, words::payer(layer.payer, lang));
        let rates = words::bands(book.bands(layer.bands), lang);
        vec![fund, words::layer_base(layer, lang), rates, words::layer_limits(layer, lang)]
    };
    let account = |row: u32| vec![words::account(book.account_of_row(row), lang)];
    let sections = [
        Section {
            title: word(lang, "Basic benefits", "基本医保待遇"),
            headings: &[
                word(lang, "deductible", "起付标准"),
                word(lang, "fund pays", "支付比例"),
                word(lang, "limits", "限额"),
            ],
            table: Table::Benefits,
            rows: &shown.benefits,
            has_tier: true,
            values: &benefit,
        },
        Section {
            title: word(lang, "Place and filing", "就医地与备案"),
            headings: &[word(lang, "adjustment", "调整")],
            table: Table::Channels,
            rows: &shown.channels,
            has_tier: true,
            values: &channel,
        },
        Section {
            title: word(lang, "Further layers", "其他险层"),
            headings: &[
                word(lang, "layer", "险层"),
                word(lang, "of", "支付范围"),
                word(lang, "pays", "支付比例"),
                word(lang, "limits", "限额"),
            ],
            table: Table::Layers,
            rows: &shown.layers,
            has_tier: false,
            values: &layer,
        },
        Section {
            title: word(lang, "Personal account", "个人账户"),
            headings: &[word(lang, "may pay for", "可支付")],
            table: Table::Accounts,
            rows: &shown.accounts,
            has_tier: false,
            values: &account,
        },
    ];
    for section in sections.iter().filter(|section| !section.rows.is_empty()) {
        text += &format!("\n{}\n", section.title);
        text += &grid(section, pack, lang, width, &mut sources);
        text.push('\n');
    }
    missing(shown, lang, &mut text);
    list_sources(pack, &sources, lang, &mut text);
    text
}

fn heading<'a>(shown: &Shown, pack: &'a RulePack, book: &RuleBook, lang: Lang, sources: &mut Sources<'a>) -> String {
    let name = shown.name.get(lang);
    let gap = if name.is_empty() { "" } else { " " };
    let (pool, insutype, day) = (shown.pool, &shown.insutype, shown.day);
    let title = match lang {
        Lang::En => format!("{pool}{gap}{name}, insurance type {insutype}, on {day}\n"),
        Lang::Zh => format!("{pool}{gap}{name}，险种 {insutype}，{day} 适用\n"),
    };
    let Some(row) = shown.scheme else {
        let none =
            word(lang, "no scheme: every claim is pended (P-SCHEME)", "没有 schemes 行：结算一律挂起（P-SCHEME）");
        return format!("{title}{none}\n");
    };
    let table = pack.table(Table::Schemes);
    let (id, source) = (table.rule_id(row as usize), sources.cite(table.cell(row as usize, "source_id")));
    format!("{title}{}  ({id}{source})\n", words::scheme(book.scheme_of_row(row), lang))
}

fn grid<'a>(section: &Section, pack: &'a RulePack, lang: Lang, width: u16, sources: &mut Sources<'a>) -> String {
    let table = pack.table(section.table);
    let mut grid = Grid::new();
    grid.load_preset(UTF8_HORIZONTAL_ONLY).set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    let keys = [
        word(lang, "person", "人员"),
        word(lang, "visit", "就诊"),
        word(lang, "where", "就医地、备案"),
        word(lang, "tier", "级别"),
    ];
    let keys = if section.has_tier { &keys[..] } else { &keys[..3] };
    let rule = word(lang, "rule", "规则");
    grid.set_header(keys.iter().chain(section.headings).chain([&rule]).copied());
    for shown in section.rows {
        let row = shown.row as usize;
        let cited = sources.cite(table.cell(row, "source_id"));
        let values = (section.values)(shown.row).into_iter().chain([format!("{}{cited}", table.rule_id(row))]);
        let mut values: Vec<String> = values.collect();
        for set in &shown.keys {
            let own = words::keys(set, lang).into_iter().take(keys.len());
            grid.add_row(own.chain(values.iter().cloned()));
            values.fill(word(lang, "as above", "同上").to_owned());
        }
    }
    // Lines are padded to the width of the table; the blanks at their ends are nobody's.
    grid.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn missing(shown: &Shown, lang: Lang, text: &mut String) {
    let tables = [
        (&shown.without_benefit, word(lang, "No benefit (pended, P-BENEFIT)", "没有待遇行（挂起，P-BENEFIT）")),
        (&shown.without_channel, word(lang, "No channel (pended, P-CHANNEL)", "没有渠道行（挂起，P-CHANNEL）")),
    ];
    for (sets, title) in tables.into_iter().filter(|(sets, _)| !sets.is_empty()) {
        *text += &format!("\n{title}\n");
        for set in sets {
            *text += &format!("  {}\n", words::keys(set, lang).join(" | "));
        }
    }
}

fn list_sources(pack: &RulePack, sources: &Sources, lang: Lang, text: &mut String) {
    if sources.cited.is_empty() {
        return;
    }
    text.push_str(word(lang, "\nSources\n", "\n来源\n"));
    for (number, id) in sources.cited.iter().enumerate() {
        let cell = |column: &str| source_cell(pack, id, column);
        let mut parts = vec![cell("title").to_owned()];
        let known = ["document_no", "issuer", "published"].map(cell).into_iter().filter(|part| !part.is_empty());
        parts.extend(known.map(str::to_owned));
        if !cell("trust").is_empty() {
            parts.push(format!("{} {}", word(lang, "trust", "可信度"), cell("trust")));
        }
        if !cell("url").is_empty() {
            parts.push(cell("url").to_owned());
        }
        *text += &format!("  [{}] {id}: {}\n", number + 1, parts.join(word(lang, ", ", "，")));
    }
}

fn source_cell<'a>(pack: &'a RulePack, source_id: &str, column: &str) -> &'a str {
    let table = pack.table(Table::Sources);
    let row = (0..table.rows.len()).find(|&row| table.rule_id(row) == source_id);
    row.map_or("", |row| table.cell(row, column))
}

/// What applies, as JSON: every row with its keys, its cells that are not empty, its bands and its source.
#[must_use]
pub fn to_json(shown: &Shown, pack: &RulePack, book: &RuleBook) -> Value {
    let rows = |table: Table, rows: &[ShownRow]| -> Vec<Value> {
        rows.iter().map(|shown| row_json(pack, book, table, shown.row, Some(&shown.keys))).collect()
    };
    let key_sets = |sets: &[KeySet]| -> Vec<Value> { sets.iter().map(keys_json).collect() };
    json!({
        "pool": shown.pool.to_string(),
        "name_zh": shown.name.zh,
        "name_en": shown.name.en,
        "insutype": shown.insutype,
        "day": shown.day.to_string(),
        "scheme": shown.scheme.map(|row| row_json(pack, book, Table::Schemes, row, None)),
        "benefits": rows(Table::Benefits, &shown.benefits),
        "channels": rows(Table::Channels, &shown.channels),
        "layers": rows(Table::Layers, &shown.layers),
        "accounts": rows(Table::Accounts, &shown.accounts),
        "without_benefit": key_sets(&shown.without_benefit),
        "without_channel": key_sets(&shown.without_channel),
    })
}

fn row_json(pack: &RulePack, book: &RuleBook, table: Table, row: u32, keys: Option<&[KeySet]>) -> Value {
    let rows = pack.table(table);
    let index = row as usize;
    let mut object = Map::new();
    object.insert("rule_id".to_owned(), json!(rows.rule_id(index)));
    object.insert("at".to_owned(), json!(format!("{}:{}", rows.file, rows.rows[index].line)));
    if let Some(keys) = keys {
        object.insert("applies_to".to_owned(), keys.iter().map(keys_json).collect());
    }
    let mut cells = Map::new();
    for column in rows.layout().columns.iter().filter(|column| column.kind != Kind::RuleId) {
        let cell = rows.cell(index, column.name);
        if !cell.is_empty() {
            cells.insert(column.name.to_owned(), json!(cell));
        }
    }
    object.insert("cells".to_owned(), Value::Object(cells));
    let bands = match table {
        Table::Benefits => Some(book.benefit_of_row(row).bands),
        Table::Layers => Some(book.layer_of_row(row).bands),
        _ => None,
    };
    if let Some(set) = bands {
        let band =
            |band: &crate::rules::values::Band| json!({"from": band.from.to_string(), "rate": band.rate.to_string()});
        object.insert("bands".to_owned(), book.bands(set).iter().map(band).collect());
    }
    let source = rows.cell(index, "source_id");
    if !source.is_empty() {
        let cell = |column: &str| source_cell(pack, source, column);
        object.insert(
            "source".to_owned(),
            json!({"title": cell("title"), "document_no": cell("document_no"), "url": cell("url"), "trust": cell("trust")}),
        );
    }
    Value::Object(object)
}

fn keys_json(keys: &KeySet) -> Value {
    let words = |words: &Option<Vec<String>>| words.as_ref().map_or_else(|| json!("*"), |words| json!(words));
    let places = keys.place.as_ref().map(|places| places.iter().map(|place| place.word().to_owned()).collect());
    let filings = keys.filing.as_ref().map(|filings| filings.iter().map(|filing| filing.word().to_owned()).collect());
    json!({
        "psn_class": words(&keys.psn_class),
        "med_class": words(&keys.med_class),
        "place": words(&places),
        "filing": words(&filings),
        "tier": words(&keys.tier),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::date::Date;
    use crate::rules::show::{Query, show};
    use crate::rules::testing::{TextPack, pack};

    fn sample() -> TextPack {
        let benefit = |id: &str, class: &str, tier: &str, rest: &str| {
            format!("{id},330100,310,{class},inpatient,*,*,{tier},stay,{rest},2024-01-01,,g,")
        };
        pack()
            .row("bands", "n1,steps,0,0.55,")
            .row("bands", "n2,steps,10000,0.6,")
            .row("bands", "n3,steps,20000,0.65,")
            .row("benefits", &benefit("in-l3", "*", "L3", "visit,1300,650,,,visit_net,steps,,,,,,200000,,1"))
            .row("benefits", &benefit("in-ret", "retired", "L1|L2", "year,800,,,3000,year_net,stay,,,5000,,,,0.45,0"))
            .row("channels", "away,330100,310,*,*,province|cross,none,allow,,1.5,,,,0.1,after,0.05,,2024-01-01,,g,")
            .row("channels", "refuse,330100,310,*,outpatient,cross,none,deny,,,,,,,,,,2024-01-01,,g,")
            .row(
                "layers",
                "large,330100,310,*,*,*,*,1,hifob_pay,over_cap|coinsurance,none,year,aid,,400000,2024-01-01,,g,",
            )
            .only("schemes", &["s1,330100,310,07-01,300000,0,2020-01-01,,g,"])
    }

    fn shown(text: &TextPack, query: impl FnOnce(&mut Query)) -> (Shown, RulePack, RuleBook) {
        let (pack, book) = text.compiled();
        let mut asked = Query::new("杭州市", "310", Date::parse(b"2024-06-30").expect("a day"));
        query(&mut asked);
        let shown = show(&pack, &book, &asked).unwrap_or_else(|found| panic!("{found:?}"));
        (shown, pack, book)
    }

    #[test]
    fn a_clerks_table() {
        let (shown, pack, book) = shown(&sample(), |_| {});
        insta::assert_snapshot!(render(&shown, &pack, &book, Lang::En, Some(150)), @r"
        330100 Hangzhou, insurance type 310, on 2024-06-30
        benefit year from 07-01; basic fund pays up to 300000 a year  (s1 [1])

        Basic benefits
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person    visit        where   tier               deductible                    fund pays                    limits                       rule
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *         outpatient   *       *                  none                          70 %                                                      b0 [1]
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         active    inpatient    *       L1, L2, ungraded   as above                      as above                     as above                     as above
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         retired   inpatient    *       ungraded           as above                      as above                     as above                     as above
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *         inpatient    *       L3                 1300, then 650                0–10000 55 %, –20000 60 %,   pays up to 200000 a year     in-l3 [1]
                                                                                         above 65 %
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         retired   inpatient    *       L1, L2             800 a year; at most 3000 a    70 % (over the year)         costs up to 5000 a year;     in-ret [1]
                                                           year                                                       at least 45 %; outside the
                                                                                                                      fund's yearly cap
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Place and filing
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person   visit        where                                             tier   adjustment                                            rule
        ═════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *        *            home                                              *      as the benefit says                                   h0 [1]
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *        *            elsewhere in the province, another province:      *      as above                                              as above
                               long-term filing, referral, emergency, other
                               temporary filing
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *        outpatient   elsewhere in the province: no filing              *      deductible × 1.5; person pays first 10 % after the    away [1]
                                                                                        deductible; rate minus 5 points
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *        inpatient    elsewhere in the province, another province: no   *      as above                                              as above
                               filing
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *        outpatient   another province: no filing                       *      not paid                                              refuse [1]
        ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Further layers
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person   visit   where   layer                 of                                                    pays   limits                     rule
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *        *       *       1 large-amount fund   coinsurance + above the pay cap, earlier layers not   80 %   pays up to 400000 a year   large [1]
                                                        taken off, over the year
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Personal account
        ──────────────────────────────────────────────────────────────────
         person   visit   where   may pay for                      rule
        ══════════════════════════════════════════════════════════════════
         *        *       *       the person's part within scope   a1 [1]
        ──────────────────────────────────────────────────────────────────

        Sources
          [1] g: Text, No. 1, Bureau, 2020-01-01, trust G
        ");
        insta::assert_snapshot!(render(&shown, &pack, &book, Lang::Zh, Some(150)), @r"
        330100 杭州市，险种 310，2024-06-30 适用
        保险年度自 7 月 1 日起；统筹基金年度封顶 300000  (s1 [1])

        基本医保待遇
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         人员      就诊         就医地、备案   级别               起付标准                   支付比例                   限额                       规则
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *         outpatient   *              *                  无                         70%                                                   b0 [1]
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         active    inpatient    *              L1, L2, ungraded   同上                       同上                       同上                       同上
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         retired   inpatient    *              ungraded           同上                       同上                       同上                       同上
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *         inpatient    *              L3                 1300，再次 650             0–10000 55%，–20000        支付限额 200000／年        in-l3 [1]
                                                                                             60%，以上 65%
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         retired   inpatient    *              L1, L2             800／年；年内合计不超过    70%（年内累计）            费用限额 5000／年；保底    in-ret [1]
                                                                  3000                                                  45%；不计入统筹年度封顶
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        就医地与备案
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         人员   就诊         就医地、备案                                            级别   调整                                                   规则
        ══════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *      *            本统筹区                                                *      按待遇执行，不作调整                                   h0 [1]
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *      *            省内异地、跨省：长期异地备案、转诊备案、急诊、其他临    *      同上                                                   同上
                             时备案
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *      outpatient   省内异地：未备案                                        *      起付标准 × 1.5；先行自付 10%                           away [1]
                                                                                            （起付线之后）；比例降低 5 个百分点
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *      inpatient    省内异地、跨省：未备案                                  *      同上                                                   同上
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         *      outpatient   跨省：未备案                                            *      不予支付                                               refuse [1]
        ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        其他险层
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         人员   就诊   就医地、备案   险层         支付范围                                          支付比例   限额                  规则
        ════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         *      *      *              1 职工大额   按比例自付 + 超支付限额，不扣在前险层，年内累计   80%        支付限额 400000／年   large [1]
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        个人账户
        ──────────────────────────────────────────────────────
         人员   就诊   就医地、备案   可支付           规则
        ══════════════════════════════════════════════════════
         *      *      *              范围内个人负担   a1 [1]
        ──────────────────────────────────────────────────────

        来源
          [1] g: Text，No. 1，Bureau，2020-01-01，可信度 G
        ");
    }

    #[test]
    fn one_case() {
        let (shown, pack, book) = shown(&sample(), |query| {
            query.psn_class = Some("retired".into());
            query.med_class = Some("inpatient".into());
            query.tier = Some("L2".into());
            query.place = Some("cross".into());
            query.filing = Some("none".into());
        });
        insta::assert_snapshot!(render(&shown, &pack, &book, Lang::En, None), @r"
        330100 Hangzhou, insurance type 310, on 2024-06-30
        benefit year from 07-01; basic fund pays up to 300000 a year  (s1 [1])

        Basic benefits
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person    visit       where                  tier   deductible            fund pays              limits                         rule
        ════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         retired   inpatient   another province: no   L2     800 a year; at most   70 % (over the year)   costs up to 5000 a year; at    in-ret [1]
                               filing                        3000 a year                                  least 45 %; outside the
                                                                                                          fund's yearly cap
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Place and filing
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person    visit       where                         tier   adjustment                                                             rule
        ════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         retired   inpatient   another province: no filing   L2     deductible × 1.5; person pays first 10 % after the deductible; rate    away [1]
                                                                    minus 5 points
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Further layers
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
         person    visit       where                  layer                 of                          pays   limits                     rule
        ════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════════
         retired   inpatient   another province: no   1 large-amount fund   coinsurance + above the     80 %   pays up to 400000 a year   large [1]
                               filing                                       pay cap, earlier layers
                                                                            not taken off, over the
                                                                            year
        ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

        Personal account
        ─────────────────────────────────────────────────────────────────────────────────────────────
         person    visit       where                         may pay for                      rule
        ═════════════════════════════════════════════════════════════════════════════════════════════
         retired   inpatient   another province: no filing   the person's part within scope   a1 [1]
        ─────────────────────────────────────────────────────────────────────────────────────────────

        Sources
          [1] g: Text, No. 1, Bureau, 2020-01-01, trust G
        ");
        insta::assert_snapshot!(to_json(&shown, &pack, &book), @r#"
        {"pool":"330100","name_zh":"杭州市","name_en":"Hangzhou","insutype":"310","day":"2024-06-30","scheme":{"rule_id":"s1","at":"schemes.csv:2","cells":{"pool":"330100","insutype":"310","benefit_year_start":"07-01","fund_cap_year":"300000","fund_total_has_account":"0","valid_from":"2020-01-01","source_id":"g"},"source":{"title":"Text","document_no":"No. 1","url":"","trust":"G"}},"benefits":[{"rule_id":"in-ret","at":"benefits.csv:4","applies_to":[{"psn_class":["retired"],"med_class":["inpatient"],"place":["cross"],"filing":["none"],"tier":["L2"]}],"cells":{"pool":"330100","insutype":"310","psn_class":"retired","med_class":"inpatient","place":"*","filing":"*","tier":"L1|L2","accumulator":"stay","deductible_basis":"year","deductible_1":"800","deductible_cap_year":"3000","band_basis":"year_net","band_set":"stay","base_cap_year":"5000","floor_rate":"0.45","counts_to_fund_cap":"0","valid_from":"2024-01-01","source_id":"g"},"bands":[{"from":"0.00","rate":"0.7"}],"source":{"title":"Text","document_no":"No. 1","url":"","trust":"G"}}],"channels":[{"rule_id":"away","at":"channels.csv:3","applies_to":[{"psn_class":["retired"],"med_class":["inpatient"],"place":["cross"],"filing":["none"],"tier":["L2"]}],"cells":{"pool":"330100","insutype":"310","psn_class":"*","med_class":"*","place":"province|cross","filing":"none","decision":"allow","deductible_factor":"1.5","prepay_rate":"0.1","prepay_order":"after","rate_points":"0.05","valid_from":"2024-01-01","source_id":"g"},"source":{"title":"Text","document_no":"No. 1","url":"","trust":"G"}}],"layers":[{"rule_id":"large","at":"layers.csv:3","applies_to":[{"psn_class":["retired"],"med_class":["inpatient"],"place":["cross"],"filing":["none"],"tier":["L2"]}],"cells":{"pool":"330100","insutype":"310","psn_class":"*","med_class":"*","place":"*","filing":"*","layer":"1","payer":"hifob_pay","includes":"over_cap|coinsurance","minus":"none","band_basis":"year","band_set":"aid","pay_cap_year":"400000","valid_from":"2024-01-01","source_id":"g"},"bands":[{"from":"0.00","rate":"0.8"}],"source":{"title":"Text","document_no":"No. 1","url":"","trust":"G"}}],"accounts":[{"rule_id":"a1","at":"accounts.csv:2","applies_to":[{"psn_class":["retired"],"med_class":["inpatient"],"place":["cross"],"filing":["none"],"tier":["L2"]}],"cells":{"pool":"*","insutype":"310","psn_class":"*","med_class":"*","pays_for":"in_scope","valid_from":"2020-01-01","source_id":"g"},"source":{"title":"Text","document_no":"No. 1","url":"","trust":"G"}}],"without_benefit":[],"without_channel":[]}
        "#);
    }

    #[test]
    fn without_a_row() {
        let text = sample()
            .only("benefits", &["b1,330100,310,*,inpatient,*,*,*,all,none,,,,,visit_net,stay,,,,,,,,1,2020-01-01,,g,"]);
        let (shown, ..) = shown(&text, |_| {});
        assert_eq!(shown.without_benefit.len(), 1);
        assert_eq!(shown.without_benefit[0].med_class, Some(vec!["outpatient".to_owned()]));
    }
}
