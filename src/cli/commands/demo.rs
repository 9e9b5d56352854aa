//! `muxtape demo`

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::interface;
use crate::cli::args::Global;
use crate::cli::context::Context;
use crate::cli::error::{CliError, Exit};
use crate::cli::views::count;
use crate::daemon::Recorder;
use crate::files::{self, FileError, ScratchDir};
use crate::ops::RecorderEvent;

/// Open the interface on a private tmux server with lively sessions
///
/// Everything happens in a temporary directory, which is removed afterwards. Your own tmux and your
/// own recordings are not touched.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Demo {
    /// Record the sessions and end without opening the interface
    #[arg(long, hide = true)]
    no_interface: bool,
}

/// A program for a pane: prints coloured lines for ever.
const LOG: &str = r#"i=0
while :; do
  i=$((i + 1))
  case $((i % 5)) in
    0) c=31 s=500 ;;
    3) c=33 s=301 ;;
    *) c=32 s=200 ;;
  esac
  printf '\033[2m%s\033[0m GET \033[36m/api/v%d\033[0m \033[%dm%d\033[0m %dms\n' \
    "$(date +%T)" "$((i % 13))" "$c" "$s" "$((i * 7 % 90))"
  sleep 0.4
done
"#;

/// A program for a pane: a build that goes on for ever.
const BUILD: &str = r#"for crate in bytes memchr serde tokio ratatui redb similar api; do
  printf '\033[1;32m   Compiling\033[0m %s v0.%d.1\n' "$crate" "${#crate}"
  sleep 0.3
done
printf '\033[1;31merror\033[0m: test failed, to rerun pass `--lib`\n'
"#;

/// Something to look at in an editor's place.
const CODE: &str = "\
\x1b[35muse\x1b[0m std::io;

\x1b[35mfn\x1b[0m \x1b[34mmain\x1b[0m() -> io::Result<()> {
    \x1b[35mlet\x1b[0m tape = Tape::open(\x1b[32m\"~/.local/share\"\x1b[0m)?;
    \x1b[35mfor\x1b[0m snapshot \x1b[35min\x1b[0m tape.iter() {
        println!(\x1b[32m\"{snapshot}\"\x1b[0m);
    }
    Ok(())
}
";

const CONF: &str = "\
set -s exit-empty off
set -s escape-time 0
set -g default-terminal tmux-256color
set -g history-limit 5000
";

/// The private place of a demo: its directory goes, and its server ends, when this does.
struct DemoStage {
    dir: ScratchDir,
}

impl DemoStage {
    fn new() -> Result<DemoStage, CliError> {
        let dir = ScratchDir::new("muxtape-demo").map_err(|error| failed(&error))?;
        let stage = DemoStage { dir };
        for name in ["home/src/api", "home/src/web/assets"] {
            files::private_dir(&stage.path(name)).map_err(|error| failed(&error))?;
        }
        for (name, text) in [
            ("home/src/api/serve", LOG),
            ("home/src/api/build", BUILD),
            ("home/src/api/main.rs", CODE),
            ("home/src/web/index.html", "<h1>muxtape</h1>\n"),
            ("conf", CONF),
        ] {
            files::write_new(&stage.path(name), text.as_bytes()).map_err(|error| failed(&error))?;
        }
        Ok(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn home(&self) -> PathBuf {
        self.path("home")
    }

    /// Runs a tmux command on the private server.
    fn tmux(&self, args: &[&str]) -> Result<(), CliError> {
        let out = Command::new("tmux")
            .args(["-u", "-f"])
            .arg(self.path("conf"))
            .arg("-S")
            .arg(self.path("s"))
            .args(args)
            .env_remove("TMUX")
            .env_remove("TMUX_PANE")
            .env("HOME", self.home())
            .env("SHELL", "/bin/sh")
            .env("PS1", "$ ")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => CliError::new(Exit::Failed, "tmux is not installed")
                    .hint("Debian: sudo apt-get install tmux, macOS: brew install tmux"),
                _ => error.into(),
            })?;
        if out.status.success() {
            return Ok(());
        }
        let why = String::from_utf8_lossy(&out.stderr);
        Err(CliError::new(
            Exit::Failed,
            format!("the demo's tmux refused: {}", why.trim()),
        ))
    }

    fn open_sessions(&self) -> Result<(), CliError> {
        let api = text(&self.home().join("src/api"));
        let web = text(&self.home().join("src/web"));
        let size = ["-x", "160", "-y", "44"];
        let editor = [
            "-s", "api", "-n", "editor", "-c", &api, "less", "-R", "-~", "main.rs",
        ];
        self.tmux(&[&["new-session", "-d"], &size[..], &editor[..]].concat())?;
        self.tmux(&[
            "split-window",
            "-d",
            "-h",
            "-t",
            "api:editor",
            "-c",
            &api,
            "sh",
            "serve",
        ])?;
        self.tmux(&["split-window", "-d", "-v", "-t", "api:editor.1", "-c", &api])?;
        let dev = ["-s", "web", "-n", "dev", "-c", &web];
        self.tmux(&[&["new-session", "-d"], &size[..], &dev[..]].concat())?;
        self.tmux(&["send-keys", "-t", "web:dev", "ls -la", "Enter"])
    }
}

impl Drop for DemoStage {
    fn drop(&mut self) {
        // The server may never have started; then there is nothing to end.
        let _ = self.tmux(&["kill-server"]);
    }
}

fn failed(error: &FileError) -> CliError {
    CliError::caused(Exit::Failed, error)
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// What happens on the stage, one scene per snapshot.
fn scenes(stage: &DemoStage) -> Vec<Vec<Vec<String>>> {
    let api = text(&stage.home().join("src/api"));
    let web = text(&stage.home().join("src/web"));
    let say = |args: &[&str]| {
        args.iter()
            .map(|&arg| arg.to_owned())
            .collect::<Vec<String>>()
    };
    vec![
        vec![say(&[
            "send-keys",
            "-t",
            "api:editor.2",
            "sh build",
            "Enter",
        ])],
        vec![
            say(&[
                "new-window",
                "-d",
                "-t",
                "api:",
                "-n",
                "logs",
                "-c",
                &api,
                "sh",
                "serve",
            ]),
            say(&["split-window", "-d", "-h", "-t", "web:dev", "-c", &web]),
        ],
        vec![say(&[
            "send-keys",
            "-t",
            "web:dev.1",
            "tail -f index.html",
            "Enter",
        ])],
        vec![
            say(&["rename-window", "-t", "web:dev", "dev server"]),
            say(&["resize-pane", "-t", "api:editor.0", "-x", "100"]),
        ],
        vec![say(&[
            "send-keys",
            "-t",
            "api:editor.2",
            "clear; sh build",
            "Enter",
        ])],
        vec![say(&[
            "new-window",
            "-d",
            "-t",
            "web:",
            "-n",
            "notes",
            "-c",
            &web,
        ])],
    ]
}

impl Demo {
    pub(in crate::cli) fn run(&self, context: &Context) -> Result<Exit, CliError> {
        let stage = DemoStage::new()?;
        context
            .output
            .say("starting a private tmux server with a few sessions");
        stage.open_sessions()?;
        let own = Context::new(Global {
            socket_path: Some(stage.path("s")),
            socket_name: None,
            data_dir: Some(stage.path("data")),
            config: Some(stage.path("config.toml")),
            json: false,
            quiet: context.global.quiet,
            ..context.global.clone()
        })?;
        let mut recorder = Recorder::new(&own.host)?;
        let mut taken = 0;
        for scene in [Vec::new()].into_iter().chain(scenes(&stage)) {
            for step in scene {
                let step: Vec<&str> = step.iter().map(String::as_str).collect();
                stage.tmux(&step)?;
            }
            // What was typed shows before the picture is taken; the log goes on meanwhile.
            wait(Duration::from_millis(900))?;
            match recorder.look(own.host.now()) {
                RecorderEvent::Stored(meta) => {
                    taken += 1;
                    own.output
                        .say(&format!("  snapshot {} recorded", meta.id.short()));
                }
                RecorderEvent::Failed(why) => return Err(CliError::new(Exit::Failed, why)),
                _ => {}
            }
        }
        drop(recorder);
        own.output
            .say(&format!("{} recorded", count(taken as u64, "snapshot")));
        if self.no_interface {
            return Ok(Exit::Ok);
        }
        interface::run(&own)
    }
}

/// Lets time pass; the demo's programs use it to do something.
fn wait(time: Duration) -> Result<(), CliError> {
    let until = Instant::now() + time;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(());
        }
        let left = rustix::time::Timespec {
            tv_sec: 0,
            tv_nsec: left.subsec_nanos().into(),
        };
        match rustix::event::poll(&mut [], Some(&left)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
}
