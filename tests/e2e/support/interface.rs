//! The interface in a terminal of its own.

#![allow(clippy::unwrap_used, unreachable_pub, reason = "a test may panic")]

use muxtape_testing::TmuxServer;

use super::terminal::Terminal;

/// Opens the interface in a terminal of this size.
pub(crate) fn open(server: &TmuxServer, columns: u16, rows: u16) -> Terminal {
    let socket = server.socket().display().to_string();
    let command = [env!("CARGO_BIN_EXE_muxtape"), "-S", &socket];
    run(server, columns, rows, &command)
}

/// Opens a shell with job control in a terminal of this size.
pub(crate) fn shell(server: &TmuxServer, columns: u16, rows: u16) -> Terminal {
    let command = ["bash", "--norc", "--noprofile", "-i"];
    run(server, columns, rows, &command)
}

fn run(server: &TmuxServer, columns: u16, rows: u16, command: &[&str]) -> Terminal {
    let home = server.home();
    let variable = |name: &str| home.join(name).display().to_string();
    let (data, state, config) = (variable("data"), variable("state"), variable("config"));
    let runtime = server.dir().display().to_string();
    let home = home.display().to_string();
    let env = [
        ("HOME", home.as_str()),
        ("XDG_DATA_HOME", &data),
        ("XDG_STATE_HOME", &state),
        ("XDG_CONFIG_HOME", &config),
        ("XDG_RUNTIME_DIR", &runtime),
        ("LC_ALL", "C.UTF-8"),
        // The interface runs inside another server than the one that it records.
        ("TMUX", ""),
    ];
    Terminal::open(server.dir(), columns, rows, &env, command)
}
