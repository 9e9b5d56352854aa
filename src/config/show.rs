//! What holds, and where it comes from.

use std::path::Path;

use toml::{Table, Value};

use super::settings::{ConfigError, Settings, read};

/// A setting.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its name, with the table in front: `retention.keep_last`.
    pub key: String,
    /// Its value.
    pub value: Value,
    /// Where that comes from.
    pub source: Source,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Source {
    /// It is not in the file.
    Default,
    /// It is in the file.
    File,
}

impl Settings {
    /// All settings as they hold with this file, in the order of their names.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub fn shown(path: &Path) -> Result<Vec<Shown>, ConfigError> {
        let settings = Settings::load(path)?;
        let invalid = |message: String| ConfigError::Invalid {
            path: path.to_owned(),
            message,
        };
        let text = read(path)?.unwrap_or_default();
        let mut file: Table = toml::from_str(&text).map_err(|error| invalid(error.to_string()))?;
        rename(&mut file);
        let all = Table::try_from(settings).map_err(|error| invalid(error.to_string()))?;
        let mut shown = Vec::new();
        flatten("", all, Some(&file), &mut shown);
        Ok(shown)
    }
}

/// Puts a setting that is written under its old name where it belongs.
fn rename(file: &mut Table) {
    let recorder = file.get_mut("recorder").and_then(Value::as_table_mut);
    if let Some(old) = recorder.and_then(|recorder| recorder.remove("keep_last")) {
        let retention = file
            .entry("retention")
            .or_insert_with(|| Table::new().into());
        if let Some(retention) = retention.as_table_mut() {
            retention.insert("keep_last".to_owned(), old);
        }
    }
}

fn flatten(above: &str, table: Table, file: Option<&Table>, into: &mut Vec<Shown>) {
    for (name, value) in table {
        let written = file.and_then(|file| file.get(&name));
        let key = if above.is_empty() {
            name
        } else {
            format!("{above}.{name}")
        };
        match value {
            Value::Table(table) => {
                flatten(&key, table, written.and_then(Value::as_table), into);
            }
            value => into.push(Shown {
                key,
                value,
                source: written.map_or(Source::Default, |_| Source::File),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<Shown> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Settings::shown(&path).unwrap()
    }

    fn of<'a>(shown: &'a [Shown], key: &str) -> (&'a Value, Source) {
        let found = shown.iter().find(|one| one.key == key);
        found.map(|one| (&one.value, one.source)).unwrap()
    }

    #[test]
    fn every_setting_has_a_value_and_a_source() {
        let all = shown("[retention]\ndaily = 7\n[[retention.rule]]\nsession = \"a*\"");
        assert_eq!(
            of(&all, "retention.daily"),
            (&Value::Integer(7), Source::File)
        );
        let keep_last = (&Value::Integer(10), Source::Default);
        assert_eq!(of(&all, "retention.keep_last"), keep_last);
        assert_eq!(of(&all, "retention.rule").1, Source::File);
        assert_eq!(of(&all, "recorder.interval_seconds").1, Source::Default);
        let nothing = (&Value::Array(Vec::new()), Source::Default);
        assert_eq!(of(&all, "capture.environment"), nothing);
        assert_eq!(of(&all, "capture.buffers").0, &Value::Boolean(false));
        assert_eq!(of(&all, "capture.never.commands"), nothing);
        assert_eq!(of(&all, "capture.rule"), nothing);
        assert!(all.is_sorted_by_key(|one| one.key.clone()), "{all:?}");
        let missing = Settings::shown(Path::new("/nowhere/config.toml")).unwrap();
        assert!(missing.iter().all(|one| one.source == Source::Default));
        assert!(missing.len() > 20, "{missing:?}");
    }

    #[test]
    fn what_was_written_under_its_old_name_comes_from_the_file() {
        let all = shown("[recorder]\nkeep_last = 3");
        let keep_last = (&Value::Integer(3), Source::File);
        assert_eq!(of(&all, "retention.keep_last"), keep_last);
        assert!(all.iter().all(|one| one.key != "recorder.keep_last"));
    }
}
