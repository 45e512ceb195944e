//! Everything about one person meets in one place: rows of all batches grouped by `psn_no`, persons in the
//! byte order of their numbers, each person's rows in the total order (`setl_time`, `setl_id`).

pub mod group;
