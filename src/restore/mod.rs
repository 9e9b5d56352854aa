//! Plans, applies and reports restores; recovery offers.
