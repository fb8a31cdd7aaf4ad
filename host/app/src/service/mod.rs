//! The service: what runs when Portcullis is left running.

pub mod callers;
