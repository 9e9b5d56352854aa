//! The order of a pipeline.

use std::collections::HashMap;

use super::source::Ends;

/// Processes in the order of the pipes that join them, then those that no pipe joins, by number.
pub(super) fn in_order(pids: &[i32], ends: &dyn Fn(i32) -> Ends) -> Vec<i32> {
    let mut rest = pids.to_vec();
    rest.sort_unstable();
    if rest.len() < 2 {
        return rest;
    }
    let ends: HashMap<i32, Ends> = rest.iter().map(|&pid| (pid, ends(pid))).collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_decide_and_not_numbers() {
        let ends = |input: &str, output: &str| Ends {
            input: (!input.is_empty()).then(|| input.into()),
            output: (!output.is_empty()).then(|| output.into()),
        };
        let straight = |pid| match pid {
            1 => ends("b", ""),
            2 => ends("a", "b"),
            _ => ends("", "a"),
        };
        assert_eq!(in_order(&[1, 2, 3], &straight), [3, 2, 1]);
        let circle = |pid| match pid {
            1 => ends("b", "a"),
            _ => ends("a", "b"),
        };
        assert_eq!(in_order(&[2, 1], &circle), [1, 2]);
        // Into itself, and into a pipe that nobody here reads.
        assert_eq!(in_order(&[2, 1], &|_| ends("a", "a")), [1, 2]);
        assert_eq!(in_order(&[2, 1], &|_| ends("", "x")), [1, 2]);
        assert_eq!(in_order(&[7], &|_| ends("", "")), [7]);
        assert!(in_order(&[], &|_| ends("", "")).is_empty());
    }
}
