//! Holds the grammars of the built-in rules against the manuals of their programs.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bstr::{BString, ByteSlice};
use proptest::prelude::*;

use super::Rules;
use super::rules::Class;

const MANUALS: &str = include_str!("manuals.txt");
/// Values that acting options are tried with, of every kind that any grammar knows.
const VALUES: [&str; 8] = ["5", "1,2", "name", "+5", "A=b", "file.log", "touch x", ""];

/// An option of a manual.
#[derive(Debug)]
struct Manual {
    harmless: bool,
    spellings: Vec<&'static str>,
    value: Option<&'static str>,
    needed: bool,
}

impl Manual {
    fn short(&self) -> impl Iterator<Item = &'static str> {
        let short = |name: &&&str| !name.starts_with("--");
        self.spellings
            .iter()
            .filter(short)
            .filter_map(|name| name.strip_prefix('-'))
    }

    fn long(&self) -> impl Iterator<Item = &'static str> {
        self.spellings
            .iter()
            .filter_map(|name| name.strip_prefix("--"))
    }
}

static PARSED: LazyLock<BTreeMap<&'static str, Vec<Manual>>> = LazyLock::new(parsed);

fn manuals() -> &'static BTreeMap<&'static str, Vec<Manual>> {
    &PARSED
}

fn parsed() -> BTreeMap<&'static str, Vec<Manual>> {
    let mut manuals = BTreeMap::new();
    let mut program = "";
    for line in MANUALS.lines() {
        if let Some(name) = line.strip_prefix('[') {
            program = name.split(']').next().unwrap();
            manuals.insert(program, Vec::new());
            continue;
        }
        let line = line.split(" # ").next().unwrap().trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (names, value) = match line.split_once(" : ").or(line.split_once(" :? ")) {
            Some((names, value)) => (names, Some(value.trim())),
            None => (line, None),
        };
        let mut names = names.split_whitespace();
        let harmless = match names.next() {
            Some("harmless") => true,
            Some("acts") => false,
            mark => panic!("{mark:?} in {line}"),
        };
        manuals.get_mut(program).unwrap().push(Manual {
            harmless,
            spellings: names.collect(),
            value,
            needed: !line.contains(" :? "),
        });
    }
    manuals
}

fn argv(program: &str, words: &[String]) -> Vec<BString> {
    let words = words.iter().map(|word| BString::from(word.as_str()));
    std::iter::once(program.into()).chain(words).collect()
}

fn admits(program: &str, words: &[String]) -> bool {
    Rules::built_in().allows(&argv(program, words), &[]).is_ok()
}

#[test]
fn every_rule_that_allows_has_a_grammar_and_a_manual() {
    let rules = Rules::built_in();
    let allowed = rules
        .0
        .programs
        .iter()
        .filter(|rule| rule.class == Class::Allow);
    let mut names = BTreeSet::new();
    for rule in allowed {
        assert!(rule.grammar.is_some(), "{}", rule.id);
        names.extend(rule.names.iter().map(String::as_str));
    }
    assert_eq!(names, manuals().keys().copied().collect());
    // No command line is allowed as it is.
    assert!(rules.0.programs.iter().all(|rule| rule.allow.is_empty()));
}

#[test]
fn grammars_name_what_is_harmless_and_nothing_else() {
    for (program, manual) in manuals() {
        let rules = Rules::built_in();
        let rule = rules.about(program.as_bytes()).next().unwrap();
        let (short, long) = rule.grammar.as_ref().unwrap().options();
        let harmless = || manual.iter().filter(|option| option.harmless);
        let letters: BTreeSet<&str> = harmless().flat_map(Manual::short).collect();
        let names: BTreeSet<&str> = harmless().flat_map(Manual::long).collect();
        let short: Vec<String> = short
            .iter()
            .map(|letter| char::from(*letter).into())
            .collect();
        assert_eq!(
            short.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            letters,
            "{program}"
        );
        assert_eq!(
            long.into_iter().collect::<BTreeSet<_>>(),
            names,
            "{program}"
        );
        for option in harmless() {
            for letter in option.short() {
                match option.value {
                    None => assert!(admits(program, &[format!("-{letter}")])),
                    Some(value) => {
                        assert!(
                            admits(program, &[format!("-{letter}{value}")]),
                            "{option:?}"
                        );
                        let next = [format!("-{letter}"), value.to_owned()];
                        assert!(!option.needed || admits(program, &next), "{option:?}");
                        assert_eq!(admits(program, &next[..1]), !option.needed, "{option:?}");
                    }
                }
            }
            for name in option.long() {
                let alone = admits(program, &[format!("--{name}")]);
                assert_eq!(
                    alone,
                    option.value.is_none() || !option.needed,
                    "{option:?}"
                );
                let value = option.value.unwrap_or("5");
                let joined = admits(program, &[format!("--{name}={value}")]);
                assert_eq!(joined, option.value.is_some(), "{option:?}");
            }
        }
    }
}

/// Every way to write an option: alone, in a cluster, with its value in the same word or behind it,
/// abbreviated.
fn spellings(option: &Manual, flags: &[&str], harmless: &BTreeSet<&str>) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let own: Vec<&str> = option.value.into_iter().collect();
    let values = || own.iter().chain(&VALUES);
    for letter in option.short() {
        let mut heads = vec![format!("-{letter}"), format!("--{letter}")];
        heads.extend(flags.iter().map(|flag| format!("-{flag}{letter}")));
        for head in heads {
            all.push(vec![head.clone()]);
            all.extend(flags.iter().map(|flag| vec![format!("{head}{flag}")]));
            for value in values() {
                all.push(vec![format!("{head}{value}")]);
                all.push(vec![format!("{head}={value}")]);
                all.push(vec![head.clone(), (*value).to_owned()]);
            }
        }
    }
    for name in option.long() {
        let ends = (1..=name.len()).filter_map(|end| name.get(..end));
        for name in ends.filter(|name| !harmless.contains(name)) {
            all.push(vec![format!("--{name}")]);
            all.push(vec![format!("--no-{name}")]);
            for value in values() {
                all.push(vec![format!("--{name}={value}")]);
                all.push(vec![format!("--{name}"), (*value).to_owned()]);
            }
        }
        all.push(vec![format!("--{}", name.to_uppercase())]);
    }
    all.retain(|words| {
        let name = words[0].trim_start_matches('-').split('=').next().unwrap();
        !(words[0].starts_with("--") && harmless.contains(name))
    });
    all
}

#[test]
fn what_acts_is_never_admitted_however_it_is_written() {
    let mut tried = 0;
    for (program, manual) in manuals() {
        let harmless = || manual.iter().filter(|option| option.harmless);
        let names: BTreeSet<&str> = harmless().flat_map(Manual::long).collect();
        let flags: Vec<&str> = harmless()
            .filter(|option| option.value.is_none())
            .flat_map(Manual::short)
            .collect();
        for option in manual.iter().filter(|option| !option.harmless) {
            for words in spellings(option, &flags, &names) {
                assert!(!admits(program, &words), "{program} {words:?}");
                // Nor with a harmless option in front, nor behind an operand.
                let flag = flags.first().map(|flag| format!("-{flag}"));
                let behind: Vec<String> = flag.into_iter().chain(words.clone()).collect();
                assert!(!admits(program, &behind), "{program} {behind:?}");
                let last = [vec!["name".to_owned()], words].concat();
                assert!(!admits(program, &last), "{program} {last:?}");
                tried += 3;
            }
        }
        // An abbreviation of a harmless name may be one of another, in another version.
        for name in &names {
            for end in 1..name.len() {
                let short = name.get(..end).unwrap();
                let words = [format!("--{short}")];
                assert!(
                    names.contains(short) || !admits(program, &words),
                    "{words:?}"
                );
            }
        }
    }
    assert!(tried > 20_000, "{tried}");
}

/// Words as an attacker would write them: payloads for pagers, shells, editors and loaders, and
/// parts of options.
fn any_word() -> impl Strategy<Value = String> {
    let payload = prop_oneof![
        Just("!touch x"),
        Just("+!touch x"),
        Just("+G!touch x\r"),
        Just("+F"),
        Just("+12"),
        Just("++!x"),
        Just("-"),
        Just("--"),
        Just("--="),
        Just("---x"),
        Just("-+S"),
        Just("$(touch x)"),
        Just("|x"),
        Just("a.zip"),
        Just("a.log"),
        Just("scp://h/x"),
        Just("./a"),
        Just("../a.txt"),
        Just("a\nb"),
        Just(""),
        Just("5"),
        Just("5;x"),
        Just("1,2"),
        Just("name"),
        Just("A=b"),
        Just("A=$(x)"),
        Just("3"),
        Just("ls"),
    ];
    prop_oneof![
        payload.prop_map(str::to_owned),
        "-[a-zA-Z0-9~!%_@/#\"?]{1,4}",
        "-[a-zA-Z][0-9]{0,3}",
        "-[a-zA-Z](!|=|\\||/)?[a-z]{0,3}",
        "--[a-z-]{1,14}(=[ -~]{0,4})?",
        any::<prop::sample::Index>().prop_flat_map(|at| {
            let names: Vec<&str> = manuals()
                .values()
                .flatten()
                .flat_map(|option| option.long().collect::<Vec<_>>())
                .collect();
            let name = at.get(&names).to_string();
            (
                1..=name.len(),
                prop::sample::select(vec!["", "=", "=5", "=name", "=!x", "=touch x"]),
            )
                .prop_map(move |(end, value)| {
                    format!("--{}{value}", name.get(..end).unwrap_or_default())
                })
        }),
        "[ -~]{0,6}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, ..ProptestConfig::default() })]
    #[test]
    fn what_is_admitted_holds_only_words_that_are_named(
        program in prop::sample::select(manuals().keys().copied().collect::<Vec<_>>()),
        words in prop::collection::vec(any_word(), 0..5),
    ) {
        let line = argv(program, &words);
        let Ok(files) = Rules::built_in().allows(&line, &[]) else { return Ok(()) };
        let manual = &manuals()[program];
        let harmless = || manual.iter().filter(|option| option.harmless);
        // Each word by itself, without reading the line as the grammar does.
        for word in &words {
            let plain = |c: char| c.is_ascii_alphanumeric() || " _-./+@,:=~".contains(c);
            prop_assert!(!word.is_empty() && word.chars().all(plain), "{word:?}");
            prop_assert!(word != "-" && word != "--");
            if let Some(command) = word.strip_prefix('+') {
                let number = command.bytes().all(|byte| byte.is_ascii_digit());
                let known = program == "less" && ["F", "G"].contains(&command);
                // Or it is how many lines an option in front of it is told.
                let count = ["tail", "journalctl"].contains(&program)
                    && command.bytes().all(|byte| byte.is_ascii_alphanumeric());
                prop_assert!(number || known || count, "{word:?}");
            } else if let Some(long) = word.strip_prefix("--") {
                let name = long.split('=').next().unwrap_or_default();
                prop_assert!(harmless().any(|option| option.long().any(|own| own == name)), "{word:?}");
            } else if let Some(letters) = word.strip_prefix('-') {
                let letters = letters.chars();
                let number = letters.as_str().bytes().all(|byte| byte.is_ascii_digit());
                for letter in letters {
                    let own = harmless().find(|option| option.short().any(|own| own.starts_with(letter)));
                    let Some(own) = own else {
                        prop_assert!(number, "{word:?}");
                        break;
                    };
                    if own.value.is_some() {
                        break;
                    }
                }
            }
        }
        for file in files {
            prop_assert!(!file.starts_with(b"-") && !file.starts_with(b"+") && !file.contains(&b':'));
            prop_assert!(words.iter().any(|word| word.as_bytes() == file.as_bytes()));
        }
    }
}
