//! Each mistake: its code, and (as a snapshot) what the operator reads.
