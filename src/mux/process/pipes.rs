//! The order of a pipeline.

use std::collections::HashMap;

use super::source::Ends;

/// Processes in the order of the pipes that join them, then those that no pipe joins, by number.
pub(super) fn in_order(ends: &HashMap<i32, Ends>) -> Vec<i32> {
    let mut rest: Vec<i32> = ends.keys().copied().collect();
    rest.sort_unstable();
    let input = |pid: &i32| ends.get(pid).and_then(|ends| ends.input.as_ref());
    let output = |pid: &i32| ends.get(pid).and_then(|ends| ends.output.as_ref());
    let mut ordered = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        // A start: nobody who is left writes into it. In a circle everyone is as good.
        let start = rest
            .iter()
            .position(|pid| {
                input(pid).is_none_or(|pipe| !rest.iter().any(|other| output(other) == Some(pipe)))
            })
            .unwrap_or(0);
        let mut next = Some(start);
        while let Some(at) = next {
            let pid = rest.remove(at);
            ordered.push(pid);
            next = output(&pid)
                .and_then(|pipe| rest.iter().position(|other| input(other) == Some(pipe)));
        }
    }
    ordered
}

/// How many pipes lead from or to somebody who is not among these.
pub(super) fn loose(ends: &HashMap<i32, Ends>) -> usize {
    let inputs = || ends.values().filter_map(|ends| ends.input.as_ref());
    let outputs = || ends.values().filter_map(|ends| ends.output.as_ref());
    let unfed = inputs().filter(|pipe| !outputs().any(|other| other == *pipe));
    let unread = outputs().filter(|pipe| !inputs().any(|other| other == *pipe));
    unfed.count() + unread.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_decide_and_not_numbers() {
        let ends = |input: &str, output: &str| Ends {
            input: (!input.is_empty()).then(|| input.into()),
            output: (!output.is_empty()).then(|| output.into()),
        };
        let world = |ends: &[(i32, Ends)]| ends.iter().cloned().collect::<HashMap<_, _>>();
        let straight = [(1, ends("b", "")), (2, ends("a", "b")), (3, ends("", "a"))];
        assert_eq!(in_order(&world(&straight)), [3, 2, 1]);
        assert_eq!(loose(&world(&straight)), 0);
        let circle = [(1, ends("b", "a")), (2, ends("a", "b"))];
        assert_eq!(in_order(&world(&circle)), [1, 2]);
        // Into itself, and into a pipe that nobody here reads.
        let own = [(1, ends("a", "a")), (2, ends("b", "b"))];
        assert_eq!(in_order(&world(&own)), [1, 2]);
        let away = [(1, ends("", "x")), (2, ends("y", ""))];
        assert_eq!(in_order(&world(&away)), [1, 2]);
        assert_eq!(loose(&world(&away)), 2);
        assert!(in_order(&world(&[])).is_empty());
    }
}
