//! The table of balances: sorted by person, on the disk where it is too large, and gone through along with the
//! persons of a run.

use std::sync::Arc;

use super::{RunError, check};
use crate::ingest::reference::{self, second_balance};
use crate::ingest::{IngestError, InputFile, InputPath, ReadOptions};
use crate::model::money::Fen;
use crate::model::settlement::Arenas;
use crate::shuffle::group::Persons;
use crate::shuffle::order::{At, InOrder, Sorter};
use crate::shuffle::records::{Balance, balance};
use crate::shuffle::shelf::{Disk, ShelfError};

/// A table of balances, one of each person, from the first that was not asked for yet.
#[derive(Debug)]
pub(super) struct Balances {
    left: InOrder<Balance>,
    /// Of persons who go over into the next range.
    carried: Vec<(Box<[u8]>, Fen)>,
}

/// What the table tells about the persons at hand, by rank.
pub(super) struct Given {
    /// Each one's balance; 0 where there is none.
    pub(super) balances: Vec<Fen>,
    /// Whether there is one.
    pub(super) given: Vec<bool>,
}

impl Balances {
    /// Reads a table. So many bytes are sorted in memory, if there is a disk for the others.
    ///
    /// # Errors
    /// Bad rows and second balances of a person, of the run or not, all of them; what the files run into.
    pub(super) fn read(
        files: &[InputPath],
        options: &ReadOptions,
        disk: Option<&Arc<Disk>>,
        window: u64,
    ) -> Result<(Self, Vec<InputFile>), RunError> {
        let mut sorter = Sorter::new(disk.cloned(), window);
        // The taker has no way to fail: a full disk waits outside.
        let mut failed = None;
        let read = reference::read_balances(files, options, &mut |person, told| {
            if failed.is_none() {
                failed = sorter.put(&(person, told)).err();
            }
        });
        failed.map_or(Ok(()), Err)?;
        let read = match read {
            Ok(files) => Ok(files),
            Err(IngestError::Rejected { diagnostics, more }) => Err((diagnostics, more)),
            Err(error) => return Err(error.into()),
        };
        let sorted = Arc::new(sorter.finish()?);
        let twice = Twice::of(InOrder::of(&sorted)?, options)?;
        let (mut diagnostics, mut more) = match read {
            Ok(files) if twice.found.is_empty() => return Ok((Self::of(InOrder::of(&sorted)?), files)),
            Ok(_) => (Vec::new(), 0),
            Err(wrong) => wrong,
        };
        more += twice.more;
        let twice = twice.found.into_iter();
        diagnostics.extend(twice.map(|(here, first, person)| second_balance(files, &person, first, here)));
        let file = |shown: &str| files.iter().position(|file| *file.shown == *shown);
        diagnostics.sort_by_cached_key(|diagnostic| (file(&diagnostic.at.file), diagnostic.at.line));
        more += diagnostics.len().saturating_sub(IngestError::MAX_DIAGNOSTICS);
        diagnostics.truncate(IngestError::MAX_DIAGNOSTICS);
        Err(IngestError::Rejected { diagnostics, more }.into())
    }

    const fn of(left: InOrder<Balance>) -> Self {
        Self { left, carried: Vec::new() }
    }

    /// The balances of some persons before `end`, all that come before it and were not asked for yet; those of
    /// persons who are not among them go to `others`, in their order.
    ///
    /// # Errors
    /// The disk does not give them back, or what `others` says.
    pub(super) fn of_range(
        &mut self,
        end: Option<&[u8]>,
        (persons, arenas): (&Persons, &Arenas),
        others: &mut dyn FnMut(At<'_>) -> Result<(), ShelfError>,
    ) -> Result<Given, ShelfError> {
        let mut told = Given { balances: vec![Fen::ZERO; persons.len()], given: vec![false; persons.len()] };
        let mut give = |person: u32, balance| {
            (told.balances[person as usize], told.given[person as usize]) = (balance, true);
        };
        for (person, balance) in self.carried.drain(..) {
            give(persons.find(arenas, &person).expect("a person who was carried along"), balance);
        }
        // Balances and persons stand in one order: both are gone through once.
        let mut rank = 0;
        while let Some(at @ (columns, row)) = self.left.head()? {
            let person = columns.text(row);
            if end.is_some_and(|end| end <= person) {
                break;
            }
            let is_one;
            (rank, is_one) = persons.seek(arenas, rank, person);
            if is_one {
                give(rank, balance(at).balance)
            } else {
                others(at)?
            }
            self.left.pass();
        }
        Ok(told)
    }

    /// A person of the range at hand goes over into the next, with its balance.
    pub(super) fn carry(&mut self, person: &[u8], balance: Fen) {
        self.carried.push((person.into(), balance));
    }
}

/// Number of the file, line.
type Place = (u32, u64);

/// Balances that are not the first of their person: the first hundred of the files, and how many more.
#[derive(Default)]
struct Twice {
    /// Where one stands, where the first of its person does, and who it is.
    found: Vec<(Place, Place, Box<[u8]>)>,
    more: usize,
}

impl Twice {
    /// Rows between two looks at whether to go on.
    const AT_A_TIME: usize = 1 << 16;

    fn of(mut rows: InOrder<Balance>, options: &ReadOptions) -> Result<Self, RunError> {
        let mut twice = Self::default();
        // Nobody has an empty number.
        let (mut person, mut first, mut passed) = (Vec::new(), (0, 0), 0_usize);
        while let Some(at @ (columns, row)) = rows.head()? {
            let (told, name) = (balance(at), columns.text(row));
            let here = (told.file, told.line);
            if *name == *person {
                twice.found.push((here, first, name.into()));
                if twice.found.len() > 2 * IngestError::MAX_DIAGNOSTICS {
                    twice.cut();
                }
            } else {
                person.clear();
                person.extend_from_slice(name);
                first = here;
            }
            rows.pass();
            passed += 1;
            if passed.is_multiple_of(Self::AT_A_TIME) {
                options.cancel.map_or(Ok(()), check)?;
            }
        }
        twice.cut();
        Ok(twice)
    }

    fn cut(&mut self) {
        self.found.sort_unstable();
        self.more += self.found.len().saturating_sub(IngestError::MAX_DIAGNOSTICS);
        self.found.truncate(IngestError::MAX_DIAGNOSTICS);
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::diagnostic::Lang;
    use crate::ingest;
    use crate::shuffle::group::Rows;

    const LIMITS: [Option<u64>; 4] = [None, Some(1), Some(3_000), Some(1 << 30)];

    /// What becomes of tables at a limit of what is sorted in memory.
    fn read(folder: &Path, tables: &[&str], limit: Option<u64>) -> Result<Balances, RunError> {
        let write = |(number, text): (usize, &&str)| {
            let path = folder.join(format!("b{number}.csv"));
            fs::write(&path, text).expect("a table");
            path
        };
        let paths: Vec<_> = tables.iter().enumerate().map(write).collect();
        let files = ingest::expand(&paths).expect("tables");
        let disk = Arc::new(Disk::new(folder));
        let disk = limit.map(|_| &disk);
        Balances::read(&files, &ReadOptions::default(), disk, limit.unwrap_or(0)).map(|(balances, _)| balances)
    }

    /// What is said of wrong tables, which is the same at any limit: file, line and code.
    fn wrong(tables: &[&str]) -> (Vec<(String, u64, &'static str)>, usize, String) {
        let said = LIMITS.map(|limit| {
            let folder = tempfile::tempdir().expect("a folder");
            let Err(RunError::Ingest(IngestError::Rejected { diagnostics, more })) = read(folder.path(), tables, limit)
            else {
                panic!("wrong tables");
            };
            let shown = folder.path().display().to_string();
            let text: String = diagnostics.iter().map(|one| one.render(Lang::En)).collect();
            let place = |at: &crate::diagnostic::Location| (at.file.replace(&format!("{shown}/"), ""), at.line);
            let places = diagnostics.iter().map(|one| {
                let (file, line) = place(&one.at);
                (file, line, one.code)
            });
            (places.collect::<Vec<_>>(), more, text.replace(&format!("{shown}/"), ""))
        });
        assert!(said.iter().all(|one| *one == said[0]), "{said:?}");
        let [said, ..] = said;
        said
    }

    #[test]
    fn a_second_balance_names_the_first_at_any_limit() {
        let one = "psn_no,balc\nP2,1\nP1,2\nP2,3\n";
        let two = "psn_no,balc\nP3,1\nP2,1\n\nP1,2\n";
        let (places, more, text) = wrong(&[one, two]);
        let expected = [("b0.csv", 4), ("b1.csv", 3), ("b1.csv", 5)]
            .map(|(file, line)| (file.to_owned(), line, "I-BALANCE-TWICE"));
        assert_eq!((&*places, more), (&expected[..], 0));
        assert_eq!(text.matches("the first is at b0.csv:2").count(), 2, "{text}");
        assert!(text.contains("`P1`; the first is at b0.csv:3"), "{text}");
    }

    #[test]
    fn rows_that_are_wrong_in_another_way_are_said_along_with_them() {
        let (places, ..) = wrong(&["psn_no,balc\nP9,1\nP1,\nP9,1\nP2,much\n,1\n"]);
        let expected = [(3, "I-MISSING"), (4, "I-BALANCE-TWICE"), (5, "I-VALUE"), (6, "I-MISSING")];
        assert_eq!(places, expected.map(|(line, code)| ("b0.csv".to_owned(), line, code)));
    }

    #[test]
    fn of_many_the_first_hundred_and_a_count() {
        let mut text = "psn_no,balc\n".to_owned();
        (0..700).for_each(|row| writeln!(text, "P{:03},1.00", row * 333 % 400).expect("memory"));
        let (places, more, _) = wrong(&[&text]);
        let expected = (402..502).map(|line| ("b0.csv".to_owned(), line, "I-BALANCE-TWICE"));
        assert_eq!((places, more), (expected.collect(), 200));
    }

    #[test]
    fn ranges_get_theirs_and_the_others_come_in_order() {
        let mut text = "psn_no,balc\n".to_owned();
        (0..1_000)
            .for_each(|row| writeln!(text, "P{:03},{}.00", row * 333 % 1_000, row * 333 % 1_000).expect("memory"));
        // Every seventh person has rows; ranges end at P300 and P600, and P294 goes over into the second.
        let number = |person: u32| format!("P{person:03}").into_bytes();
        let ranges = [(0, 300, Some("P300")), (294, 600, Some("P600")), (600, 1_000, None)];
        for limit in LIMITS {
            let folder = tempfile::tempdir().expect("a folder");
            let mut table = read(folder.path(), &[&text], limit).expect("a table");
            let mut others = Vec::new();
            for (from, to, end) in ranges {
                let persons: Vec<u32> = (from..to).filter(|person| person % 7 == 0).collect();
                let names: Vec<Vec<u8>> = persons.iter().map(|&person| number(person)).collect();
                let rows = Rows::of_persons(&names);
                let grouped = Persons::group(&rows);
                let mut keep = |at: At<'_>| {
                    others.push(at.0.text(at.1).to_vec());
                    Ok(())
                };
                let told =
                    table.of_range(end.map(str::as_bytes), (&grouped, &rows.arenas), &mut keep).expect("as it was");
                assert!(told.given.iter().all(|&given| given), "{limit:?}");
                assert!(told.balances.iter().map(|balance| balance.0).eq(persons.iter().map(|&p| i64::from(p) * 100)));
                if from == 0 {
                    table.carry(b"P294", Fen(29_400));
                }
            }
            assert!(others.into_iter().eq((0..1_000).filter(|person| person % 7 != 0).map(number)), "{limit:?}");
        }
    }
}
