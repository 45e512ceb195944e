//! Persons made by hand, for the tests of the checks.

use hashbrown::HashSet;

use super::thresholds;
use super::view::{Care, Payment, Person, Seen, Settlement, World};
use super::{Check, Look};
use crate::audit::cause::Cause;
use crate::columnar::reconciled::{FIELDS, FieldSet, field};
use crate::columnar::words::{Sources, Words};
use crate::model::date::{Date, Time};
use crate::model::money::Fen;
use crate::model::outcome::{Reason, Reasons, Status};
use crate::model::place::{Admdvs, Filing, Place};
use crate::model::reference::{Enrolment, InstitutionPeriod, Institutions, PersonFacts};
use crate::model::settlement::{Arenas, Bill, Claim, CodeAndParent, Flags, Insutype, TextRef};
use crate::model::symbol::Sym;
use crate::report::finding::Finding;
use crate::rules::book::{BenefitKeys, RuleBook};
use crate::rules::testing::TextPack;
pub(super) use crate::rules::testing::pack;
use crate::shuffle::group::{Entry, Persons, Rows};

fn day(text: &str) -> Date {
    Date::parse(text.as_bytes()).expect("a day")
}

/// A settlement in the making: a visit of `P` to `H1` on 2024-03-01, of which nothing was paid.
#[derive(Clone)]
pub(super) struct Draft {
    setl_id: String,
    person: String,
    institution: String,
    init_setl_id: String,
    disease: String,
    insutype: String,
    level: String,
    treated: Admdvs,
    begin: Date,
    end: Date,
    settled: Option<Time>,
    total: Fen,
    is_admission: bool,
    is_emergency: bool,
    flagged: Option<bool>,
    status: Status,
    reasons: Reasons,
    is_reversed: bool,
    computed: [Fen; FIELDS],
    paid: Option<Payment>,
    has_account: bool,
    cause: Option<Cause>,
    place: (Place, Filing),
    pool_base: Fen,
    channel: u32,
    benefit_year: i32,
}

impl Draft {
    fn set(&mut self, change: impl FnOnce(&mut Self)) -> &mut Self {
        change(self);
        self
    }

    pub fn person(&mut self, number: &str) -> &mut Self {
        self.set(|draft| draft.person = number.into())
    }

    pub fn visit(&mut self, institution: &str, on: &str) -> &mut Self {
        self.set(|draft| {
            draft.institution = institution.into();
            (draft.begin, draft.end, draft.is_admission) = (day(on), day(on), false);
        })
    }

    pub fn stay(&mut self, institution: &str, begin: &str, end: &str) -> &mut Self {
        self.set(|draft| {
            draft.institution = institution.into();
            (draft.begin, draft.end, draft.is_admission) = (day(begin), day(end), true);
        })
    }

    pub fn at(&mut self, place: &str) -> &mut Self {
        self.set(|draft| draft.treated = Admdvs::parse(place.as_bytes()).expect("six digits"))
    }

    pub fn settled(&mut self, time: &str) -> &mut Self {
        self.set(|draft| draft.settled = Some(Time::parse(time.as_bytes()).expect("a second")))
    }

    pub fn emergency(&mut self) -> &mut Self {
        self.set(|draft| draft.is_emergency = true)
    }

    pub fn disease(&mut self, code: &str) -> &mut Self {
        self.set(|draft| draft.disease = code.into())
    }

    pub fn insutype(&mut self, word: &str) -> &mut Self {
        self.set(|draft| draft.insutype = word.into())
    }

    pub fn level(&mut self, grade: &str) -> &mut Self {
        self.set(|draft| draft.level = grade.into())
    }

    pub fn flagged(&mut self, flag: bool) -> &mut Self {
        self.set(|draft| draft.flagged = Some(flag))
    }

    pub fn reversed(&mut self) -> &mut Self {
        self.set(|draft| draft.is_reversed = true)
    }

    pub fn reversal_of(&mut self, original: &str) -> &mut Self {
        self.set(|draft| draft.init_setl_id = original.into())
    }

    /// An accepted reversal.
    pub fn accepted(&mut self) -> &mut Self {
        self.set(|draft| draft.status = Status::Reversed)
    }

    pub fn denied(&mut self, reason: Reason) -> &mut Self {
        self.set(|draft| (draft.status, draft.reasons) = (Status::Denied, reason.into()))
    }

    pub fn pended(&mut self, reason: Reason) -> &mut Self {
        self.set(|draft| (draft.status, draft.reasons) = (Status::Pended, reason.into()))
    }

    /// A bill of which the fund paid a part and cash the rest, as computed.
    pub fn paid_in_full(&mut self, total: i64, fund: i64) -> &mut Self {
        self.set(|draft| {
            draft.total = Fen(total);
            let mut amounts = [Fen::ZERO; FIELDS];
            (amounts[field::BASIC], amounts[field::FUNDS]) = (Fen(fund), Fen(fund));
            (amounts[field::PERSON], amounts[field::CASH]) = (Fen(total - fund), Fen(total - fund));
            draft.paid = Some(Payment { columns: FieldSet::ALL, amounts });
            draft.computed = amounts;
        })
    }

    fn payment(&mut self) -> &mut Payment {
        self.paid.get_or_insert(Payment { columns: FieldSet::ALL, amounts: [Fen::ZERO; FIELDS] })
    }

    /// Another paid amount.
    pub fn amount(&mut self, field: usize, fen: i64) -> &mut Self {
        self.set(|draft| draft.payment().amounts[field] = Fen(fen))
    }

    /// Without a paid column.
    pub fn without(&mut self, field: usize) -> &mut Self {
        self.set(|draft| draft.payment().columns.0 &= !(1 << field))
    }

    pub fn has_account(&mut self) -> &mut Self {
        self.set(|draft| draft.has_account = true)
    }

    pub fn computed_fund(&mut self, fund: i64) -> &mut Self {
        self.set(|draft| (draft.computed[field::BASIC], draft.computed[field::FUNDS]) = (Fen(fund), Fen(fund)))
    }

    pub fn deductible(&mut self, paid: i64, computed: i64) -> &mut Self {
        self.amount(field::DEDUCTIBLE, paid).set(|draft| draft.computed[field::DEDUCTIBLE] = Fen(computed))
    }

    pub fn cause(&mut self, cause: Cause) -> &mut Self {
        self.set(|draft| draft.cause = Some(cause))
    }

    pub fn place(&mut self, place: Place, filing: Filing) -> &mut Self {
        self.set(|draft| draft.place = (place, filing))
    }

    pub fn pool_base(&mut self, fen: i64) -> &mut Self {
        self.set(|draft| draft.pool_base = Fen(fen))
    }

    pub fn channel(&mut self, row: u32) -> &mut Self {
        self.set(|draft| draft.channel = row)
    }

    pub fn benefit_year(&mut self, year: i32) -> &mut Self {
        self.set(|draft| draft.benefit_year = year)
    }
}

/// Rules, tables and settlements.
pub(super) struct Scene {
    book: RuleBook,
    institutions: Option<Institutions>,
    enrolments: Option<Vec<Enrolment>>,
    tolerance: [Fen; FIELDS],
    drafts: Vec<Draft>,
}

const POOL: Admdvs = Admdvs(330_100);

impl Scene {
    pub fn new() -> Self {
        Self::with(&pack())
    }

    pub fn with(pack: &TextPack) -> Self {
        let book = pack.compiled().1;
        Self { book, institutions: None, enrolments: None, tolerance: [Fen::ZERO; FIELDS], drafts: Vec::new() }
    }

    /// A further settlement; without a time of its own it is settled after those before it of that day.
    pub fn row(&mut self, setl_id: &str) -> &mut Draft {
        self.drafts.push(Draft {
            setl_id: setl_id.into(),
            person: "P".into(),
            institution: "H1".into(),
            init_setl_id: String::new(),
            disease: String::new(),
            insutype: "310".into(),
            level: String::new(),
            treated: POOL,
            begin: day("2024-03-01"),
            end: day("2024-03-01"),
            settled: None,
            total: Fen(1000),
            is_admission: false,
            is_emergency: false,
            flagged: None,
            status: Status::Paid,
            reasons: Reasons::NONE,
            is_reversed: false,
            computed: [Fen::ZERO; FIELDS],
            paid: None,
            has_account: false,
            cause: None,
            place: (Place::Local, Filing::None),
            pool_base: Fen::ZERO,
            channel: 0,
            benefit_year: 2024,
        });
        self.drafts.last_mut().expect("pushed")
    }

    pub fn institution(&mut self, code: &str, from: &str, to: &str, grade: &str) {
        let hosp_lv = self.book.vocab.level.find(grade.as_bytes());
        let period = InstitutionPeriod {
            from: day(from),
            to: day(to),
            hosp_lv,
            dedc_hosp_lv: Sym::EMPTY,
            inst_class: Sym::EMPTY,
        };
        let institutions = self.institutions.get_or_insert_default();
        assert!(institutions.add(code.as_bytes(), period), "periods of one institution share no day");
    }

    pub fn enrolled(&mut self, insutype: &str, from: &str, to: &str) {
        let insutype = Insutype(self.book.vocab.insutype.find(insutype.as_bytes()).0);
        let span = Enrolment { insutype, pool: POOL, from: day(from), to: day(to), benefits_from: Date::MIN };
        self.enrolments.get_or_insert_default().push(span);
    }

    pub fn tolerance(&mut self, field: usize, fen: i64) {
        self.tolerance[field] = Fen(fen);
    }

    pub fn status_of(&self, setl_id: &str) -> Status {
        self.drafts.iter().find(|draft| draft.setl_id == setl_id).expect("a row").status
    }

    fn claim(&self, number: usize, arena: &mut Vec<u8>) -> Claim {
        let draft = &self.drafts[number];
        let vocab = &self.book.vocab;
        let offset = arena.len() as u32;
        let texts = [&draft.person, &draft.setl_id, &draft.institution, &draft.init_setl_id];
        texts.iter().for_each(|text| arena.extend_from_slice(text.as_bytes()));
        let [psn_len, setl_len, inst_len, init_len] = texts.map(|text| text.len() as u16);
        let mut flags = Flags::default();
        if !draft.init_setl_id.is_empty() {
            flags.set(Flags::REVERSAL);
        }
        let code = |vocabulary: &crate::model::symbol::Vocabulary, word: &str| {
            let sym = vocabulary.find(word.as_bytes());
            CodeAndParent { code: sym, parent: sym }
        };
        let med_type = code(&vocab.med_type, if draft.is_admission { "21" } else { "11" });
        let institutions = self.institutions.as_ref();
        Claim {
            text: TextRef { arena: 0, offset, psn_len, setl_len, inst_len, init_len, mdtrt_len: 0 },
            file: 0,
            row: number as u32 + 1,
            institution: institutions
                .map_or(Claim::NO_INSTITUTION, |institutions| institutions.find(draft.institution.as_bytes())),
            setl_time: draft.settled.unwrap_or(Time(draft.end.midnight().0 + 36_000 + number as i64)),
            begndate: draft.begin,
            enddate: draft.end,
            brdy: None,
            insured: POOL,
            treated: draft.treated,
            insutype: Insutype(vocab.insutype.find(draft.insutype.as_bytes()).0),
            psn_type: code(&vocab.psn_type, "11"),
            med_type,
            identity: Sym::EMPTY,
            grade: Sym::EMPTY,
            disease: Sym::EMPTY,
            hosp_lv: vocab.level.find(draft.level.as_bytes()),
            dedc_hosp_lv: Sym::EMPTY,
            filing_type: Sym::EMPTY,
            flags,
            bill: Bill { total: draft.total, in_scope: draft.total, ..Bill::default() },
        }
    }

    fn settlement<'a>(&'a self, number: usize, rows: &'a Rows) -> Settlement<'a> {
        let (draft, vocab) = (&self.drafts[number], &self.book.vocab);
        let claim = &rows.claims[0][number];
        let med_class = vocab.med_class.find(if draft.is_admission { b"inpatient" } else { b"outpatient" });
        let (place, filing) = draft.place;
        let keys = BenefitKeys {
            psn_class: vocab.psn_class.find(b"active"),
            med_class,
            place,
            filing,
            tier: vocab.tier.find(b"L3"),
        };
        let (benefit_year, pool_base, channel) = (draft.benefit_year, draft.pool_base, draft.channel);
        let seen = Seen { pool: POOL, benefit_year, keys, channel, benefit: 0, pool_base };
        Settlement {
            claim,
            entry: Entry { batch: 0, index: number as u32 },
            setl_id: rows.arenas.setl_id(claim.text),
            institution: rows.arenas.institution(claim.text),
            disease: &draft.disease,
            is_flagged: draft.flagged,
            status: draft.status,
            reasons: draft.reasons,
            is_reversed: draft.is_reversed,
            care: Some(Care { med_class, is_admission: draft.is_admission, is_emergency: draft.is_emergency }),
            seen: (draft.status != Status::Pended).then_some(seen),
            computed: draft.computed,
            has_account: draft.has_account,
            paid: draft.paid,
            cause: draft.cause,
        }
    }
}

/// What a check finds in a scene under some thresholds, in order.
pub(super) fn look(check: &Check, scene: &Scene, file: &str) -> Vec<Finding> {
    let sections = [(check.code, check.thresholds)];
    let limits = thresholds::read("audit.toml", file, &sections).unwrap_or_else(|wrong| panic!("{wrong:?}")).remove(0);
    let mut arena = Vec::new();
    let claims: Vec<Claim> = (0..scene.drafts.len()).map(|number| scene.claim(number, &mut arena)).collect();
    let rows = Rows { claims: vec![claims], ghosts: vec![Vec::new()], arenas: Arenas(vec![arena]) };
    let persons = Persons::group(&rows);
    let mut numbers = HashSet::new();
    let ids = rows.claims[0].iter().map(|claim| rows.arenas.setl_id(claim.text));
    let repeated: HashSet<&[u8]> = ids.filter(|&id| !numbers.insert(id)).collect();
    let sources = Sources::default();
    let words = Words {
        book: &scene.book,
        arenas: &rows.arenas,
        unlisted_insutypes: &[],
        unlisted_accumulators: &[],
        sources: &sources,
        recorded: &[],
    };
    let (institutions, tolerance) = (scene.institutions.as_ref(), scene.tolerance);
    let (rows, persons, repeated) = (&rows, &persons, &repeated);
    let world = World { words, institutions, rows, persons, repeated, tolerance, paid: FieldSet::ALL };
    let mut found = Vec::new();
    // Population checks see two chunks, so that they have something to merge.
    let mut gathers = match check.look {
        Look::Population(begin) => vec![begin(&limits), begin(&limits)],
        Look::Person(_) => Vec::new(),
    };
    for rank in 0..persons.len() as u32 {
        let entries = persons.entries_of(rank as usize);
        let mut settlements: Vec<Settlement> =
            entries.iter().map(|entry| scene.settlement(entry.index as usize, rows)).collect();
        settlements.sort_by_key(|settlement| (settlement.claim.setl_time, settlement.setl_id));
        let facts = PersonFacts { enrolments: scene.enrolments.as_deref(), ..PersonFacts::default() };
        let person = Person { world: &world, rank, number: world.psn_no(rank), facts, settlements: &settlements };
        match check.look {
            Look::Person(look) => look(&limits, &person, &mut found),
            Look::Population(_) => gathers[usize::from(rank as usize >= persons.len() / 2)].see(&person),
        }
    }
    if let Some(later) = gathers.pop() {
        let mut gather = gathers.pop().expect("two of them");
        gather.merge(later.into_any());
        found = gather.finish(&world);
    }
    found.sort_by(|a, b| super::key(a).cmp(&super::key(b)));
    found
}

/// The subjects of findings.
pub(super) fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| &*finding.subject).collect()
}
