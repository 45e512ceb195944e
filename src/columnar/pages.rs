//! One column of one row group as the bytes of a file: pages, each compressed by itself, and what the footer says.

use parquet::basic::{Compression, Encoding, EncodingMask, PageType, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter as _};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, OffsetIndexBuilder, PageEncodingStats};
use parquet::file::statistics::Statistics;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::packing;

/// The level of every page.
const LEVEL: i32 = 1;

/// How all columns are compressed.
#[must_use]
pub fn compression() -> Compression {
    Compression::ZSTD(ZstdLevel::try_new(LEVEL).expect("level 1 exists"))
}

/// A column of a row group, ready to be appended to its file.
pub struct Paged {
    /// All pages, headers included; a page's buffer is what the writer takes whole.
    pub(super) bytes: Page,
    /// What the footer says of them.
    pub(super) close: ColumnCloseResult,
}

/// Pages of a column whose values are never null.
pub struct Pages {
    descr: ColumnDescPtr,
    sink: TrackedWrite<Vec<u8>>,
    index: OffsetIndexBuilder,
    written: Vec<PageEncodingStats>,
    /// Bytes with headers, before compression.
    uncompressed: usize,
    values: u32,
    /// Where the first page of values begins.
    first: Option<i64>,
    has_dictionary: bool,
}

impl Pages {
    /// No page yet.
    #[must_use]
    pub fn new(descr: &ColumnDescPtr) -> Self {
        Self {
            descr: ColumnDescPtr::clone(descr),
            sink: TrackedWrite::new(Vec::new()),
            index: OffsetIndexBuilder::new(),
            written: Vec::new(),
            uncompressed: 0,
            values: 0,
            first: None,
            has_dictionary: false,
        }
    }

    /// Adds the page of the values that keys stand for, before all others.
    ///
    /// # Errors
    /// It cannot be compressed or is too large for the format.
    pub fn dictionary(&mut self, values: &[u8], count: usize) -> Result<(), ParquetError> {
        let num_values = u32::try_from(count).expect("fewer than 2^32 words");
        let page = |buf: Vec<u8>| Page::DictionaryPage {
            buf: buf.into(),
            num_values,
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        self.has_dictionary = true;
        self.put(values, page).map(drop)
    }

    /// Adds a page of values.
    ///
    /// # Errors
    /// It cannot be compressed or is too large for the format.
    pub fn data(&mut self, bytes: &[u8], count: usize, encoding: Encoding) -> Result<(), ParquetError> {
        let num_values = u32::try_from(count).expect("fewer than 2^32 values");
        let page = |buf: Vec<u8>| Page::DataPage {
            buf: buf.into(),
            num_values,
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        let (offset, size) = self.put(bytes, page)?;
        self.first.get_or_insert(offset);
        self.values += num_values;
        self.index.append_offset_and_size(offset, size);
        self.index.append_row_count(i64::from(num_values));
        Ok(())
    }

    fn put(&mut self, bytes: &[u8], page: impl FnOnce(Vec<u8>) -> Page) -> Result<(i64, i32), ParquetError> {
        let page = CompressedPage::new(page(packing::pack(bytes, LEVEL)?), bytes.len());
        let (page_type, encoding) = (page.page_type(), page.encoding());
        let spec = SerializedPageWriter::new(&mut self.sink).write_page(page)?;
        self.uncompressed += spec.uncompressed_size;
        match self.written.last_mut().filter(|last| last.page_type == page_type && last.encoding == encoding) {
            Some(last) => last.count += 1,
            None => self.written.push(PageEncodingStats { page_type, encoding, count: 1 }),
        }
        let size = i32::try_from(spec.compressed_size).expect("the writer has checked the page's size");
        Ok((spec.offset as i64, size))
    }

    /// The whole column.
    ///
    /// # Errors
    /// The footer cannot be made.
    pub fn finish(self, statistics: Statistics) -> Result<Paged, ParquetError> {
        let bytes = self.sink.into_inner()?;
        let size = bytes.len();
        let encodings: Vec<Encoding> = self.written.iter().map(|page| page.encoding).chain([Encoding::RLE]).collect();
        assert_eq!(
            self.has_dictionary,
            self.written.first().is_some_and(|page| page.page_type == PageType::DICTIONARY_PAGE),
            "a dictionary comes first"
        );
        let metadata = ColumnChunkMetaData::builder(self.descr)
            .set_compression(compression())
            .set_encodings_mask(EncodingMask::new_from_encodings(encodings.iter()))
            .set_page_encoding_stats(self.written)
            .set_total_compressed_size(size as i64)
            .set_total_uncompressed_size(self.uncompressed as i64)
            .set_num_values(i64::from(self.values))
            .set_data_page_offset(self.first.unwrap_or(0))
            .set_dictionary_page_offset(self.has_dictionary.then_some(0))
            .set_statistics(statistics)
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: size as u64,
            rows_written: u64::from(self.values),
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: Some(self.index.build()),
        };
        let bytes =
            Page::DictionaryPage { buf: bytes.into(), num_values: 0, encoding: Encoding::PLAIN, is_sorted: false };
        Ok(Paged { bytes, close })
    }
}
