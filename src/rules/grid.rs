//! Answers laid out ahead: one for every combination of keys that the rows can tell apart.

use hashbrown::HashMap;

use super::keytable::KeyTable;

/// No row.
pub(super) const NONE: u32 = u32::MAX;

/// Most key columns beside the period.
const MAX_COLUMNS: usize = 5;

/// One answer for every combination of keys and period, behind one sum.
///
/// Values of a column that the same rows match are one class: nothing tells them apart. Every value has the step of its
/// class, and an answer stands where the steps of its keys add up to.
#[derive(Clone, Debug, Default)]
pub(super) struct Grid {
    answers: Vec<u32>,
    /// Steps of the periods, then of every value of each column.
    steps: Vec<u32>,
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
    /// Asks `answer` for every combination of classes that `tables` together tell apart, which must have as many values
    /// in a column (`sizes`) and the same periods. `None`: there are more than `most`.
    pub fn build(
        tables: &[&KeyTable],
        sizes: &[usize],
        periods: usize,
        most: usize,
        mut answer: impl FnMut(&[u32], u32) -> u32,
    ) -> Option<Self> {
        let mut columns = vec![Classes::of(periods, |period, seen| {
            tables.iter().for_each(|table| table.rows_of_period(period, seen));
        })];
        columns.extend(sizes.iter().enumerate().map(|(column, &size)| {
            Classes::of(size, |value, seen| {
                tables.iter().for_each(|table| table.rows_of_value(column, value, seen));
            })
        }));
        let count = columns.iter().try_fold(1, |count: usize, column| count.checked_mul(column.value.len()))?;
        if count > most {
            return None;
        }
        let mut grid = Self::default();
        let mut stride = 1;
        for (column, classes) in columns.iter().enumerate() {
            if let Some(before) = column.checked_sub(1) {
                grid.first_step[before] = narrow(grid.steps.len());
            }
            grid.steps.extend(classes.class.iter().map(|class| narrow(class * stride)));
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

    /// The answer for keys and a period.
    // Always: it runs about eight times a settlement.
    #[inline(always)]
    pub fn at<const N: usize>(&self, keys: [u32; N], period: u32) -> u32 {
        let of_keys = keys.iter().zip(self.first_step).map(|(&key, first)| self.steps[first as usize + key as usize]);
        self.answers[of_keys.fold(self.steps[period as usize] as usize, |place, step| place + step as usize)]
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
