//! What the lint says of a pack, for its tests.

use crate::model::date::Date;
use crate::rules::testing::render;
pub(super) use crate::rules::testing::{TextPack, pack};

/// Codes found in a pack.
pub(super) fn codes(pack: &TextPack) -> Vec<&'static str> {
    let (pack, book) = pack.compiled();
    super::lint(&pack, &book, None).iter().map(|diagnostic| diagnostic.code).collect()
}

/// What one check says of a pack, in both languages.
pub(super) fn texts(pack: &TextPack, code: &str) -> String {
    texts_as_of(pack, code, None)
}

/// What one check says of a pack on a day.
pub(super) fn texts_as_of(pack: &TextPack, code: &str, as_of: Option<&str>) -> String {
    let (pack, book) = pack.compiled();
    let as_of = as_of.map(|day| Date::parse(day.as_bytes()).expect("a day"));
    let mut found = super::lint(&pack, &book, as_of);
    found.retain(|diagnostic| diagnostic.code == code);
    render(&found)
}

#[test]
fn the_clean_pack_is_clean() {
    assert_eq!(codes(&pack()), [""; 0]);
}
