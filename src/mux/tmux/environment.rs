//! Reading the variables of a session as `show-environment -s` prints them: what a shell would be
//! told.

use bstr::ByteSlice;

use super::answer::Fields;
use crate::model::detail::Variable;
use crate::mux::MuxError;

/// Reads the next variable; `hidden` says how it was asked for.
pub(super) fn read_variable(fields: &mut Fields<'_>, hidden: bool) -> Result<Variable, MuxError> {
    let wrong = |fields: &Fields<'_>| fields.garbled("a variable");
    if fields.skip(b"unset ") {
        let name = fields.until(b";\n").ok_or_else(|| wrong(fields))?;
        fields.skip(b";");
        fields.end_of_line()?;
        return Ok(Variable {
            name: name.into(),
            value: None,
            hidden,
        });
    }
    let name = fields.until(b"=\"").ok_or_else(|| wrong(fields))?;
    fields.skip(b"=\"");
    let value = fields.escaped(b'"')?;
    let end = [b"; export ", name, b";"].concat();
    if !fields.skip(&end) {
        return Err(wrong(fields));
    }
    fields.end_of_line()?;
    Ok(Variable {
        name: name.as_bstr().to_owned(),
        value: Some(value),
        hidden,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Variable, MuxError> {
        read_variable(&mut Fields::new(text.as_bytes(), "a test"), true)
    }

    #[test]
    fn values_are_read_back_and_removals_told() {
        let found = read("A=\"a\\\"b\\$c\\`d\\\\e\nf;=\"; export A;\n").unwrap();
        assert_eq!(found.name, "A");
        assert_eq!(found.value.unwrap(), "a\"b$c`d\\e\nf;=");
        let found = read("unset GONE;\n").unwrap();
        assert_eq!((found.name.to_string(), found.value), ("GONE".into(), None));
    }

    #[test]
    fn what_is_cut_is_refused() {
        let whole = "A=\"b\"; export A;\n";
        for end in 0..whole.len() {
            assert!(read(&whole[..end]).is_err(), "{end}");
        }
        for end in 0.."unset A;\n".len() {
            assert!(read(&"unset A;\n"[..end]).is_err(), "{end}");
        }
        assert!(read("A=\"b\"; export B;\n").is_err());
    }
}
