//! Sets of claims as boxes: for every key the values, and a period. What is left of a row once more specific
//! rows have taken theirs.

use crate::model::date::Date;

/// Claims whose every key has one of the values and whose deciding date lies in the period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::rules) struct Region {
    /// Sorted values of every key.
    pub keys: Vec<Vec<usize>>,
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

/// Steps after which a row is taken for reachable: an answer that cannot be had cheaply is not worth a false alarm.
const MAX_STEPS: usize = 200_000;

impl Region {
    /// Whether no claim is in it.
    pub fn is_empty(&self) -> bool {
        self.from > self.to || self.keys.iter().any(Vec::is_empty)
    }

    /// A part of the region that no cover holds.
    pub fn uncovered(&self, covers: &[Self]) -> Option<Self> {
        let mut open = vec![(self.clone(), 0)];
        let mut steps = 0;
        while let Some((region, next)) = open.pop() {
            steps += 1;
            if region.is_empty() {
                continue;
            }
            if steps > MAX_STEPS {
                return Some(region);
            }
            match covers[next..].iter().position(|cover| region.meets(cover)) {
                None => return Some(region),
                Some(offset) => {
                    let rest = next + offset + 1;
                    open.extend(region.without(&covers[next + offset]).into_iter().map(|part| (part, rest)));
                }
            }
        }
        None
    }

    /// Whether some claim is in both.
    pub fn meets(&self, other: &Self) -> bool {
        self.from <= other.to
            && other.from <= self.to
            && self.keys.iter().zip(&other.keys).all(|(ours, theirs)| ours.iter().any(|value| theirs.contains(value)))
    }

    /// The parts outside a region that meets this one; they do not meet each other.
    fn without(mut self, taken: &Self) -> Vec<Self> {
        let mut parts = Vec::new();
        if self.from < taken.from {
            parts.push(Self { to: taken.from.pred(), ..self.clone() });
            self.from = taken.from;
        }
        if taken.to < self.to {
            parts.push(Self { from: taken.to.succ(), ..self.clone() });
            self.to = taken.to;
        }
        for index in 0..self.keys.len() {
            let (inside, outside): (Vec<_>, Vec<_>) =
                self.keys[index].iter().partition(|value| taken.keys[index].contains(value));
            if !outside.is_empty() {
                let mut part = self.clone();
                part.keys[index] = outside;
                parts.push(part);
                self.keys[index] = inside;
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(keys: &[&[usize]], from: i32, to: i32) -> Region {
        Region { keys: keys.iter().map(|values| values.to_vec()).collect(), from: Date(from), to: Date(to) }
    }

    #[test]
    fn what_is_left() {
        let whole = region(&[&[0, 1], &[0, 1, 2]], 0, 9);
        let left = |covers: &[Region]| whole.uncovered(covers);
        assert_eq!(left(&[]), Some(whole.clone()));
        assert_eq!(left(&[region(&[&[0], &[0, 1, 2]], 0, 9), region(&[&[1], &[0, 1, 2, 3]], -5, 9)]), None);
        let days = [region(&[&[0, 1], &[0, 1, 2]], 0, 4), region(&[&[0, 1], &[0, 1, 2]], 6, 20)];
        assert_eq!(left(&days), Some(region(&[&[0, 1], &[0, 1, 2]], 5, 5)));
        let corner = [region(&[&[0], &[0, 1, 2]], 0, 9), region(&[&[1], &[0, 2]], 0, 9)];
        assert_eq!(left(&corner), Some(region(&[&[1], &[1]], 0, 9)));
    }
}
