//! Portcullis as a library: what the binary `portcullis` is made of.
//!
//! `operation` holds the one path that every operation takes; everything else is what it needs or how it is shown.

pub mod api;
pub mod audit;
pub mod ceiling;
pub mod check;
mod collector;
pub mod commands;
pub mod config;
pub mod connector;
pub mod doctor;
pub mod observe;
pub mod operation;
pub mod panics;
pub mod recording;
mod regular;
pub mod replay;
pub mod service;
pub mod show;
pub mod standing;
