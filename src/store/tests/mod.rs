//! The store as its users see it, on real files.

mod care;
mod damage;
mod finding;
mod format;
mod limits;
mod lists;
mod places;
mod roundtrip;
mod searching;
mod sharing;
