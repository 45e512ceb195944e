//! Answers laid out ahead: one for every combination of keys that the rows can tell apart.

use hashbrown::HashMap;

use super::keytable::KeyTable;

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Answers that a step can reach.
const MOST_STEPS: usize = 1 << 16;

/// Most key columns beside the period.
const MAX_COLUMNS: usize = 5;

/// One answer for every combination of keys and period, behind one sum.
///
/// Values of a column that the same rows match are one class: nothing tells them apart. Every value has the step of its
/// class, and an answer stands where the steps of its keys add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    answers: Vec<u32>,
    /// Steps of the periods, then of every value of each column: narrow, as they are touched at random.
    steps: Vec<u16>,
    /// Where each column's steps begin.
    first_step: [u32; MAX_COLUMNS],
}

/// A column's classes.
struct Classes {
    /// By value.
    class: Vec<usize>,
    /// A value of each class.
    value: Vec<u32>,
}

impl Grid {
    /// Asks `answer` for every combination of classes; `see` says which rows match a value of a column, the first of
    /// which is the period. `None`: there are more than `most`.
    pub fn build(
        sizes: &[usize],
        most: usize,
        see: impl Fn(usize, usize, &mut Vec<u64>),
        mut answer: impl FnMut(&[u32], u32) -> u32,
    ) -> Option<Self> {
        let classes = |(column, &size): (usize, &usize)| Classes::of(size, |value, seen| see(column, value, seen));
        let columns: Vec<Classes> = sizes.iter().enumerate().map(classes).collect();
        let count = columns.iter().try_fold(1, |count: usize, column| count.checked_mul(column.value.len()))?;
        if count > most.min(MOST_STEPS) {
            return None;
        }
        let mut grid = Self::default();
        let mut stride = 1;
        for (column, classes) in columns.iter().enumerate() {
            if let Some(before) = column.checked_sub(1) {
                grid.first_step[before] = narrow(grid.steps.len());
            }
            grid.steps.extend(classes.class.iter().map(|class| (class * stride) as u16));
            stride *= classes.value.len();
        }
        grid.answers = (0..count)
            .map(|mut place| {
                let mut values = columns.iter().map(|column| {
                    let class = place % column.value.len();
                    place /= column.value.len();
                    column.value[class]
                });
                let period = values.next().expect("the periods are a column");
                answer(&values.collect::<Vec<_>>(), period)
            })
            .collect();
        Some(grid)
    }

    /// [`build`](Self::build) for keys that `tables` are chosen from by: columns of as many values as `sizes` says.
    pub fn of_tables(
        tables: &[&KeyTable],
        periods: usize,
        sizes: &[usize],
        most: usize,
        answer: impl FnMut(&[u32], u32) -> u32,
    ) -> Option<Self> {
        let see = |column: usize, value: usize, seen: &mut Vec<u64>| {
            tables.iter().for_each(|table| match column.checked_sub(1) {
                None => table.rows_of_period(value, seen),
                Some(column) => table.rows_of_value(column, value, seen),
            });
        };
        let sizes: Vec<usize> = std::iter::once(periods).chain(sizes.iter().copied()).collect();
        Self::build(&sizes, most, see, answer)
    }

    /// The answer for keys and a period.
    // Always: it runs about eight times a settlement.
    #[inline(always)]
    pub fn at<const N: usize>(&self, keys: [u32; N], period: u32) -> u32 {
        let step = |column: usize| self.steps[self.first_step[column] as usize + keys[column] as usize];
        let steps: [u16; N] = std::array::from_fn(step);
        let place =
            steps.iter().fold(usize::from(self.steps[period as usize]), |place, &step| place + usize::from(step));
        self.answers[place]
    }
}

impl Classes {
    /// Classes of values that see the same.
    fn of(size: usize, see: impl Fn(usize, &mut Vec<u64>)) -> Self {
        let mut known: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut value = Vec::new();
        let class = (0..size)
            .map(|candidate| {
                let mut seen = Vec::new();
                see(candidate, &mut seen);
                *known.entry(seen).or_insert_with(|| {
                    value.push(narrow(candidate));
                    value.len() - 1
                })
            })
            .collect();
        Self { class, value }
    }
}

fn narrow(number: usize) -> u32 {
    u32::try_from(number).expect("fewer than 2^32 answers")
}
