//! `tongchou rules`
