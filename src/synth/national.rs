//! The nation in numbers: what the tables aim at, and where each figure comes from.
//!
//! Volumes: 379.48 million employees (274.92 active, 104.58 retired) and 947.14 million residents in 2024;
//! employees 2.18 billion outpatient, 0.27 billion chronic visits, 2.3 billion pharmacy purchases, 21.86 stays a hundred
//! (active 11.93, retired 49.02) in 2023; residents 3.035 billion events in 2024, 20.7 stays a hundred in 2023. Mean stay
//! 11,707 yuan (employees, 2024) and 7,674 (residents, 2023). What is not published (costs of visits, the split of a
//! bill, levels of residents) is chosen so that those figures come out.

use super::dice::MILLION;

/// What a settlement is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Care {
    /// An ordinary visit.
    Outpatient,
    /// A visit for a listed chronic or special disease.
    Chronic,
    /// A stay.
    Inpatient,
    /// A purchase at a pharmacy.
    Pharmacy,
    /// A birth.
    Maternity,
}

impl Care {
    /// All kinds.
    pub(super) const ALL: [Self; 5] =
        [Self::Outpatient, Self::Chronic, Self::Inpatient, Self::Pharmacy, Self::Maternity];

    /// Whether it is a stay.
    pub(super) const fn is_stay(self) -> bool {
        matches!(self, Self::Inpatient | Self::Maternity)
    }

    /// `med_type` that a menu is asked with.
    pub(super) const fn base_code(self) -> &'static str {
        match self {
            Self::Outpatient => "11",
            Self::Chronic => "14",
            Self::Inpatient => "21",
            Self::Pharmacy => "41",
            Self::Maternity => "52",
        }
    }

    /// `med_type`s with their weights.
    pub(super) const fn codes(self) -> &'static [(&'static str, u32)] {
        match self {
            Self::Outpatient => &[("11", 905), ("12", 20), ("13", 50), ("19", 15), ("91", 10)],
            Self::Chronic => &[("14", 700), ("140101", 120), ("140104", 120), ("140201", 60)],
            Self::Inpatient => &[("21", 860), ("22", 30), ("24", 60), ("26", 20), ("28", 20), ("2101", 10)],
            Self::Pharmacy => &[("41", 1000)],
            Self::Maternity => &[("52", 1000)],
        }
    }

    /// `clr_type`.
    pub(super) const fn clearing(self) -> &'static str {
        match self {
            Self::Outpatient | Self::Chronic => "11",
            Self::Inpatient | Self::Maternity => "21",
            Self::Pharmacy => "41",
        }
    }
}

/// Purchases and visits that most packs do not answer: the deliberate share of pended rows.
pub(super) const UNANSWERED: &[(&str, Care)] =
    &[("41", Care::Pharmacy), ("71", Care::Outpatient), ("93", Care::Pharmacy), ("9119", Care::Outpatient)];

/// Who a person is to the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Kind {
    /// In work.
    Active,
    /// Retired.
    Retired,
    /// A resident under age or a student.
    Child,
    /// A resident of working age.
    Adult,
    /// An elderly resident.
    Senior,
}

impl Kind {
    /// Whether the employees' scheme covers the person.
    pub(super) const fn is_employee(self) -> bool {
        matches!(self, Self::Active | Self::Retired)
    }

    /// Settlements a thousand persons a year, by [`Care`].
    pub(super) const fn rates(self) -> [u32; 5] {
        match self {
            Self::Active => [4_200, 250, 119, 5_400, 12],
            Self::Retired => [9_800, 1_900, 490, 7_900, 0],
            Self::Child => [2_000, 20, 120, 150, 0],
            Self::Adult => [2_300, 350, 170, 200, 9],
            Self::Senior => [4_000, 900, 450, 250, 0],
        }
    }

    /// Cost against the mean of the scheme, in percent.
    pub(super) const fn cost_percent(self) -> i64 {
        match self {
            Self::Active => 92,
            Self::Retired => 105,
            Self::Child => 55,
            Self::Adult => 102,
            Self::Senior => 110,
        }
    }
}

/// A `psn_type` that persons of a kind carry.
#[derive(Clone, Copy, Debug)]
pub(super) struct PersonType {
    /// The code.
    pub(super) code: &'static str,
    /// Whose.
    pub(super) kind: Kind,
    /// Weight within its scheme.
    pub(super) weight: u32,
    /// Youngest and oldest.
    pub(super) ages: (i32, i32),
}

const fn person(code: &'static str, kind: Kind, weight: u32, from: i32, to: i32) -> PersonType {
    PersonType { code, kind, weight, ages: (from, to) }
}

/// Types of persons in employees' schemes.
pub(super) const EMPLOYEES: &[PersonType] = &[
    person("11", Kind::Active, 6_000, 19, 59),
    person("1101", Kind::Active, 52_000, 19, 59),
    person("1102", Kind::Active, 4_000, 22, 59),
    person("1103", Kind::Active, 10_400, 19, 58),
    person("12", Kind::Retired, 5_000, 55, 97),
    person("1201", Kind::Retired, 21_000, 55, 97),
    person("1204", Kind::Retired, 1_400, 50, 75),
    person("1300", Kind::Retired, 200, 88, 101),
];

/// Types of persons in residents' schemes.
pub(super) const RESIDENTS: &[PersonType] = &[
    person("1401", Kind::Child, 700, 0, 0),
    person("1402", Kind::Child, 6_000, 1, 6),
    person("1403", Kind::Child, 15_500, 6, 17),
    person("1404", Kind::Child, 3_600, 18, 24),
    person("15", Kind::Adult, 8_000, 18, 59),
    person("1501", Kind::Adult, 43_000, 18, 59),
    person("16", Kind::Senior, 23_200, 60, 96),
];

/// Share of employees among the insured, in a million: 379.48 of 1326.62.
pub(super) const EMPLOYEE_SHARE: u32 = 286_050;

/// How large an institution is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(super) enum Grade {
    /// Level 3.
    Three,
    /// Level 2.
    Two,
    /// Level 1.
    One,
    /// Community, township, village, clinics.
    Base,
    /// A pharmacy.
    Pharmacy,
}

/// Weights of the grades for a kind of care, by [`Grade`].
pub(super) const fn grade_weights(care: Care, employee: bool, away: bool) -> [u32; 5] {
    match (care, employee, away) {
        (Care::Pharmacy, ..) => [0, 0, 0, 0, 100],
        (_, _, true) => [74, 18, 4, 4, 0],
        (Care::Inpatient, true, _) => [58, 30, 8, 4, 0],
        (Care::Inpatient, false, _) => [28, 44, 12, 16, 0],
        (Care::Maternity, ..) => [45, 40, 10, 5, 0],
        (Care::Outpatient, true, _) => [40, 22, 13, 25, 0],
        (Care::Outpatient, false, _) => [14, 18, 14, 54, 0],
        (Care::Chronic, true, _) => [40, 30, 12, 18, 0],
        (Care::Chronic, false, _) => [22, 33, 15, 30, 0],
    }
}

/// Mean bill in yuan for a kind of care, by [`Grade`].
pub(super) const fn mean_yuan(care: Care, employee: bool) -> [i64; 5] {
    match (care, employee) {
        (Care::Inpatient, true) => [15_200, 8_300, 4_850, 3_900, 3_900],
        (Care::Inpatient, false) => [12_000, 5_600, 3_400, 2_500, 2_500],
        (Care::Maternity, _) => [7_600, 5_600, 4_200, 3_800, 3_800],
        (Care::Outpatient, true) => [430, 270, 150, 110, 110],
        (Care::Outpatient, false) => [310, 170, 85, 58, 58],
        (Care::Chronic, true) => [640, 430, 310, 260, 260],
        (Care::Chronic, false) => [470, 290, 190, 150, 150],
        (Care::Pharmacy, _) => [130; 5],
    }
}

/// Deviation of the logarithm of a bill, in percent (wide enough for first digits to follow Benford's law), and the median against the mean, in a million:
/// e to minus half its square.
pub(super) const fn spread(care: Care) -> (i64, i64) {
    match care {
        Care::Inpatient => (95, 636_824),
        Care::Maternity => (35, 940_588),
        _ => (100, 606_531),
    }
}

/// Mean shares of a bill in a million: F (outside the catalogue), O (above a ceiling), P (borne first).
pub(super) const fn mean_shares(care: Care) -> [u32; 3] {
    match care {
        Care::Inpatient => [66_000, 8_000, 70_000],
        Care::Maternity => [80_000, 6_000, 45_000],
        Care::Pharmacy => [0, 4_000, 50_000],
        Care::Chronic => [18_000, 4_000, 60_000],
        Care::Outpatient => [45_000, 6_000, 55_000],
    }
}

/// Chronic and special diseases, `dise_codg`, with weights.
pub(super) const DISEASES: &[(&str, u32)] = &[
    ("M03900", 380),
    ("M01600", 260),
    ("M04600", 90),
    ("M04803", 60),
    ("M05300", 40),
    ("M00503", 50),
    ("M07803", 25),
    ("M08300", 8),
    ("M02101", 30),
    ("M00201", 20),
    ("M06900", 20),
    ("M02300", 12),
    ("M07101", 5),
];

/// Diagnoses of stays and visits that carry a code, with weights. `M00503` (chemo- or radiotherapy) is the planned one.
pub(super) const DIAGNOSES: &[(&str, u32)] = &[
    ("I10.x00", 30),
    ("J18.900", 30),
    ("I63.900", 30),
    ("K02.900", 12),
    ("K80.200", 15),
    ("E11.900", 20),
    ("M00503", 14),
];

/// Places that people travel to for treatment, with weights; the province's own capital comes on top.
pub(super) const HUBS: &[(u32, u32)] = &[
    (110_105, 22),
    (310_104, 24),
    (440_106, 12),
    (320_106, 10),
    (330_106, 9),
    (420_106, 8),
    (510_104, 8),
    (610_103, 5),
    (430_102, 5),
    (370_102, 5),
    (410_105, 5),
    (120_101, 5),
    (500_103, 4),
];

/// Share of rows that are reversals, in a million of all rows.
pub(super) const REVERSALS: u32 = 26_000;
/// Chance that a settlement is reversed, so that the share above comes out: the last of a person's rows cannot be,
/// nor one that pends.
pub(super) const REVERSED: u32 = 31_500;
/// Of reversed ones, those settled anew.
pub(super) const RESETTLED: u32 = 400_000;
/// Rows that are deliberately of a kind most packs do not answer.
pub(super) const UNANSWERED_SHARE: u32 = 5_000;
/// Persons who live elsewhere for long and have filed.
pub(super) const LONG_TERM_FILERS: u32 = 45_000;
/// Of their settlements, those where they live.
pub(super) const AT_FILED_PLACE: u32 = 850_000;
/// Of those filings and journeys, those to another province.
pub(super) const TO_OTHER_PROVINCE: u32 = 550_000;

/// Chance that a settlement of others is elsewhere.
pub(super) const fn away_chance(care: Care) -> u32 {
    match care {
        Care::Inpatient => 85_000,
        Care::Maternity => 30_000,
        Care::Outpatient => 14_000,
        Care::Chronic => 4_000,
        Care::Pharmacy => 8_000,
    }
}

/// Weights of the filings of those journeys, in the order of `Filing`: long-term filers are drawn apart.
pub(super) const JOURNEY_FILINGS: [u32; 5] = [0, 40, 12, 22, 26];

/// Cover: lapses, joins late in the year, in a million persons.
pub(super) const LAPSED: u32 = 20_000;
/// Joins in the year.
pub(super) const JOINED: u32 = 22_000;
/// Settlements claimed late.
pub(super) const LATE: u32 = 22_000;
/// Settlements at an institution that is in no table.
pub(super) const UNLISTED_INSTITUTION: u32 = 1_200;
/// Settlements of which the hospital bears a part.
pub(super) const HOSPITAL_PART: u32 = 3_000;

const _: () = assert!(REVERSED > REVERSALS && EMPLOYEE_SHARE < MILLION);
