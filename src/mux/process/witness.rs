//! Which of two processes ended first. A multiplexer whose last shell is closed ends after that
//! shell; one that is killed ends before it. Afterwards nothing tells the two apart, so the kernel
//! is asked beforehand to keep the order.

use super::system;

/// Which of a server and the process of its last pane ended first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedFirst {
    /// The server: it was killed, or crashed.
    Server,
    /// The pane's process: it was closed.
    Pane,
}

/// Watches a server and the process of a pane.
#[derive(Debug)]
pub struct Witness(system::Watch);

impl Witness {
    /// Watches from now on; `None` where the system cannot, or one of them has ended.
    #[must_use]
    pub fn of(server: i32, pane: i32) -> Option<Self> {
        system::Watch::of(server, pane).map(Self)
    }

    /// Which one ended first; `None` while both live. It is told once. Where the server is ending
    /// too at the moment of the look, it counts as the first: a closed shell that is offered again
    /// costs less than a lost one.
    #[must_use]
    pub fn ended_first(self) -> Option<EndedFirst> {
        self.0.ended_first()
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn child() -> Child {
        Command::new("sleep").arg("1000").spawn().unwrap()
    }

    fn pid(child: &Child) -> i32 {
        child.id().try_into().unwrap()
    }

    #[test]
    fn the_first_of_two_ends_is_told() {
        for server_first in [true, false] {
            let (mut server, mut pane) = (child(), child());
            let witness = Witness::of(pid(&server), pid(&pane)).unwrap();
            let (first, second, expected) = match server_first {
                true => (&mut server, &mut pane, EndedFirst::Server),
                false => (&mut pane, &mut server, EndedFirst::Pane),
            };
            first.kill().unwrap();
            first.wait().unwrap();
            // Told while the other lives: a server that ends during the look counts as the first.
            assert_eq!(witness.ended_first(), Some(expected));
            second.kill().unwrap();
            second.wait().unwrap();
        }
    }

    #[test]
    fn while_both_live_nothing_is_told() {
        let (mut server, mut pane) = (child(), child());
        let witness = Witness::of(pid(&server), pid(&pane)).unwrap();
        assert_eq!(witness.ended_first(), None);
        for one in [&mut server, &mut pane] {
            one.kill().unwrap();
            one.wait().unwrap();
        }
        assert!(Witness::of(pid(&server), pid(&pane)).is_none());
        assert!(Witness::of(0, -1).is_none());
    }
}
