//! Connections to other machines, read from the arguments of `ssh` and its like.
//!
//! The options are those of OpenSSH 10, read as its own getopt does: letters in one word, a value
//! in the same word or the next one, options before and after the host, nothing after `--`. What
//! stands on the command line is told, not what `ssh_config` makes of it.

use bstr::{BStr, BString, ByteSlice};

use super::program::program_name;

mod options;
use options::{Arg, Options};

/// The program that a connection goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Via {
    /// `ssh`.
    Ssh,
    /// `autossh`.
    Autossh,
    /// `mosh`, or the `mosh-client` that it becomes.
    Mosh,
    /// `et`, Eternal Terminal.
    Et,
}

/// A connection to another machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ssh {
    /// The program.
    pub via: Via,
    /// The host as it was given: a name, an address, or a name that only `ssh_config` knows.
    pub host: BString,
    /// The user there, where one was given.
    pub user: Option<BString>,
    /// The port, where one was given (`et`: of its own server; `mosh`: of the ssh that it starts
    /// with).
    pub port: Option<u16>,
    /// What runs there; empty for a shell. ssh joins the arguments with spaces for the shell there.
    pub command: Vec<BString>,
    /// The hosts in between, where they were given (`-J`).
    pub jump: Option<BString>,
}

/// Letters of OpenSSH's options that have a value.
const VALUES: &[u8] = b"bceilmopBDEFIJLOPQRSwW";

/// Options of `mosh` that have a value.
const MOSH_VALUES: &[&str] = &[
    "client",
    "server",
    "predict",
    "port",
    "family",
    "p",
    "ssh",
    "bind-server",
    "experimental-remote-ip",
];

/// Options of `et` that have a value.
const ET_VALUES: &[&str] = &[
    "u",
    "username",
    "host",
    "p",
    "port",
    "c",
    "command",
    "terminal-path",
    "t",
    "tunnel",
    "r",
    "reversetunnel",
    "jumphost",
    "jport",
    "v",
    "verbose",
    "k",
    "keepalive",
    "l",
    "logdir",
    "ssh-socket",
    "ssh-option",
    "serverfifo",
    "jserverfifo",
];

impl Ssh {
    /// Reads an argument list; `None` where it is no connection: another program, no host, or a
    /// question (`ssh -V`, `-Q`, `-G`, `-O`). `sshpass` before it is passed over.
    #[must_use]
    pub fn parse(argv: &[BString]) -> Option<Self> {
        let (first, args) = argv.split_first()?;
        if let Some(title) = first.strip_prefix(b"mosh-client ") {
            return mosh(&mosh_title(title));
        }
        match program_name(argv).as_bytes() {
            b"ssh" => ssh(args, Via::Ssh),
            b"autossh" => ssh(args, Via::Autossh),
            b"mosh" => mosh(args),
            b"et" => et(args),
            b"sshpass" => {
                let mut options = Options::short(args, b"fdpP");
                while options.next_option().is_some() {}
                Self::parse(options.rest())
            }
            _ => None,
        }
    }
}

/// The arguments in what `mosh` calls its client: its own ones, joined with spaces, and a bar.
pub(super) fn mosh_title(title: &[u8]) -> Vec<BString> {
    let title = title.strip_prefix(b"-# ").unwrap_or(title);
    let words = title.trim_end_with(|c| matches!(c, ' ' | '|'));
    words
        .split_str(b" ")
        .filter(|word| !word.is_empty())
        .map(BString::from)
        .collect()
}

/// What the options of one command line say; the first of each kind counts, as in ssh.
#[derive(Debug, Default)]
struct Said {
    user: Option<BString>,
    port: Option<u16>,
    jump: Option<BString>,
}

impl Said {
    fn user(&mut self, user: &[u8]) {
        if !user.is_empty() {
            self.user.get_or_insert_with(|| user.into());
        }
    }

    fn port(&mut self, port: &[u8]) {
        self.port = self.port.or_else(|| number(port));
    }

    fn jump(&mut self, jump: &[u8]) {
        if !jump.is_empty() {
            self.jump.get_or_insert_with(|| jump.into());
        }
    }

    /// `-o`: a line of `ssh_config`, as `Name=value` or `Name value`.
    fn line(&mut self, line: &[u8]) {
        let line = line.trim();
        let end = line.find_byteset(b"= \t").unwrap_or(line.len());
        let (name, value) = line.split_at(end);
        let value = value.trim_start_with(|c| matches!(c, '=' | ' ' | '\t'));
        let value = value.trim_with(|c| c == '"');
        match name.to_ascii_lowercase().as_slice() {
            b"user" => self.user(value),
            b"port" => self.port(value),
            b"proxyjump" => self.jump(value),
            _ => {}
        }
    }

    fn to(self, via: Via, host: BString, command: Vec<BString>) -> Option<Ssh> {
        (!host.is_empty()).then_some(Ssh {
            via,
            host,
            user: self.user,
            port: self.port,
            command,
            jump: self.jump.filter(|jump| !jump.eq_ignore_ascii_case(b"none")),
        })
    }
}

fn ssh(args: &[BString], via: Via) -> Option<Ssh> {
    // autossh's own `-M` has a port; what else it takes has no value.
    let values = [VALUES, if via == Via::Autossh { b"M" } else { b"" }].concat();
    let mut said = Said::default();
    let mut options = Options::short(args, &values);
    options_of(&mut options, &mut said, via)?;
    let (destination, rest) = options.rest().split_first()?;
    let mut options = match options.ended() {
        true => Options::ended_at(rest),
        false => Options::short(rest, &values),
    };
    let host = destination_of(destination, &mut said);
    options_of(&mut options, &mut said, via)?;
    said.to(via, host, options.rest().to_vec())
}

/// Reads options; `None` where one of them asks for something else than a connection.
fn options_of(options: &mut Options<'_>, said: &mut Said, via: Via) -> Option<()> {
    while let Some(Arg { name, value }) = options.next_option() {
        match name.as_bytes() {
            b"l" => said.user(value),
            b"p" => said.port(value),
            b"J" => said.jump(value),
            b"o" => said.line(value),
            b"V" | b"Q" | b"O" => return None,
            b"G" if via == Via::Ssh => return None,
            _ => {}
        }
    }
    Some(())
}

/// The host of `[user@]host` or `ssh://[user@]host[:port]`.
fn destination_of(destination: &[u8], said: &mut Said) -> BString {
    let Some(uri) = destination.strip_prefix(b"ssh://") else {
        return user_of(destination, said).into();
    };
    let uri = uri.split_once_str("/").map_or(uri, |(uri, _)| uri);
    let (user, place) = uri.rsplit_once_str("@").unwrap_or((b"", uri));
    // What stands behind a semicolon are parameters of the connection.
    let user = user.split_once_str(";").map_or(user, |(user, _)| user);
    said.user(&decoded(user));
    let (host, port) = host_and_port(place);
    said.port(port);
    decoded(host)
}

/// Notes the user of `user@host`, and gives the host.
fn user_of<'a>(destination: &'a [u8], said: &mut Said) -> &'a [u8] {
    match destination.rsplit_once_str("@") {
        Some((user, host)) => {
            said.user(user);
            host
        }
        None => destination,
    }
}

/// `host:port`, `[::1]:port`, or a host alone; an address with several colons is one.
fn host_and_port(place: &[u8]) -> (&[u8], &[u8]) {
    if let Some((host, rest)) = place.strip_prefix(b"[").and_then(|p| p.split_once_str("]")) {
        return (host, rest.strip_prefix(b":").unwrap_or_default());
    }
    match place.split_once_str(":") {
        Some((host, port)) if !port.contains(&b':') => (host, port),
        _ => (place, b""),
    }
}

/// Text without the percent signs of a URI; what is no number stays as it is.
fn decoded(text: &[u8]) -> BString {
    let mut out = BString::default();
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        let number = (byte == b'%').then(|| after.get(..2)).flatten();
        let number = number.filter(|two| two.iter().all(u8::is_ascii_hexdigit));
        let number = number.and_then(|two| u8::from_str_radix(two.to_str().ok()?, 16).ok());
        out.push(number.unwrap_or(byte));
        rest = match number {
            Some(_) => after.get(2..).unwrap_or_default(),
            None => after,
        };
    }
    out
}

fn number(port: &[u8]) -> Option<u16> {
    let port = port.to_str().ok()?.parse().ok()?;
    (port != 0).then_some(port)
}

fn mosh(args: &[BString]) -> Option<Ssh> {
    let mut said = Said::default();
    let mut options = Options::long(args, MOSH_VALUES);
    while let Some(Arg { name, value }) = options.next_option() {
        if name == "ssh" {
            let words: Vec<BString> = value.fields().map(BString::from).collect();
            let values = Options::short(words.get(1..).unwrap_or_default(), VALUES);
            options_of(&mut { values }, &mut said, Via::Ssh);
        }
    }
    let (destination, rest) = options.rest().split_first()?;
    let host = user_of(destination, &mut said).into();
    let rest = match rest.split_first() {
        Some((dashes, rest)) if dashes == "--" && !options.ended() => rest,
        _ => rest,
    };
    said.to(Via::Mosh, host, rest.to_vec())
}

fn et(args: &[BString]) -> Option<Ssh> {
    let mut said = Said::default();
    let mut command = Vec::new();
    let mut place: Option<&BStr> = None;
    let mut options = Options::long(args, ET_VALUES);
    loop {
        while let Some(Arg { name, value }) = options.next_option() {
            match name.as_bytes() {
                b"u" | b"username" => said.user(value),
                b"p" | b"port" => said.port(value),
                b"jumphost" => said.jump(value),
                b"c" | b"command" => command = vec![value.to_owned()],
                b"host" => place = Some(value),
                _ => {}
            }
        }
        // Options may stand behind the host.
        let Some((word, rest)) = options.rest().split_first() else {
            break;
        };
        place = place.or(Some(word.as_bstr()));
        options = Options::long(rest, ET_VALUES);
    }
    let (host, port) = host_and_port(user_of(place?, &mut said));
    said.port(port);
    said.to(Via::Et, host.into(), command)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Option<Ssh> {
        let argv: Vec<BString> = line.split(' ').map(BString::from).collect();
        Ssh::parse(&argv)
    }

    /// `user@host:port jump | command`, as far as there is any.
    fn told(line: &str) -> String {
        let Some(ssh) = parsed(line) else {
            return "none".to_owned();
        };
        let user = ssh.user.map(|user| format!("{user}@"));
        let port = ssh.port.map(|port| format!(":{port}"));
        let jump = ssh.jump.map(|jump| format!(" by {jump}"));
        let command = bstr::join(" ", &ssh.command);
        format!(
            "{}{}{}{} | {}",
            user.unwrap_or_default(),
            ssh.host,
            port.unwrap_or_default(),
            jump.unwrap_or_default(),
            command.as_bstr()
        )
    }

    #[test]
    fn connections_are_read_as_openssh_reads_them() {
        for (line, expected) in [
            ("ssh host", "host | "),
            (
                "/usr/bin/ssh -p 2222 me@host uptime -p",
                "me@host:2222 | uptime -p",
            ),
            ("ssh -p2222 -lme host", "me@host:2222 | "),
            // Letters in one word, the last of which has a value.
            ("ssh -tvp 22 host", "host:22 | "),
            ("ssh -4AXi key -L 80:x:80 -D1080 host", "host | "),
            // Options go on after the host, and end with the command or `--`.
            ("ssh host -p 22 -t tmux -u", "host:22 | tmux -u"),
            ("ssh host -- -x", "host | -x"),
            ("ssh -- host -p 22", "host | -p 22"),
            ("ssh ssh://me@host:2200", "me@host:2200 | "),
            ("ssh ssh://m%40e;x=1@[::1]:22/ ls", "m@e@::1:22 | ls"),
            ("ssh ssh://host", "host | "),
            ("ssh a@b@host", "a@b@host | "),
            ("ssh ::1", "::1 | "),
            // What is said first counts.
            ("ssh -p 1 -p 2 -l you me@host", "you@host:1 | "),
            ("ssh -o Port=2222 -oUser=me host", "me@host:2222 | "),
            ("ssh -J bastion:2200,b2 host", "host by bastion:2200,b2 | "),
            ("ssh -oProxyJump=none host", "host | "),
            ("ssh -W db:5432 host", "host | "),
            ("ssh -p 0 host", "host | "),
            ("sshpass -p secret ssh -p 22 me@host", "me@host:22 | "),
            ("sshpass -e ssh host", "host | "),
            ("autossh -M 20000 -f -N -p 22 me@host", "me@host:22 | "),
            ("autossh -M0 host ls", "host | ls"),
            ("mosh me@host", "me@host | "),
            ("mosh -p 60001 --predict=always -- host htop", "host | htop"),
            ("mosh host -- tmux attach", "host | tmux attach"),
            ("et me@host:8080", "me@host:8080 | "),
            ("et -c top --jumphost b host -x", "host by b | top"),
        ] {
            assert_eq!(told(line), expected, "{line}");
        }
    }

    #[test]
    fn what_is_no_connection_is_none() {
        for line in [
            "ssh",
            "ssh -V",
            "ssh -Q cipher",
            "ssh -O check host",
            "ssh -G host",
            "ssh -p",
            "ssh -p 22",
            "ssh me@",
            "scp host:x y",
            "sshpass -p secret scp x y",
            "mosh",
            "et",
            "",
        ] {
            assert_eq!(told(line), "none", "{line}");
        }
        assert_eq!(Ssh::parse(&[]), None);
    }

    #[test]
    fn values_can_hold_spaces() {
        let argv = ["ssh", "-o", "Port = 2222", "-o", "user \"me\"", "host"];
        let ssh = Ssh::parse(&argv.map(BString::from)).unwrap();
        assert_eq!((ssh.port, ssh.user), (Some(2222), Some("me".into())));
        let argv = ["mosh", "--ssh=ssh -p 2222 -l you", "host"];
        let ssh = Ssh::parse(&argv.map(BString::from)).unwrap();
        assert_eq!((ssh.port, ssh.user), (Some(2222), Some("you".into())));
        assert_eq!(ssh.via, Via::Mosh);
    }

    #[test]
    fn a_mosh_client_says_where_it_was_started_for() {
        for title in ["mosh-client -p 60001 me@host |", "mosh-client -# me@host |"] {
            let argv = [title, "192.0.2.1", "60001"].map(BString::from);
            let ssh = Ssh::parse(&argv).unwrap();
            assert_eq!((ssh.host, ssh.user), ("host".into(), Some("me".into())));
            assert_eq!(ssh.port, None);
        }
    }

    #[test]
    fn every_letter_with_a_value_takes_it() {
        for &letter in VALUES {
            let line = format!("ssh -{} value host", char::from(letter));
            let expected = !matches!(letter, b'Q' | b'O');
            assert_eq!(
                parsed(&line).is_some_and(|ssh| ssh.host == "host"),
                expected,
                "{line}"
            );
        }
        for letter in b"1246afgkntqsvxACKMNTXYy" {
            let line = format!("ssh -{} host value", char::from(*letter));
            assert!(
                parsed(&line).is_some_and(|ssh| ssh.host == "host"),
                "{line}"
            );
        }
    }
}
