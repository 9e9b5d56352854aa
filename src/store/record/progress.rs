//! How far long work has come.

/// How far long work has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Steps done.
    pub done: u64,
    /// Steps in all, as far as that is known yet.
    pub total: u64,
}

/// Who is told of it, some hundred times at the most.
pub(in crate::store) struct Steps<'a> {
    tell: &'a mut dyn FnMut(Progress),
    progress: Progress,
    /// What was told last, in hundredths.
    told: u64,
}

impl<'a> Steps<'a> {
    /// So many steps to go.
    pub(in crate::store) fn new(total: u64, tell: &'a mut dyn FnMut(Progress)) -> Self {
        let progress = Progress { done: 0, total };
        tell(progress);
        Self {
            tell,
            progress,
            told: 0,
        }
    }

    /// So many more are done.
    pub(in crate::store) fn add(&mut self, steps: u64) {
        let Progress { done, total } = &mut self.progress;
        *done = done.saturating_add(steps).min(*total);
        let hundredths = done.saturating_mul(100) / (*total).max(1);
        if hundredths > self.told {
            self.told = hundredths;
            (self.tell)(self.progress);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_told_and_the_end() {
        let mut told = Vec::new();
        let mut tell = |progress: Progress| told.push(progress.done);
        let mut steps = Steps::new(1000, &mut tell);
        (0..1000).for_each(|_| steps.add(1));
        steps.add(7);
        assert_eq!(told.len(), 101);
        assert_eq!((told.first(), told.last()), (Some(&0), Some(&1000)));
        let mut told = Vec::new();
        let mut tell = |progress: Progress| told.push(progress);
        Steps::new(0, &mut tell).add(1);
        assert_eq!(told, [Progress::default()]);
    }
}
