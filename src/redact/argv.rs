//! Secrets in argument lists: what is known about options, and what the patterns find in each
//! argument.

use bstr::BString;

use super::rules::Rules;
use super::{RedactError, Tally, splice};

/// The arguments without secrets, and whether there were any. The list keeps its shape.
pub(super) fn redacted(rules: &Rules, argv: &[BString], tally: &mut Tally) -> (Vec<BString>, bool) {
    let before = tally.total();
    let kept = match by_table(rules, argv, tally) {
        Ok(kept) => kept
            .iter()
            .map(|arg| splice::redacted(rules, arg, tally))
            .collect(),
        Err(_) => argv.iter().map(|_| splice::dropped(tally)).collect(),
    };
    (kept, tally.total() > before)
}

fn by_table(
    rules: &Rules,
    argv: &[BString],
    tally: &mut Tally,
) -> Result<Vec<BString>, RedactError> {
    let mut kept = argv.to_vec();
    let Some(tables) = &rules.tables else {
        return Ok(kept);
    };
    let words: Vec<&[u8]> = argv.iter().map(|arg| arg.as_slice()).collect();
    let name = rules
        .rules
        .get(tables.rule)
        .map_or("", |rule| rule.name.as_str());
    for (index, range) in tables.find(rules, &words)? {
        if let Some(arg) = kept.get_mut(index) {
            let marker = splice::marker(name);
            let (front, back) = (arg.get(..range.start), arg.get(range.end..));
            *arg = [front.unwrap_or(&[]), marker.as_bytes(), back.unwrap_or(&[])]
                .concat()
                .into();
            tally.add(name);
        }
    }
    Ok(kept)
}
