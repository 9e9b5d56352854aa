//! Counts beside nouns and verbs, in the number that agrees with them.

/// `1 pane`, `2 panes`, `3 entries`.
#[must_use]
pub fn count(number: u64, one: &str) -> String {
    format!("{number} {}", noun(number, one))
}

/// The noun alone, for numbers that are shown in another way.
#[must_use]
pub fn noun(number: u64, one: &str) -> String {
    if number == 1 {
        return one.to_owned();
    }
    let ends = |ends: &[&str]| ends.iter().any(|end| one.ends_with(end));
    if one.ends_with("life") {
        return one.replace("life", "lives");
    }
    match one.strip_suffix('y') {
        Some(stem) if !ends(&["ay", "ey", "oy"]) => format!("{stem}ies"),
        _ if ends(&["s", "x", "ch", "sh"]) => format!("{one}es"),
        _ => format!("{one}s"),
    }
}

/// What a verb is where so many do something: `is` or `are`, `was` or `were`, `has` or `have`.
#[must_use]
pub fn verb(number: u64, one: &'static str, many: &'static str) -> &'static str {
    if number == 1 { one } else { many }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_and_verbs_agree_with_their_numbers() {
        for (one, many) in [
            ("pane", "panes"),
            ("entry", "entries"),
            ("day", "days"),
            ("match", "matches"),
            ("process", "processes"),
            ("life", "lives"),
            ("unchanged snapshot", "unchanged snapshots"),
        ] {
            assert_eq!(count(1, one), format!("1 {one}"));
            assert_eq!(count(0, one), format!("0 {many}"));
            assert_eq!(count(2, one), format!("2 {many}"));
        }
        assert_eq!([verb(1, "is", "are"), verb(0, "is", "are")], ["is", "are"]);
    }
}
