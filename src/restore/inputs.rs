//! Which files of a directory act on a program that is started there.
//!
//! Hooks of shells, such as those of direnv and mise, read files of the directory at every prompt
//! and may change `PATH`, and so which program a name stands for. Programs read session files and
//! local settings. Nobody can list all of these names, so it is the other way round: a name that
//! begins with a point counts, unless the rules know it to be harmless.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use bstr::{BStr, BString, ByteSlice};

use super::judge::parents;
use super::programs::Rules;

/// The most names of a directory that are read.
const MAX_NAMES: usize = 20_000;

/// What acts on programs that are started in a directory: there, or in one above it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// The paths of files and directories that count, for any program.
    pub files: Vec<BString>,
    /// A directory whose names could not all be read.
    pub unlisted: Option<BString>,
}

/// Looks at directories, at each once.
#[derive(Debug)]
pub(super) struct InputFinder<'a> {
    rules: &'a Rules,
    homes: [Option<BString>; 2],
    /// The paths that count in a directory; `None` where its names could not all be read.
    seen: BTreeMap<BString, Option<Vec<BString>>>,
}

impl<'a> InputFinder<'a> {
    /// What begins with a point in the home directory is the user's own.
    pub(super) fn new(home: &[u8], rules: &'a Rules) -> Self {
        Self {
            rules,
            homes: [Some(home.into()), real(home)],
            seen: BTreeMap::new(),
        }
    }

    /// What there is in a directory and those above it, by the path as it is written and by where
    /// it leads.
    pub(super) fn inputs(&mut self, dir: &[u8]) -> Inputs {
        let mut dirs: BTreeSet<BString> = BTreeSet::new();
        for dir in std::iter::once(dir.into()).chain(real(dir)) {
            dirs.extend(parents(&dir).map(BString::from));
            dirs.insert(dir);
        }
        let mut all = Inputs::default();
        for dir in dirs {
            match self.look(&dir) {
                Some(paths) => all.files.extend_from_slice(paths),
                None => all.unlisted = Some(dir),
            }
        }
        all
    }

    fn look(&mut self, dir: &BString) -> Option<&[BString]> {
        let own = self.homes.iter().flatten().any(|home| home == dir);
        let rules = self.rules;
        let counts = |name: &BStr| !(own && name.starts_with(b".")) && rules.may_act(name);
        let path = |name: BString| BString::from([trimmed(dir), b"/", &name].concat());
        let paths = || Some(names(dir, counts)?.into_iter().map(path).collect());
        let paths = self.seen.entry(dir.clone()).or_insert_with(paths);
        paths.as_deref()
    }
}

/// Where a path leads; `None` where nothing is there.
fn real(path: &[u8]) -> Option<BString> {
    let real = path.to_path().ok()?.canonicalize().ok()?;
    Some(real.as_os_str().as_bytes().into())
}

/// The names in a directory that count; `None` where they cannot all be read. One that is not there
/// has none. One that only the system's administrator can write to has none that anybody planted.
fn names(dir: &[u8], counts: impl Fn(&BStr) -> bool) -> Option<Vec<BString>> {
    let path = dir.to_path().ok()?;
    if is_administrators(path) {
        return Some(Vec::new());
    }
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(Vec::new()),
        Err(_) => return None,
    };
    let mut found = Vec::new();
    for (at, entry) in entries.enumerate() {
        let name = entry.ok().filter(|_| at < MAX_NAMES)?.file_name();
        let name = BStr::new(name.as_bytes());
        if counts(name) {
            found.push(name.to_owned());
        }
    }
    found.sort();
    Some(found)
}

fn is_administrators(dir: &Path) -> bool {
    let root = |data: fs::Metadata| data.uid() == 0 && data.mode() & 0o022 == 0;
    !rustix::process::geteuid().is_root() && dir.metadata().is_ok_and(root)
}

/// A path without the slash at its end.
fn trimmed(dir: &[u8]) -> &[u8] {
    dir.strip_suffix(b"/").unwrap_or(dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that count in a directory that has these, which is below a home directory or not.
    fn found(names: &[&str], in_home: bool) -> Vec<String> {
        let place = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let project = place.path().join("home/project");
        fs::create_dir_all(&project).unwrap();
        let dir = if in_home {
            place.path().join("home")
        } else {
            project.clone()
        };
        for name in names {
            match name.strip_suffix('/') {
                Some(name) => fs::create_dir(dir.join(name)).unwrap(),
                None => fs::write(dir.join(name), "").unwrap(),
            }
        }
        let home = place.path().join("home");
        let bytes = |path: &Path| path.as_os_str().as_bytes().to_owned();
        let rules = Rules::built_in();
        let inputs = InputFinder::new(&bytes(&home), &rules).inputs(&bytes(&project));
        assert_eq!(inputs.unlisted, None);
        let here = |path: &BString| {
            let path = path.to_path().unwrap();
            let name = path.file_name().unwrap().to_str().unwrap();
            path.starts_with(&dir).then(|| name.to_owned())
        };
        inputs.files.iter().filter_map(here).collect()
    }

    #[test]
    fn what_hooks_read_counts_under_any_name_that_begins_with_a_point() {
        for name in [
            ".envrc",
            ".tool-versions",
            ".mise.toml",
            ".mise.local.toml",
            ".config/",
            ".mise/",
            ".rtx.toml",
            ".node-version",
            ".python-version",
            ".ruby-version",
            ".venv/",
            ".venv",
            ".devbox/",
            ".hermit/",
            ".autoenv.zsh",
            ".in",
            ".something-of-next-year",
            ".\u{a0}",
            ".gitignore.envrc",
            ".GIT-ENV",
            "mise.toml",
            "mise.local.toml",
            "mise.production.local.toml",
            "MISE.toml",
            "mise/",
            "venv/",
            "Session.vim",
            "environment.yml",
            "Pipfile",
            "devbox.json",
        ] {
            let plain = name.trim_end_matches('/');
            assert_eq!(found(&[name], false), [plain], "{name}");
        }
    }

    #[test]
    fn what_ordinary_checkouts_hold_does_not_count() {
        let ordinary = [
            ".git/",
            ".gitignore",
            ".gitattributes",
            ".gitmodules",
            ".github/",
            ".gitlab-ci.yml",
            ".vscode/",
            ".idea/",
            ".editorconfig",
            ".cache/",
            ".DS_Store",
            ".dockerignore",
            ".clang-format",
            ".prettierrc.json",
            ".eslintrc.cjs",
            ".pre-commit-config.yaml",
            ".travis.yml",
            ".rustfmt.toml",
            ".pytest_cache/",
            ".notes.txt.swp",
            ".#notes.txt",
            ".tmpAbC123/",
            "Cargo.toml",
            "package.json",
            "go.mod",
            "Makefile",
            "mise.md",
            "commise.toml",
            "src/",
        ];
        assert_eq!(found(&ordinary, false), [""; 0]);
    }

    #[test]
    fn in_the_home_directory_names_with_a_point_are_the_users_own() {
        let there = [".envrc", ".tool-versions", ".config/", "mise.toml"];
        assert_eq!(found(&there, true), ["mise.toml"]);
    }

    #[test]
    fn a_link_is_looked_at_on_both_ways() {
        let place = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("real/deep")).unwrap();
        fs::create_dir_all(root.join("links")).unwrap();
        std::os::unix::fs::symlink(root.join("real/deep"), root.join("links/deep")).unwrap();
        fs::write(root.join("real/.envrc"), "").unwrap();
        fs::write(root.join("links/.tool-versions"), "").unwrap();
        let dir = root.join("links/deep");
        let rules = Rules::built_in();
        let inputs = InputFinder::new(b"/nowhere", &rules).inputs(dir.as_os_str().as_bytes());
        let has = |path: &str| {
            let path = root.join(path);
            let path = BString::from(path.as_os_str().as_bytes());
            inputs.files.contains(&path)
        };
        assert!(
            has("real/.envrc") && has("links/.tool-versions"),
            "{inputs:?}"
        );
    }

    #[test]
    fn what_cannot_be_listed_is_told() {
        let place = tempfile::Builder::new().prefix("mt").tempdir().unwrap();
        let dir = place.path().join("file");
        fs::write(&dir, "").unwrap();
        let bytes = BString::from(dir.as_os_str().as_bytes());
        let rules = Rules::built_in();
        let inputs = InputFinder::new(b"/nowhere", &rules).inputs(&bytes);
        assert_eq!(inputs.unlisted, Some(bytes));
        // One with too many names.
        let many = place.path().join("many");
        fs::create_dir(&many).unwrap();
        for at in 0..=MAX_NAMES {
            fs::File::create(many.join(at.to_string())).unwrap();
        }
        assert_eq!(names(many.as_os_str().as_bytes(), |_| false), None);
    }
}
