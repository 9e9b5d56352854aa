//! Settings: file, environment and flags resolved into values with their source; and where things live.
