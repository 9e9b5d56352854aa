//! The model held against what multiplexers really show.

mod zellij_samples;
