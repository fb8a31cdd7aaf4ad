//! The connector `active-directory` on a real domain controller (Samba), with the grants of the example file as they
//! are. Every test has an account of its own, and what became of it is looked at without Portcullis.

mod accounts;
mod change;
mod example;
mod lost;
mod proof;
mod reset;
mod reset_states;
mod rights;
mod state;
mod text;
mod unprotected;
