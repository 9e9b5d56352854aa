//! The tmux adapter.
