//! What an event of the journal looks like.

use jiff::Zoned;
use serde_json::{Map, Value};

use super::when;
use crate::cli::output::{Output, Role};
use crate::journal::Entry;
use crate::model::SnapshotId;
use crate::model::ansi::label;

/// What every line has, and what is shown before the other fields or not at all.
const COMMON: &[&str] = &["v", "seq", "time", "pid", "by", "event", "prev", "hash"];
/// What comes first of the others.
const FIRST: &[&str] = &["snapshot", "snapshots", "life", "sessions"];
/// How much of a list is shown.
const SHOWN: usize = 6;

/// An event as one JSON object.
pub(in crate::cli) fn json(entry: &Entry) -> Value {
    serde_json::json!({ "schema": "muxtape.event/1", "data": entry.fields })
}

/// An event as one line; what it says can do nothing to a terminal.
pub(in crate::cli) fn line(entry: &Entry, now: &Zoned, out: &Output) -> String {
    let at = out.paint(Role::Faint, &when(entry.time, now));
    let kind = out.paint(
        Role::Strong,
        &format!("{:<18}", label(entry.kind.as_bytes())),
    );
    let said = fields(&entry.fields);
    format!("{at}  {kind}  {said}").trim_end().to_owned()
}

fn fields(fields: &Map<String, Value>) -> String {
    let first = FIRST.iter().filter_map(|name| fields.get_key_value(*name));
    let others = fields.iter().filter(|(name, _)| {
        let name = name.as_str();
        !COMMON.contains(&name) && !FIRST.contains(&name)
    });
    let words = first
        .chain(others)
        .map(|(name, value)| format!("{}={}", label(name.as_bytes()), shown(value)));
    words.collect::<Vec<_>>().join(" ")
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => string(text),
        Value::Array(values) => {
            let mut words: Vec<String> = values.iter().take(SHOWN).map(shown).collect();
            if let Some(more) = values.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                words.push(format!("and {more} more"));
            }
            format!("[{}]", words.join(", "))
        }
        Value::Object(map) => object(map),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

fn object(map: &Map<String, Value>) -> String {
    let get = |name| map.get(name).map(shown);
    if let (Some(rule), Some(count), 2) = (get("rule"), get("count"), map.len()) {
        return format!("{rule}×{count}");
    }
    if let (Some(from), Some(to), 2) = (get("from"), get("to"), map.len()) {
        return if from == to {
            from
        } else {
            format!("{from}→{to}")
        };
    }
    format!("{{{}}}", fields(map))
}

/// A text: ids as short as elsewhere, others in quotes where they would not be one word.
fn string(text: &str) -> String {
    if let Ok(id) = text.parse::<SnapshotId>() {
        return id.short();
    }
    let shown = label(text.as_bytes());
    if shown.is_empty() || shown.contains([' ', '"', ',']) {
        format!("\"{}\"", shown.replace('"', "\\\""))
    } else {
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_words_that_do_nothing_to_a_terminal() {
        let value = serde_json::json!({
            "v": 1, "seq": 2, "hash": "x",
            "snapshot": "1hcqmr80000000000007",
            "sessions": ["a b", "c\u{1b}[31m\n\u{202e}"],
            "redactions": [{ "rule": "key", "count": 2 }],
            "change": { "field": "name", "to": null },
            "made": [{ "from": "a", "to": "b" }, { "from": "a", "to": "a" }],
            "many": [1, 2, 3, 4, 5, 6, 7, 8],
        });
        let Value::Object(map) = value else {
            panic!("no object")
        };
        assert_eq!(
            fields(&map),
            "snapshot=1hcqmr80 sessions=[\"a b\", c␛[31m␊\u{fffd}] change={field=name to=–} \
             made=[a→b, a] many=[1, 2, 3, 4, 5, 6, and 2 more] redactions=[key×2]"
        );
    }
}
