//! The tools that are compared, each as a person would run it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use muxtape_testing::TmuxServer;

/// A tool.
#[derive(Debug, Clone)]
pub(crate) enum Tool {
    Muxtape,
    Loop,
    /// The directory that it is in.
    Resurrect(PathBuf),
    Tmuxp,
}

/// Saves every pane with a command of its own: `$1` is where, `$2` whether with text.
const SAVE: &str = r##"
mkdir -p "$1"
tmux list-panes -a -F '#{session_name} #{window_index} #{pane_index} #{window_layout} #{pane_current_path}' \
    > "$1/panes"
[ "$2" = text ] || exit 0
while read -r session window pane rest; do
    tmux capture-pane -epJ -S - -t "=$session:$window.$pane" > "$1/text-$window.$pane"
done < "$1/panes"
"##;

/// Makes them again, with a command for each, too.
const RESTORE: &str = r##"
while read -r session window pane layout dir; do
    shell='exec bash --norc --noprofile -i'
    [ "$2" = text ] && shell="cat '$1/text-$window.$pane'; $shell"
    if ! tmux has-session -t "=$session" 2>/dev/null; then
        tmux new-session -d -s "$session" -x 160 -y 49 -c "$dir" "$shell"
    elif [ "$pane" = 0 ]; then
        tmux new-window -d -t "=$session:$window" -c "$dir" "$shell"
    else
        tmux split-window -d -t "=$session:$window" -c "$dir" "$shell"
        tmux select-layout -t "=$session:$window" even-vertical
    fi
    [ "$pane" = 4 ] && tmux select-layout -t "=$session:$window" "$layout"
done < "$1/panes"
"##;

/// Those that are there, muxtape first, and the names of those that are not.
pub(crate) fn installed() -> (Vec<Tool>, Vec<&'static str>) {
    let mut tools = vec![Tool::Muxtape, Tool::Loop];
    let mut missing = Vec::new();
    match super::resurrect() {
        Some(dir) => tools.push(Tool::Resurrect(dir)),
        None => missing.push("tmux-resurrect (MUXTAPE_BENCH_RESURRECT)"),
    }
    let tmuxp = Command::new("tmuxp")
        .arg("-V")
        .stdout(Stdio::null())
        .status();
    match tmuxp {
        Ok(status) if status.success() => tools.push(Tool::Tmuxp),
        _ => missing.push("tmuxp"),
    }
    (tools, missing)
}

impl Tool {
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Tool::Muxtape => "muxtape",
            Tool::Loop => "a shell loop",
            Tool::Resurrect(_) => "tmux-resurrect",
            Tool::Tmuxp => "tmuxp",
        }
    }

    /// Whether it saves what panes show.
    pub(crate) fn keeps_text(&self) -> bool {
        !matches!(self, Tool::Tmuxp)
    }

    /// Removes what it has saved. What muxtape saves goes into a store that has been in use, of
    /// `other`.
    pub(crate) fn forget(&self, source: &TmuxServer, other: &TmuxServer) {
        let _ = fs::remove_dir_all(self.place(source));
        if let Tool::Muxtape = self {
            run(self.muxtape(source, other).args(["create", "before"]));
        }
    }

    /// Saves what `source` holds.
    pub(crate) fn save(&self, source: &TmuxServer, text: bool) {
        let place = self.place(source);
        match self {
            Tool::Muxtape => {
                let mut create = self.muxtape(source, source);
                // Without text, the peers save none either.
                run(create
                    .args(["create", "saved"])
                    .args((!text).then_some("--no-contents")));
            }
            Tool::Loop => run(&mut script(SAVE, source, source, &place, text)),
            Tool::Resurrect(dir) => run(&mut within(source, source, &dir.join("scripts/save.sh"))),
            Tool::Tmuxp => {
                fs::create_dir_all(&place).unwrap();
                let mut freeze = source.command("tmuxp");
                freeze.arg("freeze").arg("-S").arg(source.socket());
                freeze.args(["--yes", "--quiet", "--force", "-f", "yaml", "-o"]);
                run(freeze.arg(place.join("many.yaml")).arg("many"));
            }
        }
    }

    /// What another server has to call the thing that it has saved of `source`: names mean one
    /// server, ids any.
    pub(crate) fn saved(&self, source: &TmuxServer) -> String {
        if !matches!(self, Tool::Muxtape) {
            return String::new();
        }
        let mut list = self.muxtape(source, source);
        let output = list.args(["list", "--limit", "1", "--json"]).output();
        let answer: serde_json::Value = serde_json::from_slice(&output.unwrap().stdout).unwrap();
        answer["data"][0]["id"].as_str().unwrap().to_owned()
    }

    /// Brings what it has saved of `source` back on `target`.
    pub(crate) fn restore(
        &self,
        source: &TmuxServer,
        target: &TmuxServer,
        saved: &str,
        text: bool,
    ) {
        let place = self.place(source);
        match self {
            Tool::Muxtape => run(self
                .muxtape(source, target)
                .args(["restore", saved, "--yes"])),
            Tool::Loop => run(&mut script(RESTORE, source, target, &place, text)),
            Tool::Resurrect(dir) => {
                run(&mut within(source, target, &dir.join("scripts/restore.sh")));
            }
            Tool::Tmuxp => {
                let mut load = source.command("tmuxp");
                load.args(["load", "-d", "--yes", "-S"])
                    .arg(target.socket());
                run(load.arg(place.join("many.yaml")));
            }
        }
    }

    /// Where it keeps what it saves.
    fn place(&self, source: &TmuxServer) -> PathBuf {
        match self {
            Tool::Resurrect(_) => source.home().join(".tmux/resurrect"),
            _ => source.dir().join(self.name()),
        }
    }

    fn muxtape(&self, source: &TmuxServer, target: &TmuxServer) -> Command {
        let mut muxtape = source.command(env!("CARGO_BIN_EXE_muxtape"));
        muxtape.arg("-S").arg(target.socket());
        muxtape.arg("--data-dir").arg(self.place(source));
        muxtape
    }
}

/// A program as it runs inside a server, where `tmux` alone means that server.
fn within(source: &TmuxServer, server: &TmuxServer, program: &Path) -> Command {
    let mut command = source.command(program);
    command.env(
        "TMUX",
        format!("{},{},0", server.socket().display(), server.pid()),
    );
    command
}

fn script(
    text: &str,
    source: &TmuxServer,
    server: &TmuxServer,
    place: &Path,
    with_text: bool,
) -> Command {
    let mut shell = within(source, server, Path::new("sh"));
    shell.args(["-c", text, "sh"]).arg(place);
    shell.arg(if with_text { "text" } else { "none" });
    shell
}

/// Runs a tool, which must succeed.
fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {error}");
}
