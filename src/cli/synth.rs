//! `tongchou synth`
