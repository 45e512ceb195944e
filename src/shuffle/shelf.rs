//! Rows of text and numbers set down in a file, block by block, and taken up again.
//!
//! A file has no name: the system removes it when the program ends, however it ends.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use thiserror::Error;

use crate::columnar::packing;
use crate::diagnostic::{Failure, Text};

/// Rows that do not fit the memory could not be set down, or not taken up again.
#[derive(Debug, Error)]
#[error("{}", self.text().en)]
pub struct ShelfError {
    /// Where they were to go.
    folder: PathBuf,
    /// Why not.
    #[source]
    error: io::Error,
}

impl Failure for ShelfError {
    fn text(&self) -> Text {
        let folder = self.folder.display();
        Text::new(
            format!("rows that do not fit --memory cannot be kept on the disk in {folder}"),
            format!("超出 --memory 的记录无法暂存到磁盘 {folder}"),
        )
    }
}

/// The folder of such files, and how much was written into it.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    written: AtomicU64,
}

impl Disk {
    /// A folder that is there.
    #[must_use]
    pub fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), written: AtomicU64::new(0) }
    }

    /// Bytes written so far.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    fn failed(&self, error: io::Error) -> ShelfError {
        ShelfError { folder: self.folder.clone(), error }
    }
}

/// How many columns a kind of rows has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// Columns of 32 bits.
    pub small: usize,
    /// Columns of 64 bits.
    pub wide: usize,
}

/// Rows, column by column: a text, and numbers of two widths.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    ends: Vec<u32>,
    text: Vec<u8>,
    small: Vec<Vec<u32>>,
    wide: Vec<Vec<i64>>,
}

/// Columns made small, on their way to a file.
#[derive(Debug)]
pub struct Packed {
    bytes: Vec<u8>,
    rows: u32,
    /// Bytes when unpacked.
    size: usize,
}

/// zstd's levels below 1 lose little on such columns, and packing must not cost more than the disk.
const LEVEL: i32 = -3;

impl Columns {
    /// No rows.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { small: vec![Vec::new(); shape.small], wide: vec![Vec::new(); shape.wide], ..Self::default() }
    }

    /// One more row; `text` in pieces.
    ///
    /// # Panics
    /// If the rows of one block have more than 4 GiB of text.
    #[inline]
    pub fn push(&mut self, text: &[&[u8]], small: &[u32], wide: &[i64]) {
        text.iter().for_each(|piece| self.text.extend_from_slice(piece));
        self.ends.push(u32::try_from(self.text.len()).expect("a block of less than 4 GiB"));
        self.small.iter_mut().zip(small).for_each(|(column, &value)| column.push(value));
        self.wide.iter_mut().zip(wide).for_each(|(column, &value)| column.push(value));
    }

    /// One more row, as it stands in others of the same shape.
    ///
    /// # Panics
    /// As [`Columns::push`].
    #[inline]
    pub fn push_row(&mut self, of: &Self, row: usize) {
        self.text.extend_from_slice(of.text(row));
        self.ends.push(u32::try_from(self.text.len()).expect("a block of less than 4 GiB"));
        self.small.iter_mut().zip(&of.small).for_each(|(column, of)| column.push(of[row]));
        self.wide.iter_mut().zip(&of.wide).for_each(|(column, of)| column.push(of[row]));
    }

    /// No rows again; their room is kept for others.
    pub fn clear(&mut self) {
        self.ends.clear();
        self.text.clear();
        self.small.iter_mut().for_each(Vec::clear);
        self.wide.iter_mut().for_each(Vec::clear);
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes in memory.
    #[must_use]
    pub fn size(&self) -> usize {
        self.text.len() + self.len() * (4 + 4 * self.small.len() + 8 * self.wide.len())
    }

    /// Bytes of the text of all rows.
    #[must_use]
    pub fn text_len(&self) -> usize {
        self.text.len()
    }

    /// A row's text.
    #[inline]
    #[must_use]
    pub fn text(&self, row: usize) -> &[u8] {
        &self.text[self.start(row)..self.ends[row] as usize]
    }

    /// Where a row's text begins in [`Columns::into_text`].
    #[inline]
    #[must_use]
    pub fn start(&self, row: usize) -> usize {
        if row == 0 { 0 } else { self.ends[row - 1] as usize }
    }

    /// The text of all rows.
    #[must_use]
    pub fn into_text(self) -> Vec<u8> {
        self.text
    }

    /// A column of 32 bits.
    #[inline]
    #[must_use]
    pub fn small(&self, column: usize) -> &[u32] {
        &self.small[column]
    }

    /// A column of 64 bits.
    #[inline]
    #[must_use]
    pub fn wide(&self, column: usize) -> &[i64] {
        &self.wide[column]
    }

    /// Made small.
    ///
    /// # Panics
    /// If memory cannot be had.
    #[must_use]
    pub fn pack(&self) -> Packed {
        let mut bytes = Vec::with_capacity(self.size());
        for column in std::iter::once(&self.ends).chain(&self.small) {
            column.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        for column in &self.wide {
            column.iter().for_each(|value| bytes.extend_from_slice(&value.to_le_bytes()));
        }
        bytes.extend_from_slice(&self.text);
        let packed = packing::pack(&bytes, LEVEL).expect("compressing in memory does not fail");
        Packed { bytes: packed, rows: self.len() as u32, size: bytes.len() }
    }

    fn unpack(packed: &Packed, shape: Shape) -> io::Result<Self> {
        let bytes = packing::unpack(&packed.bytes, packed.size)?;
        let rows = packed.rows as usize;
        let mut rest = &bytes[..];
        let mut cut = |length: usize| {
            let (head, tail) = rest.split_at_checked(length).ok_or(io::ErrorKind::UnexpectedEof)?;
            rest = tail;
            Ok::<&[u8], io::Error>(head)
        };
        let ends = small(cut(4 * rows)?);
        let small = (0..shape.small).map(|_| Ok(small(cut(4 * rows)?))).collect::<io::Result<_>>()?;
        let wide = (0..shape.wide).map(|_| Ok(wide(cut(8 * rows)?))).collect::<io::Result<_>>()?;
        Ok(Self { ends, small, wide, text: rest.to_vec() })
    }
}

fn small(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|four| u32::from_le_bytes(four.try_into().expect("four bytes"))).collect()
}

fn wide(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|eight| i64::from_le_bytes(eight.try_into().expect("eight bytes"))).collect()
}

/// Where a block stands in its file.
#[derive(Clone, Copy, Debug)]
struct Extent {
    offset: u64,
    length: usize,
    rows: u32,
    size: usize,
}

/// Blocks of rows of one shape in a file of their own, in the order in which they came.
#[derive(Debug)]
pub struct Shelf {
    shape: Shape,
    file: Option<File>,
    extents: Vec<Extent>,
    end: u64,
}

impl Shelf {
    /// An empty one; the file comes with the first block.
    #[must_use]
    pub fn new(shape: Shape) -> Self {
        Self { shape, file: None, extents: Vec::new(), end: 0 }
    }

    /// One more block.
    ///
    /// # Errors
    /// The disk does not take it.
    pub fn put(&mut self, disk: &Disk, block: &Packed) -> Result<(), ShelfError> {
        if block.rows == 0 {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            empty => {
                let file = tempfile::tempfile_in(&disk.folder).map_err(|error| disk.failed(error))?;
                empty.insert(file)
            }
        };
        file.write_all(&block.bytes).map_err(|error| disk.failed(error))?;
        let length = block.bytes.len();
        self.extents.push(Extent { offset: self.end, length, rows: block.rows, size: block.size });
        self.end += length as u64;
        disk.written.fetch_add(length as u64, Ordering::Relaxed);
        Ok(())
    }

    /// How many blocks there are.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.extents.len()
    }

    /// Bytes of a block when it is taken up.
    #[must_use]
    pub fn size(&self, block: usize) -> usize {
        self.extents[block].size
    }

    /// A block again.
    ///
    /// # Errors
    /// The disk does not give it back as it was.
    ///
    /// # Panics
    /// If there is no such block.
    pub fn block(&self, disk: &Disk, block: usize) -> Result<Columns, ShelfError> {
        let Extent { offset, length, rows, size } = self.extents[block];
        let mut bytes = vec![0; length];
        let file = self.file.as_ref().expect("a file, as there is a block");
        file.read_exact_at(&mut bytes, offset).map_err(|error| disk.failed(error))?;
        Columns::unpack(&Packed { bytes, rows, size }, self.shape).map_err(|error| disk.failed(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_back_as_they_went() {
        let folder = tempfile::tempdir().expect("a folder");
        let disk = Disk::new(folder.path());
        let shape = Shape { small: 2, wide: 1 };
        let mut shelf = Shelf::new(shape);
        let mut blocks = Vec::new();
        for block in 0..3_u32 {
            let mut columns = Columns::new(shape);
            for row in 0..=block * 100 {
                let text = vec![b'x'; row as usize % 7];
                columns.push(&[&text, b"|", &row.to_le_bytes()], &[row, u32::MAX - row], &[-i64::from(row)]);
            }
            shelf.put(&disk, &columns.pack()).expect("room");
            blocks.push(columns);
        }
        shelf.put(&disk, &Columns::new(shape).pack()).expect("room");
        assert_eq!(shelf.blocks(), 3, "a block without rows is none");
        for (index, block) in blocks.iter().enumerate().rev() {
            assert_eq!(&shelf.block(&disk, index).expect("the block"), block);
            assert_eq!(shelf.size(index), block.size());
        }
        assert!(disk.written() > 0);
        let names = std::fs::read_dir(folder.path()).expect("the folder").count();
        assert_eq!(names, 0, "a file without a name needs nobody to remove it");
    }

    #[test]
    fn a_place_that_is_not_there_is_said() {
        let disk = Disk::new(Path::new("/nowhere/at/all"));
        let mut columns = Columns::new(Shape { small: 0, wide: 0 });
        columns.push(&[b"x"], &[], &[]);
        let error = Shelf::new(Shape { small: 0, wide: 0 }).put(&disk, &columns.pack()).expect_err("no such folder");
        assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
    }
}
