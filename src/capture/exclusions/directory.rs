//! Patterns for directories: part by part, and everything below.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use bstr::{BString, ByteSlice};
use serde::{Deserialize, Serialize};

use crate::model::pattern::{InvalidPattern, Pattern};

/// A directory with everything below it: `~/private`, `/srv/*/keys`, `/**/secrets`. Each part
/// between slashes is a [`Pattern`]; `**` stands for any number of parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct DirectoryPattern {
    text: String,
    /// Whether it starts in the user's home.
    at_home: bool,
    parts: Vec<DirectoryPart>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum DirectoryPart {
    /// Any number of names.
    Any,
    One(Pattern),
}

/// Why a text is no pattern for directories.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDirectory {
    /// It does not say where it starts.
    #[error(
        "{0:?} must start with / or ~/; write \"/**/{0}\" for directories of this name anywhere"
    )]
    Relative(String),
    /// It goes up.
    #[error("{0:?} has .. in it; write where that leads")]
    Up(String),
    /// A part of it is no pattern.
    #[error(transparent)]
    Pattern(#[from] InvalidPattern),
}

impl TryFrom<String> for DirectoryPattern {
    type Error = InvalidDirectory;

    fn try_from(text: String) -> Result<Self, InvalidDirectory> {
        let (at_home, rest) = match text.strip_prefix('~') {
            Some(rest) => (true, rest),
            None => (false, text.as_str()),
        };
        if !(rest.starts_with('/') || at_home && rest.is_empty()) {
            return Err(InvalidDirectory::Relative(text));
        }
        let names = rest.split('/').filter(|name| !matches!(*name, "" | "."));
        let parts: Result<Vec<DirectoryPart>, InvalidDirectory> = names
            .map(|name| match name {
                ".." => Err(InvalidDirectory::Up(text.clone())),
                "**" => Ok(DirectoryPart::Any),
                name => Ok(DirectoryPart::One(Pattern::new(name)?)),
            })
            .collect();
        Ok(Self {
            at_home,
            parts: parts?,
            text,
        })
    }
}

impl From<DirectoryPattern> for String {
    fn from(pattern: DirectoryPattern) -> Self {
        pattern.text
    }
}

impl DirectoryPattern {
    /// The same, with `~` as a place of its own.
    pub(super) fn in_home(mut self, home: &Path) -> Self {
        if std::mem::take(&mut self.at_home) {
            self.parts = exactly(home).chain(self.parts).collect();
        }
        self
    }

    /// The same by the name that the system itself gives to the directory, where links lead to it:
    /// that is what it tells of a process. `None` where that is the name that is written, or
    /// nothing is there.
    pub(super) fn without_links(&self) -> Option<Self> {
        let name = |part: &DirectoryPart| match part {
            DirectoryPart::Any => None,
            DirectoryPart::One(pattern) => pattern.only(),
        };
        let names: Vec<BString> = self.parts.iter().map_while(name).collect();
        (1..=names.len()).rev().find_map(|count| {
            let names = names
                .get(..count)?
                .iter()
                .map(|name| OsStr::from_bytes(name));
            let path: PathBuf = std::iter::once(OsStr::new("/")).chain(names).collect();
            let real = path.canonicalize().ok()?;
            let parts = exactly(&real).chain(self.parts.get(count..)?.iter().cloned());
            Some((real != path).then(|| Self {
                parts: parts.collect(),
                ..self.clone()
            }))
        })?
    }

    /// Whether a directory is the one that is meant, or below it. One that is not known may be.
    pub(super) fn may_hold(&self, path: &[u8]) -> bool {
        if !path.starts_with(b"/") {
            return true;
        }
        // The kernel's own mark on one that was removed.
        let removed = path.strip_suffix(b" (deleted)");
        std::iter::once(path)
            .chain(removed)
            .any(|path| holds(&self.parts, &names(path)))
    }
}

fn exactly(path: &Path) -> impl Iterator<Item = DirectoryPart> {
    let names = names(path.as_os_str().as_bytes());
    names
        .into_iter()
        .map(|name| DirectoryPart::One(Pattern::exactly(name)))
}

/// The parts of a path that starts at `/`.
fn names(path: &[u8]) -> Vec<&[u8]> {
    let mut names = Vec::new();
    for name in path.split(|&byte| byte == b'/') {
        match name {
            b"" | b"." => {}
            b".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    names
}

/// Whether the parts fit the first of the names.
fn holds(parts: &[DirectoryPart], names: &[&[u8]]) -> bool {
    match parts.split_first() {
        None => true,
        Some((DirectoryPart::Any, rest)) => {
            (0..=names.len()).any(|from| holds(rest, names.get(from..).unwrap_or(&[])))
        }
        Some((DirectoryPart::One(pattern), rest)) => names
            .split_first()
            .is_some_and(|(first, below)| pattern.fits(first.as_bstr()) && holds(rest, below)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> DirectoryPattern {
        DirectoryPattern::try_from(text.to_owned()).unwrap()
    }

    fn fits(text: &str, path: &str) -> bool {
        pattern(text)
            .in_home(Path::new("/home/me"))
            .may_hold(path.as_bytes())
    }

    #[test]
    fn a_directory_goes_with_everything_below_it() {
        assert!(fits("~/private", "/home/me/private"));
        assert!(fits("~/private/", "/home/me//private/./a/b"));
        assert!(!fits("~/private", "/home/me/private2"));
        assert!(!fits("~/private", "/home/me"));
        assert!(!fits("~/private", "/srv/home/me/private"));
        assert!(!fits("~/private", "/home/me/private/../public"));
        assert!(fits("~", "/home/me/x") && !fits("~", "/home/you"));
        assert!(fits("/", "/anything") && fits("/", "/"));
        assert!(fits("~/gone", "/home/me/gone (deleted)"));
    }

    #[test]
    fn signs_stay_within_a_part() {
        assert!(fits("/srv/*/keys", "/srv/a/keys/b"));
        assert!(!fits("/srv/*/keys", "/srv/a/b/keys"));
        assert!(fits("/**/secrets", "/srv/a/b/secrets/c"));
        assert!(fits("/**/secrets", "/secrets"));
        assert!(!fits("/**/secrets", "/srv/secrets2"));
        assert!(fits("/a/**", "/a") && fits(r"/a\*", "/a*") && !fits(r"/a\*", "/ab"));
        assert!(
            !DirectoryPattern::try_from("~/a".to_owned())
                .unwrap()
                .in_home(Path::new("/h*"))
                .may_hold(b"/hx/a")
        );
    }

    #[test]
    fn what_is_not_known_may_be_anywhere() {
        assert!(fits("~/private", "") && fits("~/private", "private"));
    }

    #[test]
    fn what_does_not_say_where_it_starts_is_refused() {
        for text in ["secrets", "", "~me/private", "$HOME/private"] {
            let error = DirectoryPattern::try_from(text.to_owned()).unwrap_err();
            assert_eq!(error, InvalidDirectory::Relative(text.to_owned()));
        }
        assert!(DirectoryPattern::try_from("~/../x".to_owned()).is_err());
        assert!(DirectoryPattern::try_from("/a\\".to_owned()).is_err());
        assert_eq!(String::from(pattern("~/a/*")), "~/a/*");
    }

    #[test]
    fn links_are_followed_as_far_as_there_are_directories() {
        let dir = tempfile::tempdir().unwrap();
        let base = dir.path().canonicalize().unwrap();
        std::fs::create_dir_all(base.join("real/in")).unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("link")).unwrap();
        let written = pattern(&format!("{}/link/in/*/x", base.display()));
        let real = written.without_links().unwrap();
        let place = format!("{}/real/in/a/x/y", base.display());
        assert!(!written.may_hold(place.as_bytes()) && real.may_hold(place.as_bytes()));
        assert_eq!(real.without_links(), None);
    }
}
