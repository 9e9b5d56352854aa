//! Secrets in argument lists: what the patterns find in each argument, and what is known about the
//! options of programs.

use bstr::{BString, ByteSlice};

use super::Tally;
use super::rules::Rules;
use super::splice;

/// Options whose value is a secret, of whatever program. The value follows after `=` or as the next
/// argument.
const OPTIONS: &[&str] = &[
    "--access-token",
    "--api-key",
    "--api-token",
    "--apikey",
    "--auth-token",
    "--bearer",
    "--client-secret",
    "--http-password",
    "--oauth-token",
    "--pass",
    "--passphrase",
    "--passwd",
    "--password",
    "--personal-access-token",
    "--private-token",
    "--proxy-password",
    "--requirepass",
    "--sasl-password",
    "--secret",
    "--secret-key",
    "--token",
    "-password",
    "-passwd",
    "-token",
];

/// How a short option of one program carries its secret.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As the next argument or in the same one: `-p X`, `-pX`.
    Either,
    /// The same, but only before the first argument that is no option: `sshpass -p X ssh -p 22`.
    Leading,
    /// In the same argument only; the next one is something else: `mysql -pX`.
    Attached,
    /// As `user:secret`.
    AfterColon,
    /// As `user%secret`.
    AfterPercent,
    /// As `pass:secret`, beside other forms that are no secrets.
    AfterPass,
}

/// Short options by program.
const PROGRAMS: &[(&[&str], &[&str], Form)] = &[
    (&["sshpass"], &["-p"], Form::Leading),
    (
        &[
            "mysql",
            "mysqldump",
            "mysqladmin",
            "mysqlimport",
            "mariadb",
            "mariadb-dump",
        ],
        &["-p"],
        Form::Attached,
    ),
    (&["redis-cli", "valkey-cli"], &["-a"], Form::Either),
    (
        &["curl"],
        &["-u", "--user", "--proxy-user", "-U"],
        Form::AfterColon,
    ),
    (
        &["http", "https", "xh", "xhs"],
        &["-a", "--auth"],
        Form::AfterColon,
    ),
    (
        &["mongo", "mongosh", "mongodump", "mongorestore"],
        &["-p"],
        Form::Either,
    ),
    (
        &["docker", "podman", "helm", "skopeo", "buildah"],
        &["-p"],
        Form::Either,
    ),
    (
        &["ldapsearch", "ldapmodify", "ldapadd", "ldapdelete"],
        &["-w"],
        Form::Either,
    ),
    (
        &["smbclient", "rpcclient", "net"],
        &["-U", "--user"],
        Form::AfterPercent,
    ),
    (
        &["openssl"],
        &["-pass", "-passin", "-passout", "-password"],
        Form::AfterPass,
    ),
    (&["xfreerdp", "rdesktop"], &["-p"], Form::Either),
    (
        &["7z", "7za", "7zz", "unrar", "rar"],
        &["-p"],
        Form::Attached,
    ),
    (&["zip", "unzip"], &["-P"], Form::Either),
];

/// The arguments without secrets, and whether there were any.
pub(super) fn redacted(rules: &Rules, argv: &[BString], tally: &mut Tally) -> (Vec<BString>, bool) {
    let before = tally.total();
    let mut kept: Vec<BString> = Vec::with_capacity(argv.len());
    // The program may stand behind others: `sudo mysql`, `env A=b curl`.
    let mut known: Vec<(&[&str], Form)> = Vec::new();
    let mut pending: Option<Form> = None;
    // A container's `-p` is a port unless it logs in.
    let login = argv.iter().any(|arg| arg == "login");
    for arg in argv {
        if let Some(form) = pending.take() {
            kept.push(
                value(rules, arg, form, tally).unwrap_or_else(|| by_pattern(rules, arg, tally)),
            );
            continue;
        }
        if !arg.starts_with(b"-") {
            known.retain(|(_, form)| !matches!(form, Form::Leading));
        }
        let name = arg.rsplit(|&byte| byte == b'/').next().unwrap_or(arg);
        let container = matches!(
            name,
            b"docker" | b"podman" | b"helm" | b"skopeo" | b"buildah"
        );
        for (programs, options, form) in PROGRAMS {
            let named = programs.iter().any(|program| program.as_bytes() == name);
            if named && (!container || login) {
                known.push((options, *form));
            }
        }
        if let Some(form) = waits(arg, &known) {
            pending = Some(form);
            kept.push(arg.clone());
        } else if let Some(clean) = attached(rules, arg, &known, tally) {
            kept.push(clean);
        } else {
            kept.push(by_pattern(rules, arg, tally));
        }
    }
    (kept, tally.total() > before)
}

/// Whether an argument says that the next one is a secret, and in which form.
fn waits(arg: &BString, known: &[(&[&str], Form)]) -> Option<Form> {
    if OPTIONS.iter().any(|option| option.as_bytes() == *arg) {
        return Some(Form::Either);
    }
    let of_program = known.iter().find(|(options, form)| {
        !matches!(form, Form::Attached) && options.iter().any(|option| option.as_bytes() == *arg)
    });
    of_program.map(|(_, form)| *form)
}

/// An argument with its secret in it: `--token=X`, `-pX`, `-uname:X`, `NAME_TOKEN=X`.
fn attached(
    rules: &Rules,
    arg: &BString,
    known: &[(&[&str], Form)],
    tally: &mut Tally,
) -> Option<BString> {
    let named = |name: &[u8]| {
        OPTIONS.iter().any(|option| option.as_bytes() == name) || is_secret_variable(name)
    };
    if let Some((name, secret)) = arg.split_once_str("=")
        && named(name)
    {
        let clean = value(rules, secret, Form::Either, tally)?;
        return Some(joined(name, b"=", &clean));
    }
    for (options, form) in known {
        for option in *options {
            let Some(secret) = arg.strip_prefix(option.as_bytes()) else {
                continue;
            };
            let (separator, secret): (&[u8], &[u8]) = match secret.strip_prefix(b"=") {
                Some(secret) => (b"=", secret),
                None if option.starts_with("--") => continue,
                None => (b"", secret),
            };
            if let Some(clean) = value(rules, secret, *form, tally) {
                return Some(joined(option.as_bytes(), separator, &clean));
            }
        }
    }
    None
}

fn joined(name: &[u8], separator: &[u8], value: &[u8]) -> BString {
    [name, separator, value].concat().into()
}

/// A value of a known form without its secret; `None` where it holds none.
fn value(rules: &Rules, value: &[u8], form: Form, tally: &mut Tally) -> Option<BString> {
    let (front, secret) = match form {
        Form::Either | Form::Leading | Form::Attached => value.split_at(0),
        Form::AfterColon => value.split_at(value.find_byte(b':')? + 1),
        Form::AfterPercent => value.split_at(value.find_byte(b'%')? + 1),
        Form::AfterPass => value
            .strip_prefix(b"pass:")
            .map(|secret| (&b"pass:"[..], secret))?,
    };
    if secret.is_empty() || rules.passes(secret) {
        return None;
    }
    tally.add(Rules::OPTION);
    let marker = splice::marker(Rules::OPTION);
    Some(joined(front, b"", marker.as_bytes()))
}

/// Whether an environment variable of this name holds a secret.
fn is_secret_variable(name: &[u8]) -> bool {
    let word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if !name.iter().all(word) || name.first().is_none_or(u8::is_ascii_digit) {
        return false;
    }
    let upper = name.to_ascii_uppercase();
    upper.split(|&byte| byte == b'_').any(|part| {
        matches!(
            part,
            b"KEY"
                | b"APIKEY"
                | b"TOKEN"
                | b"SECRET"
                | b"PASS"
                | b"PASSWORD"
                | b"PASSWD"
                | b"PWD"
                | b"PASSPHRASE"
                | b"AUTH"
                | b"COOKIE"
                | b"CREDENTIAL"
                | b"CREDENTIALS"
        ) && upper != b"PWD"
            && upper != b"OLDPWD"
    })
}

fn by_pattern(rules: &Rules, arg: &BString, tally: &mut Tally) -> BString {
    splice::redacted(rules, arg, tally)
}
