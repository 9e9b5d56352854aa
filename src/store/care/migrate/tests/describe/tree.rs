//! The tree of a snapshot in words.

use bstr::BString;
use serde_json::{Value, json};

use crate::model::detail::{
    Buffer, Checkout, Floating, Hook, PaneDetail, SessionDetail, Setting, TabDetail, Variable,
    Withheld,
};
use crate::model::geometry::{Cell, Layout, Rect};
use crate::model::launch::{Launch, Redirection};
use crate::model::tree::{
    Attachment, AutomaticRename, ExitState, Pane, PaneHandle, ServerState, Session, Tab,
};

fn text(bytes: &BString) -> String {
    bytes.escape_ascii().to_string()
}

fn texts(all: &[BString]) -> Vec<String> {
    all.iter().map(text).collect()
}

pub(super) fn server(state: &ServerState) -> Value {
    let ServerState { sessions, buffers } = state;
    let buffers = buffers.iter();
    let buffer = |Buffer { name, data }: &Buffer| format!("{}={}", text(name), text(data));
    json!({
        "sessions": sessions.iter().map(session).collect::<Vec<_>>(),
        "buffers": buffers.map(buffer).collect::<Vec<_>>(),
    })
}

fn settings(all: &[Setting]) -> Vec<String> {
    let one = |Setting { name, value }: &Setting| format!("{}={}", text(name), text(value));
    all.iter().map(one).collect()
}

fn hooks(all: &[Hook]) -> Vec<String> {
    let one = |Hook { event, command }: &Hook| format!("{}: {}", text(event), text(command));
    all.iter().map(one).collect()
}

fn variables(all: &[Variable]) -> Vec<Value> {
    let one = |own: &Variable| {
        let Variable {
            name,
            value,
            hidden,
        } = own;
        json!([text(name), value.as_ref().map(text), hidden])
    };
    all.iter().map(one).collect()
}

fn session(session: &Session) -> Value {
    let Session {
        handle,
        life: _,
        name,
        cwd,
        group,
        tabs,
        detail,
    } = session;
    let SessionDetail {
        settings: set,
        hooks: hooked,
        environment,
        recent,
        created,
        last_attached,
    } = detail;
    json!({
        "handle": handle.map(|id| format!("${}", id.number())),
        "name": text(name),
        "cwd": text(cwd),
        "group": group.as_ref().map(text),
        "settings": settings(set),
        "hooks": hooks(hooked),
        "environment": variables(environment),
        "recent": recent,
        "created": created.map(|time| time.0),
        "last_attached": last_attached.map(|time| time.0),
        "tabs": tabs.iter().map(tab).collect::<Vec<_>>(),
    })
}

fn tab(tab: &Tab) -> Value {
    let Tab {
        handle,
        index,
        name,
        active,
        last,
        zoomed,
        synchronized,
        automatic_rename,
        layout: Layout { gap, root },
        panes,
        detail,
    } = tab;
    let TabDetail {
        settings: set,
        hooks: hooked,
    } = detail;
    let rename = match automatic_rename {
        AutomaticRename::On => Some("on"),
        AutomaticRename::Off => Some("off"),
        AutomaticRename::Unset => None,
    };
    json!({
        "handle": handle.map(|id| format!("@{}", id.number())),
        "index": index,
        "name": text(name),
        "active": active,
        "last": last,
        "zoomed": zoomed,
        "synchronized": synchronized,
        "automatic_rename": rename,
        "layout": format!("gap {gap}: {}", cell(root)),
        "settings": settings(set),
        "hooks": hooks(hooked),
        "panes": panes.iter().map(pane).collect::<Vec<_>>(),
    })
}

fn area(rect: Rect) -> String {
    let Rect {
        left,
        top,
        width,
        height,
    } = rect;
    format!("{width}x{height} at {left},{top}")
}

fn cell(one: &Cell) -> String {
    match one {
        Cell::Pane { rect, pane } => format!("pane {pane} {}", area(*rect)),
        Cell::Split {
            rect,
            axis,
            children,
        } => {
            let parts: Vec<String> = children.iter().map(cell).collect();
            format!("{axis:?} {} [{}]", area(*rect), parts.join("; "))
        }
        Cell::Stack {
            rect,
            panes,
            expanded,
        } => format!("stack {panes:?} {} shows {expanded}", area(*rect)),
        Cell::Pinwheel { rect, children } => {
            let parts: Vec<String> = children.iter().map(cell).collect();
            format!("pinwheel {} [{}]", area(*rect), parts.join("; "))
        }
    }
}

fn pane(pane: &Pane) -> Value {
    let Pane {
        handle,
        index,
        title,
        cwd,
        active,
        last,
        marked,
        rect,
        shell,
        program,
        exit,
        screen,
        contents,
        attachments,
        detail: own,
    } = pane;
    let program = program.as_ref().map(|program| {
        json!({
            "argv": texts(&program.argv),
            "exe": program.exe.as_ref().map(text),
            "cwd": program.cwd.as_ref().map(text),
            "pipeline": program.pipeline.iter().map(|argv| texts(argv)).collect::<Vec<_>>(),
            "redacted": program.redacted,
        })
    });
    let ended = |ExitState { status }: ExitState| json!([status]);
    json!({
        "handle": handle.map(handled),
        "index": index,
        "title": text(title),
        "cwd": text(cwd),
        "active": active,
        "last": last,
        "marked": marked,
        "rect": area(*rect),
        "shell": texts(shell),
        "program": program,
        "exit": exit.map(ended),
        "screen": {
            "cursor": [screen.cursor_x, screen.cursor_y],
            "alternate": screen.alternate,
            "history": screen.history,
            "scroll": screen.scroll,
        },
        "attachments": attachments.iter().map(attachment).collect::<Vec<_>>(),
        "text": contents.map(|own| json!([own.digest.to_string(), own.bytes, own.lines])),
        "detail": detail(own),
    })
}

fn handled(handle: PaneHandle) -> String {
    match handle.pid {
        Some(pid) => format!("%{} of process {pid}", handle.id.number()),
        None => format!("%{}", handle.id.number()),
    }
}

fn attachment(own: &Attachment) -> Value {
    let Attachment {
        kind,
        name,
        text: of,
    } = own;
    json!([kind, text(name), of.digest.to_string(), of.bytes, of.lines])
}

fn detail(detail: &PaneDetail) -> Value {
    let PaneDetail {
        settings: set,
        hooks: hooked,
        environment,
        start_command,
        shells,
        checkout,
        mode,
        search,
        input_off,
        piped,
        terminal,
        floating,
        withheld,
        launch,
    } = detail;
    let words = |word: &BString| (!word.is_empty()).then(|| text(word));
    let checkout = checkout.as_ref().map(|own| {
        let Checkout {
            root,
            branch,
            commit,
            repository,
        } = own;
        json!({
            "root": text(root),
            "branch": branch.as_ref().map(text),
            "commit": words(commit),
            "repository": repository.as_ref().map(text),
        })
    });
    let floating = floating.map(|own| {
        let Floating {
            left,
            top,
            width,
            height,
            behind,
        } = own;
        let behind = behind.map_or(String::new(), |behind| format!(" behind {behind}"));
        format!("{width}x{height} at {left},{top}{behind}")
    });
    let Launch {
        titled,
        redirections,
        variables: unset,
    } = launch;
    let redirection =
        |Redirection { stream, target }: &Redirection| format!("{stream:?} {target:?}");
    json!({
        "settings": settings(set),
        "hooks": hooks(hooked),
        "environment": variables(environment),
        "start_command": words(start_command),
        "shells": shells.iter().map(|argv| texts(argv)).collect::<Vec<_>>(),
        "checkout": checkout,
        "mode": words(mode),
        "search": words(search),
        "input_off": input_off,
        "piped": piped,
        "terminal": {
            "cursor_hidden": terminal.cursor_hidden,
            "insert": terminal.insert,
            "keypad_cursor": terminal.keypad_cursor,
            "keypad": terminal.keypad,
            "origin": terminal.origin,
            "no_wrap": terminal.no_wrap,
            "mouse": terminal.mouse,
            "scroll_region": terminal.scroll_region,
        },
        "floating": floating,
        "withheld": withheld.map(Withheld::words),
        "titled": titled.as_ref().map(|argv| json!([texts(argv)])),
        "redirections": redirections.iter().map(redirection).collect::<Vec<_>>(),
        "unset": variables(unset),
    })
}
