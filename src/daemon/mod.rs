//! The recorder loop and its single instance.
